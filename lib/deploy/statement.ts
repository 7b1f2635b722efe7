// A role's statement, and the part of a function that its rights at Kafka are made from.

import type { TopicSettings } from "./kafka-topics.ts";
import type { MappingDeclaration } from "./mapping-settings.ts";

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource: readonly unknown[] | "*";
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface KafkaSubject {
  /** As deployed. */
  readonly name: string;
  /** What this service's function names start with in this stage: `shop-dev-`. */
  readonly namesStart: string;
  /** The function's own settings and the service's. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly topics: Readonly<Record<string, TopicSettings>>;
  /** Its Kafka events as this stage carries them out. */
  readonly events: readonly MappingDeclaration[];
}

export function allow(Sid: string, Action: readonly string[], Resource: Statement["Resource"]): Statement {
  return { Sid, Effect: "Allow", Action, Resource };
}
