// Real topics as events: what the event source would deliver of a topic, and what came out, read as committed.

import { setTimeout as wait } from "node:timers/promises";
import type { Handler } from "../../lib/kafka/consume.ts";
import type { WireRecord } from "../../lib/kafka/event.ts";
import { type ReadRecord, readAll } from "./kafka.ts";

/** A topic's records as they stand on the wire, by partition. */
export async function wireRecordsOf(topic: string): Promise<ReadonlyMap<number, readonly WireRecord[]>> {
  return Map.groupBy((await readAll(topic)).map(wireOf), ({ partition }) => partition);
}

export function wireOf({ topic, partition, offset, timestamp, key, value, headers }: ReadRecord): WireRecord {
  return {
    topic,
    partition,
    offset,
    timestamp,
    timestampType: "CREATE_TIME",
    ...(key === null ? {} : { key: key.toString("base64") }),
    ...(value === null ? {} : { value: value.toString("base64") }),
    headers: Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((one) => ({ [name]: [...new Int8Array(Buffer.from(one ?? ""))] })),
    ),
  };
}

/** Delivers an event as the event source does: the same again until it succeeds. */
export async function deliver(handler: Handler, event: unknown, tries = 50): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await handler(event);
      return;
    } catch (error) {
      if (attempt === tries) throw error;
      // Without a back-off, as the event source has one, instances that fence one another would go on doing so.
      await wait(Math.random() * Math.min(1000, 50 * attempt));
    }
  }
}
