// The table `processed_events`, and what an event is in it. Pure.

import { originOf } from "../../lib/kafka/origin.ts";
import type { Decoded } from "../../lib/kafka/source.ts";
import type { Migration } from "../../lib/postgres/migrate.ts";
import type { Row } from "../../lib/postgres/sink.ts";
import type { CommerceEvent } from "./schema.ts";

export const table = "processed_events";

export const columns = {
  event_name: "text",
  event_type: "text",
  triggered_at: "timestamptz",
  user_details: "jsonb",
  event_details: "jsonb",
  topic: "text",
  partition: "integer",
  kafka_offset: "bigint",
} as const;

/** Where the event first entered Kafka: the same after it was refused, mended and sent again. */
export const identity = ["topic", "partition", "kafka_offset"] as const;

export const migrations: readonly Migration[] = [
  {
    name: "commerce-1-processed-events",
    sql: `
      CREATE TABLE processed_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_name text NOT NULL,
        event_type text NOT NULL,
        triggered_at timestamptz NOT NULL,
        user_details jsonb NOT NULL,
        event_details jsonb NOT NULL,
        topic text NOT NULL,
        partition integer NOT NULL,
        kafka_offset bigint NOT NULL,
        processed_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (topic, partition, kafka_offset)
      );
      CREATE INDEX processed_events_triggered_at ON processed_events (triggered_at);
    `,
  },
];

/** An event as its row. */
export function eventRow(record: Decoded<CommerceEvent>): Row<typeof columns> {
  const { value } = record;
  const { topic, partition, offset } = originOf(record);
  return {
    event_name: value.event_name,
    event_type: value.event_type,
    triggered_at: value.triggered_at,
    user_details: JSON.stringify(value.user_details),
    event_details: JSON.stringify(value.event_details),
    topic,
    partition,
    kafka_offset: offset,
  };
}
