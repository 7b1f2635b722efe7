import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { decoder, Refusal } from "../../../lib/kafka/decode.ts";
import { wireRecord } from "../../support/kafka-event.ts";

const source = { topic: "rides", partition: 0 };
const schema = z.object({
  id: z.int(),
  name: z.string(),
  tags: z.record(z.string(), z.int()).optional(),
  even: z
    .int()
    .refine((n) => n % 2 === 0, "expected an even number")
    .optional(),
});
const decode = decoder<unknown>(schema);
const decodeValue = (value: unknown) => decode(wireRecord(source, { offset: 0, value }));

test("a value is its JSON, without fields that are not in the schema", () => {
  expect(decodeValue({ id: 1, name: "é 漢 😀", extra: true })).toEqual({ id: 1, name: "é 漢 😀" });
});

const refusals = [
  { value: null, reason: "tombstone", message: "the record has no value" },
  { value: "", reason: "not-json", message: "the value is not JSON" },
  { value: '{"id":secret}', reason: "not-json", message: "the value is not JSON" },
  { value: Buffer.from([0x22, 0xc3, 0x28, 0x22]), reason: "not-json", message: "the value is not UTF-8" },
  { value: 5, reason: "schema", message: "value: expected object" },
  { value: { id: "secret", name: "x" }, reason: "schema", message: "id: expected number" },
  { value: { id: 1.5, name: "x" }, reason: "schema", message: "id: expected int" },
  { value: { name: "x" }, reason: "schema", message: "id: expected number" },
  { value: { id: 1, name: 2 }, reason: "schema", message: "name: expected string" },
  { value: { id: 1, name: "x", even: 3 }, reason: "schema", message: "even: expected an even number" },
  { value: { id: 1, name: "x", tags: { "a secret": "b" } }, reason: "schema", message: "tags.*: expected number" },
];

test.each(refusals)("$reason: $message", ({ value, reason, message }) => {
  expect(decodeValue(value)).toEqual(new Refusal(reason as Refusal["reason"], message));
});

test("null counts as no value, as some senders write it", () => {
  expect(decode({ ...wireRecord(source, { offset: 0, value: "{}" }), value: null })).toBeInstanceOf(Refusal);
});

test("a refusal never tells what was sent", () => {
  const secret = "123.456.789-09";
  const value = fc.oneof(
    fc.constantFrom({ id: secret, name: 1 }, { id: 1, name: secret, even: secret }, [secret], secret, {
      tags: { [secret]: secret },
    }),
    fc.string().map((text) => `${text}{"cpf":"${secret}`),
  );
  fc.assert(
    fc.property(value, (value) => {
      const refusal = decodeValue(value);
      expect(refusal).toBeInstanceOf(Refusal);
      expect((refusal as Refusal).message).not.toContain(secret);
    }),
    { numRuns: 1_000 },
  );
});

test("many issues are cut short", () => {
  const wide = decoder(z.object(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i}`, z.int()]))));
  const refusal = wide(wireRecord(source, { offset: 0, value: {} }));
  expect((refusal as Refusal).message).toMatch(/^f0: .*; f4: expected number; and 4 more$/);
});

test("values of any length come out as they went in, one after another through the same buffer", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.integer({ min: 0, max: 200_000 }).map((n) => "ü".repeat(n)),
  );
  const decodeText = decoder(z.string());
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
      expect(texts.map((value) => decodeText(wireRecord(source, { offset: 0, value: JSON.stringify(value) })))).toEqual(
        texts,
      );
    }),
    { numRuns: 300 },
  );
});
