// One function on several topics, each with records of its own kind. A mapping carries one topic, so an event is of one topic.

import { ConfigError } from "../errors.ts";
import type { Handler } from "./consume.ts";

/** Hands an event to the handler of its topic. */
export function byTopic(handlers: readonly (readonly [topic: string, handler: Handler])[]): Handler {
  const known = new Map(handlers);
  return async (event, context) => {
    const found = topicsIn(event);
    // What has no records is none of Kafka's events, which any handler says.
    const handler = found.length === 0 ? handlers[0]?.[1] : known.get(found[0]!);
    if (handler !== undefined && found.length <= 1) return handler(event, context);
    throw new ConfigError(
      `This function takes an event of one of the topics ${[...known.keys()].join(", ")}: got ${found.join(", ")}. ` +
        "Mend its events in functions.yml.",
    );
  };
}

function topicsIn(event: unknown): readonly string[] {
  if (typeof event !== "object" || event === null || !("records" in event)) return [];
  const shares: readonly unknown[] = Object.values(event.records ?? {});
  const topics = shares.flatMap((records) => (Array.isArray(records) ? records.map(({ topic }) => String(topic)) : []));
  return [...new Set(topics)];
}
