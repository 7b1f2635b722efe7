// Sample events are what Lambda would send, and every function has one.
import { describe, expect, it } from "vitest";
import type { KafkaEvent, WireRecord } from "../../lib/kafka/event.ts";
import { topicPartition } from "../../lib/kafka/event.ts";
import { files, read, serviceFunctions } from "../support/source-tree.ts";

const samples = files("events/*.json").map((path) => ({ path, content: JSON.parse(read(path)) }));
const kafkaSamples: { path: string; event: KafkaEvent }[] = samples
  .map(({ path, content }) => ({ path, event: content.event ?? content }))
  .filter(({ event }) => event.records !== undefined);

function recordsOf(event: KafkaEvent): readonly WireRecord[] {
  return Object.values(event.records).flat();
}

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
    for (const [name, { events }] of Object.entries(serviceFunctions())) {
      if (events.length === 0) continue;
      const topics = events.flatMap((event) => event.kafka?.topic ?? []);
      const fits = kafkaSamples.some(({ event }) => recordsOf(event).every(({ topic }) => topics.includes(topic)));
      const isScheduled = events.some((event) => event.schedule !== undefined);
      const isRequested = samples.some(({ content }) =>
        events.some(({ httpApi }) => httpApi !== undefined && httpApi === content.routeKey),
      );
      expect(fits || isScheduled || isRequested, `${name} has no sample event under events/`).toBe(true);
    }
  });

  it("each says in events/README.md where it comes from", () => {
    const readme = read("events/README.md");
    for (const { path } of samples) expect(readme).toContain(`\`${path.slice("events/".length)}\``);
  });
});
