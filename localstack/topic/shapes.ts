// The shapes in which records are printed. Pure.
import { type KafkaEvent, topicPartition, type WireRecord } from "../../lib/kafka/event.ts";
import type { Screen } from "../console/screen.ts";
import type { Readable } from "./readable.ts";

/** For a person: place, time, key and value, cut at a terminal's edge, and the headers below them. */
export function asLines(record: Readable, screen: Screen): string {
  const { place, timestamp, key, value, undecoded, headers } = record;
  const time = new Date(timestamp).toISOString().slice(0, 23).replace("T", " ");
  const what = value === null ? screen.paint("dim", "(tombstone)") : value;
  const lines = [`${screen.paint("cyan", place)}  ${time}  ${key === null ? "" : `${key}  `}${what}`];
  if (undecoded !== undefined) lines.push(`    ${screen.paint("red", undecoded)}`);
  lines.push(...headers.map(([name, text]) => screen.paint("dim", `    ${name}: ${text ?? "(null)"}`)));
  return lines.map((line) => `${line}\n`).join("");
}

/** For a program. */
export function asJsonLine({ place: _, timestamp, headers, ...record }: Readable): string {
  const line = {
    ...record,
    timestamp: new Date(timestamp).toISOString(),
    headers: headers.map(([name, value]) => ({ [name]: value })),
  };
  return `${JSON.stringify(line)}\n`;
}

/** The event that an event source would hand to a function, partition by partition. */
export function asEvent(records: readonly WireRecord[], bootstrapServers: string): KafkaEvent {
  const inOrder = [...records].sort((one, other) => one.partition - other.partition || one.offset - other.offset);
  const shares = Map.groupBy(inOrder, ({ topic, partition }) => topicPartition(topic, partition));
  return { eventSource: "SelfManagedKafka", bootstrapServers, records: Object.fromEntries(shares) };
}
