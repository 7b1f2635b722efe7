// A record's identity: where it first entered Kafka. A record that is sent again, mended or not, says so in its header `origin`.

import type { SourceRecord } from "./source.ts";

export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export const ORIGIN_HEADER = "origin";

/** The header of a record that is sent again: which attempt at it this is. The first has none. */
export const ATTEMPT_HEADER = "attempt";

/** The header's text; a topic's name has no slash. */
export function originText({ topic, partition, offset }: Origin): string {
  return `${topic}/${partition}/${offset}`;
}

/** What the text names, or undefined where it names no place in Kafka. */
export function parseOrigin(text: string): Origin | undefined {
  const match = /^([\w.-]{1,249})\/(\d{1,10})\/(\d{1,16})$/.exec(text);
  if (match === null) return undefined;
  const [, topic = "", partition, offset] = match;
  const origin = { topic, partition: Number(partition), offset: Number(offset) };
  return Number.isSafeInteger(origin.offset) ? origin : undefined;
}

/** Where the record first entered Kafka: what its header says (the last, if several do), else where it stands. */
export function originOf({ topic, partition, offset, headers }: Pick<SourceRecord, keyof Origin | "headers">): Origin {
  const header = headers.findLast(({ name }) => name === ORIGIN_HEADER);
  const said = header?.value == null ? undefined : parseOrigin(header.value.toString("utf8"));
  return said ?? { topic, partition, offset };
}
