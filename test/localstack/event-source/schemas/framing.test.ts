import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { framingOf } from "../../../../localstack/event-source/schemas/framing.ts";

const UUID = "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63";
const uuid = Buffer.from(UUID.replaceAll("-", ""), "hex");
const glue = (version: number, compression: number, ...rest: readonly Uint8Array[]) =>
  Buffer.concat([Buffer.from([version, compression]), uuid, ...rest]);

describe("what stands in front of a key or value", () => {
  test.each<[string, "confluent" | "glue", Buffer, string | undefined, string]>([
    ["Confluent: a zero and the id", "confluent", Buffer.from([0, 0, 0, 1, 2, 7]), "258", "07"],
    ["with all four bytes of it", "confluent", Buffer.from([0, 255, 255, 255, 255]), "4294967295", ""],
    ["another first byte", "confluent", Buffer.from([1, 0, 0, 0, 1]), undefined, ""],
    ["JSON without a prefix", "confluent", Buffer.from('{"a":1}'), undefined, ""],
    ["too short", "confluent", Buffer.from([0, 0, 0, 1]), undefined, ""],
    ["Glue: version, no compression, UUID", "glue", glue(3, 0, Buffer.from([7])), UUID, "07"],
    ["zlib", "glue", glue(3, 5, deflateSync(Buffer.from([7, 8]))), UUID, "0708"],
    ["another version", "glue", glue(2, 0), undefined, ""],
    ["another compression", "glue", glue(3, 4), undefined, ""],
    ["too short for a UUID", "glue", glue(3, 0).subarray(0, 17), undefined, ""],
  ])("%s", (_why, kind, bytes, id, payload) => {
    const framing = framingOf(kind);
    expect(framing.idOf(bytes)).toBe(id);
    if (id !== undefined) expect(framing.payloadOf(bytes).toString("hex")).toBe(payload);
  });

  test.each([
    ["is no zlib", Buffer.from([1, 2, 3])],
    ["is cut short", deflateSync(Buffer.alloc(1000, 1)).subarray(0, 8)],
    ["would fill the memory", deflateSync(Buffer.alloc(80_000_000))],
  ])("a compressed payload that %s is refused", (_why, payload) => {
    expect(() => framingOf("glue").payloadOf(glue(3, 5, payload))).toThrow("zlib");
  });
});
