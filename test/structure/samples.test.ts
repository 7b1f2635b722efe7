// Sample events are what Lambda would send, and every function has one.
import { describe, expect, it } from "vitest";
import { topicPartition } from "../../lib/kafka/event.ts";
import { kafkaSamples, recordsOf, samples, samplesOf } from "../support/samples.ts";
import { read, serviceFunctions } from "../support/source-tree.ts";

describe.each(kafkaSamples)("$path", ({ event }) => {
  it("lists records under their topic-partition, offsets ascending", () => {
    for (const [key, records] of Object.entries(event.records)) {
      expect(records.length).toBeGreaterThan(0);
      for (const { topic, partition } of records) expect(topicPartition(topic, partition)).toBe(key);
      const offsets = records.map(({ offset }) => offset);
      expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
    }
  });

  it("has keys and values in base64, absent ones left out, and header bytes signed", () => {
    for (const { key, value, headers } of recordsOf(event)) {
      for (const text of [key, value]) {
        if (text !== undefined) expect(Buffer.from(text ?? "", "base64").toString("base64")).toBe(text);
      }
      const bytes = headers.flatMap((header) => Object.values(header).flatMap((all) => all ?? []));
      expect(bytes.every((byte) => Number.isInteger(byte) && byte >= -128 && byte <= 127)).toBe(true);
    }
  });

  it("names its cluster as its kind of source does", () => {
    expect(event.eventSourceArn !== undefined).toBe(event.eventSource === "aws:kafka");
  });
});

describe("samples", () => {
  it("there is one for every function that an event invokes", () => {
    for (const [name, declaration] of Object.entries(serviceFunctions())) {
      if (declaration.events.length === 0) continue;
      expect(samplesOf(declaration), `${name} has no sample event under events/`).not.toEqual([]);
    }
  });

  it("each says in events/README.md where it comes from", () => {
    const readme = read("events/README.md");
    for (const { path } of samples) expect(readme).toContain(`\`${path.slice("events/".length)}\``);
  });
});
