// What a poller is given: the mapping and everything outside it, so that tests can put their own in.
import type { Clock } from "./clock.ts";
import type { FailureDestination } from "./destinations/failure-destination.ts";
import type { FaultPlan } from "./faults.ts";
import type { Invoker } from "./invoke.ts";
import type { Cluster } from "./kafka/kafka-connection.ts";
import type { Observe } from "./observe/happening.ts";
import type { Replay } from "./replay.ts";
import type { Deserializer } from "./schemas/deserializer.ts";
import type { BackOff } from "./settle.ts";
import type { Switches } from "./switches.ts";
import type { Mapping } from "./template/mapping.ts";
import type { EventSourceIdentity } from "./wire.ts";

export interface PollerOptions {
  readonly mapping: Mapping;
  readonly functionName: string;
  /** What the mapping's events say about where they come from. */
  readonly source: EventSourceIdentity;
  /** Which of the mapping's pollers this is, from 0. */
  readonly index: number;
  readonly cluster: Cluster;
  /** How long the group waits for a poller that is silent; 10 s by default. */
  readonly patienceMs?: number;
  /** AWS leaves open which it uses; `read_uncommitted` is Kafka's default and shows a function the worst it may see. */
  readonly isolation: "read_committed" | "read_uncommitted";
  readonly invoker: Invoker;
  readonly destination?: FailureDestination;
  /** Of a mapping with a schema registry. */
  readonly deserializer?: Deserializer;
  readonly clock: Clock;
  readonly backOff: BackOff;
  /** How what AWS leaves open is decided. */
  readonly switches: Switches;
  /** Told of everything that happens, as it happens. */
  readonly observe: Observe;
  readonly faults: FaultPlan;
  /** Only these records, each partition up to its end; absent: everything, without end. */
  readonly replay?: Replay;
  log(message: string, facts: Readonly<Record<string, unknown>>): void;
  /** An error that nothing here can handle. */
  fatal(error: unknown): void;
}
