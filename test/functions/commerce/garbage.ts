// Records as senders get them wrong, for suites that hand them to the pipeline.
import fc from "fast-check";
import { eventTypes } from "../../../functions/commerce/schema.ts";
import { PAYLOAD_START, writePrefix } from "../../../lib/registry/wire-format.ts";
import { samples } from "./events.ts";

export interface GarbageOptions {
  /** A valid value of each type; may be filled later. */
  readonly valid: readonly Buffer[];
  /** The id of a JSON Schema that allows anything, and of an Avro schema that nests in itself. */
  readonly jsonId: number;
  readonly treeId: number;
}

export function framed(id: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(PAYLOAD_START), payload]);
  writePrefix(bytes, id);
  return bytes;
}

const payload = fc.uint8Array({ maxLength: 200 });
const schemaId = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.nat(0xffff_ffff));
const pieces = fc.constantFrom<unknown>(
  "'; DROP TABLE processed_events; --",
  "x".repeat(1_000_000),
  1e308,
  -0,
  2 ** 60,
  null,
  true,
  "",
  "\0",
  "\ud800",
  [],
  {},
  { a: { b: [] } },
);
const wrong = fc
  .tuple(
    fc.constantFrom(...eventTypes),
    fc.dictionary(
      fc.constantFrom("event_name", "event_type", "triggered_at", "user_details", "event_details", "__proto__"),
      pieces,
    ),
  )
  .map(([type, changes]) => Buffer.from(JSON.stringify({ ...samples[type], ...changes })));

/** Bytes as senders get them wrong: noise, other schemas, valid ones that are cut, flipped and spliced, JSON of any shape. */
export function garbage({ valid, jsonId, treeId }: GarbageOptions): fc.Arbitrary<Buffer> {
  return fc.oneof(
    payload.map((noise) => Buffer.from(noise)),
    fc.tuple(schemaId, payload).map(([id, noise]) => framed(id, noise)),
    fc.tuple(fc.nat(2), fc.nat(400), fc.nat(255)).map(([which, at, flip]) => {
      const copy = Buffer.from(valid[which]!);
      copy[at % copy.length]! ^= flip;
      return copy;
    }),
    fc.tuple(fc.nat(2), fc.nat(400)).map(([which, at]) => valid[which]!.subarray(0, at % valid[which]!.length)),
    fc.tuple(fc.nat(2), payload).map(([which, more]) => Buffer.concat([valid[which]!, more])),
    wrong,
    wrong.map((json) => framed(jsonId, json)),
    fc.jsonValue().map((json) => framed(jsonId, Buffer.from(JSON.stringify(json)))),
    fc
      .integer({ min: 1_000, max: 50_000 })
      .map((depth) => framed(jsonId, Buffer.from(`${'{"event_details":'.repeat(depth)}1${"}".repeat(depth)}`))),
    fc.integer({ min: 1_000, max: 50_000 }).map((depth) => framed(treeId, Buffer.alloc(depth, 2))),
  );
}

const header = fc.tuple(
  fc.constantFrom(
    "origin",
    "attempt",
    "dead-letter.topic",
    "dead-letter.partition",
    "dead-letter.offset",
    "dead-letter.timestamp",
    "dead-letter.attempt",
    "other",
  ),
  fc.oneof(
    fc.string(),
    fc.constantFrom(
      "event_order/0/1",
      "event_purchase/1/99999999999",
      "event_order",
      "0",
      "3",
      "-1",
      "1e9",
      "9".repeat(40),
    ),
    fc.constant(null),
  ),
);
/** A record's parts; with headers that look like ours. */
export function garbageRecord(bytes: fc.Arbitrary<Buffer>) {
  return fc.record({
    value: fc.option(bytes, { freq: 20 }),
    key: fc.option(fc.string()),
    headers: fc.array(header, { maxLength: 8 }),
  });
}
