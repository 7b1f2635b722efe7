// Where given-up records go, by the kind of destination that the mapping names.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
import type { Discard } from "../deliver.ts";
import { type Cluster, hasTopic } from "../kafka/kafka-connection.ts";
import type { Mapping } from "../template/mapping.ts";
import type { EventSourceIdentity, PartitionText } from "../wire.ts";
import { kafkaDestination } from "./kafka.ts";

export interface FailureDestination {
  /** Resolves when every record is stored; rejects when any could not be. */
  deliver(discard: Discard, textOf: (key: string) => PartitionText): Promise<void>;
  stop(): Promise<void>;
}

export interface DestinationContext {
  readonly cluster: Cluster;
  readonly functionArn: string;
  readonly source: EventSourceIdentity;
  now(): number;
  log(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** The mapping's destination, when it has one; one that can't take anything as things stand is said now. */
export async function openDestination(
  { destination, isEnabled }: Mapping,
  context: DestinationContext,
): Promise<FailureDestination | undefined> {
  if (destination?.kind !== "kafka") return undefined;
  const { topic } = destination;
  if (isEnabled && !(await hasTopic(context.cluster, topic))) {
    context.log("the failure destination's topic does not exist: until it does, failed records are dropped", {
      destination: topic,
    });
  }
  return kafkaDestination({ ...context, topic });
}
