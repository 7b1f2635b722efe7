// The sample events under events/, and whose they are.
import type { KafkaEvent, WireRecord } from "../../lib/kafka/event.ts";
import { type FunctionDeclaration, files, read } from "./source-tree.ts";

export interface Sample {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: a file's JSON, of whatever kind of event it is.
  readonly content: any;
}

export interface KafkaSample {
  readonly path: string;
  readonly event: KafkaEvent;
}

export const samples: readonly Sample[] = files("events/*.json").map((path) => ({
  path,
  content: JSON.parse(read(path)),
}));

export const kafkaSamples: readonly KafkaSample[] = samples
  .map(({ path, content }) => ({ path, event: content.event ?? content }))
  .filter(({ event }) => event.records !== undefined);

export function recordsOf(event: KafkaEvent): readonly WireRecord[] {
  return Object.values(event.records).flat();
}

/** The events that the function may be invoked with: of its topics, its schedule, its routes. */
export function samplesOf({ events }: FunctionDeclaration): readonly Sample[] {
  const topics = events.flatMap((event) => event.kafka?.topic ?? []);
  const ofTopics = kafkaSamples.filter(({ event }) => recordsOf(event).every(({ topic }) => topics.includes(topic)));
  const isScheduled = events.some((event) => event.schedule !== undefined);
  const routes = events.flatMap(({ httpApi }) => httpApi ?? []);
  return [
    ...ofTopics.map(({ path, event }) => ({ path, content: event })),
    ...samples.filter(({ content }) => isScheduled && content["detail-type"] === "Scheduled Event"),
    ...samples.filter(({ content }) => routes.includes(content.routeKey)),
  ];
}
