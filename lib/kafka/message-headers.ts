// Headers as the client writes them, from headers as they came. Pure.

import type { RecordHeader } from "./source.ts";

/**
 * The record's headers, then the added ones. kafkajs takes headers by name: values of a repeated name keep their order, different names may change theirs.
 * It can't write a null header value, which becomes an empty one; the names are then listed in a header of their own.
 */
export function messageHeaders(
  headers: readonly RecordHeader[],
  added: Readonly<Record<string, string>>,
): Record<string, Buffer[]> {
  const byName = new Map<string, Buffer[]>();
  const nulls: string[] = [];
  const add = (name: string, value: Buffer) => {
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [value]);
    else values.push(value);
  };
  for (const { name, value } of headers) {
    if (value === null) nulls.push(name);
    add(name, value ?? Buffer.alloc(0));
  }
  if (nulls.length > 0) add("original.null-headers", Buffer.from(nulls.join(",")));
  for (const [name, value] of Object.entries(added)) add(name, Buffer.from(value));
  return Object.fromEntries(byName);
}
