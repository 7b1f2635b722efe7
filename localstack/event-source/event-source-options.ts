// What an event source is told.
import type { AccessOptions } from "./access/connection.ts";
import type { Clock } from "./clock.ts";
import type { FaultPlan } from "./faults.ts";
import type { Invoker } from "./invoke.ts";
import type { Endpoint } from "./observe/prometheus-endpoint.ts";
import type { TimeSpan } from "./replay.ts";
import type { Schedule } from "./schedule.ts";
import type { RegistryOptions } from "./schemas/open.ts";
import type { Switches } from "./switches.ts";
import type { FunctionDefinition } from "./template/function-definition.ts";
import type { Mapping } from "./template/mapping.ts";
import type { Account } from "./template/template.ts";

export interface EventSourceOptions extends AccessOptions, RegistryOptions {
  readonly mappings: readonly Mapping[];
  readonly schedules?: readonly Schedule[];
  readonly functions: readonly FunctionDefinition[];
  /** Calls functions; by default a pool of local environments. */
  readonly invoker?: Invoker;
  /** The pool's environments are threads of this process, for a debugger, not processes. */
  readonly inProcess?: boolean;
  /** Unpacked code and logs; by default `.local` in the working directory. */
  readonly localFolder?: string;
  readonly logsFolder?: string;
  readonly account?: Account;
  readonly clock?: Clock;
  /** The wait before the first retry, 1 s by default; it doubles up to 60 times that. */
  readonly backOffMs?: number;
  readonly isolation?: "read_committed" | "read_uncommitted";
  /** How what AWS leaves open is decided; by default as `switches.ts` says. */
  readonly switches?: Switches;
  /** What befalls invocations on purpose; nothing by default. */
  readonly faults?: FaultPlan;
  /** Only the records of this span, once, in groups called after the mappings' own and this name; see `over`. */
  readonly replay?: { readonly span: TimeSpan; readonly name: string };
  /** A file to write down in what happens to records, for `explain`. */
  readonly journal?: string;
  /** A file to append CloudWatch's metrics to, each minute. */
  readonly metricsFile?: string;
  /** Where Prometheus finds the same metrics. */
  readonly prometheus?: Endpoint;
  log?(message: string, facts: Readonly<Record<string, unknown>>): void;
  fatal?(error: unknown): void;
}
