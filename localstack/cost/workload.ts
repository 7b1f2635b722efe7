// How a mapping's records become invocations: how many pollers, batches of what size, how long they run. Pure.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html  https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html

import type { Coefficients } from "./coefficients.ts";

export type Pollers = "provisioned" | "on-demand";

/** What the template says of a mapping. */
export interface MappingFacts {
  readonly batchSize: number;
  readonly windowMs: number;
  readonly minimumPollers: number;
  readonly maximumPollers: number;
}

export interface Load {
  readonly recordsPerSecond: number;
  readonly partitions: number;
  readonly pollers: Pollers;
}

export interface Workload {
  readonly pollers: number;
  readonly eventPollerUnits: number;
  /** A second, by all pollers. */
  readonly invocations: number;
  /** A second: partitions' parts of batches. */
  readonly shares: number;
  readonly recordsEach: number;
  readonly msEach: number;
  /** At once, on average. */
  readonly concurrency: number;
  /** Why this can't be carried as it is set; absent when it can. */
  readonly overload?: string;
}

const EVENT_LIMIT_BYTES = 6 * 1024 * 1024;
/** What one poller can carry. */
const POLLER_BYTES_PER_SECOND = 5e6;
const POLLER_INVOCATIONS = 5;
/** What one event poller unit is. */
const UNIT_BYTES_PER_SECOND = 20e6;
const UNIT_POLLERS = 10;
/** AWS doesn't say how many pollers it runs on demand, nor where it stops: they are taken to be as many as are needed. */
const ON_DEMAND_POLLERS = { minimumPollers: 1, maximumPollers: Number.POSITIVE_INFINITY };

/** The work of a mapping, with as few pollers as carry it. */
export function workloadOf(mapping: MappingFacts, load: Load, takes: Coefficients): Workload {
  const { minimumPollers, maximumPollers } = load.pollers === "provisioned" ? mapping : ON_DEMAND_POLLERS;
  const most = Math.min(maximumPollers, load.partitions);
  let pollers = Math.min(minimumPollers, most);
  while (pollers < most && !carries(pollers, mapping, load, takes)) pollers += 1;
  const one = batchesOf(pollers, mapping, load, takes);
  const bytes = load.recordsPerSecond * takes.recordBytes;
  const concurrency = (pollers * one.perSecond * one.ms) / 1000;
  return {
    pollers,
    eventPollerUnits:
      load.pollers === "provisioned"
        ? Math.max(1, Math.ceil(Math.max(pollers / UNIT_POLLERS, bytes / UNIT_BYTES_PER_SECOND)))
        : 0,
    invocations: pollers * one.perSecond,
    shares: pollers * one.perSecond * one.shares,
    recordsEach: one.records,
    msEach: one.ms,
    concurrency,
    ...overloadOf({ pollers, most, isCarried: carries(pollers, mapping, load, takes), concurrency }, load),
  };
}

interface Batches {
  /** Invocations a second of one poller. */
  readonly perSecond: number;
  readonly records: number;
  readonly shares: number;
  readonly ms: number;
}

/** What one of so many pollers does, each with its part of the partitions. */
function batchesOf(pollers: number, mapping: MappingFacts, load: Load, takes: Coefficients): Batches {
  const rate = load.recordsPerSecond / pollers;
  const most = Math.max(1, Math.min(mapping.batchSize, Math.floor(EVENT_LIMIT_BYTES / takes.recordBytes)));
  const open = mapping.windowMs / 1000;
  // A window ends when it is over or a batch is full; one in which no record came invokes nothing.
  const batch = (seconds: number): Batches => {
    if (rate === 0) return { perSecond: 0, records: 0, shares: 0, ms: 0 };
    const wait = Math.min(seconds, most / rate);
    const perSecond = (1 - Math.exp(-rate * wait)) / wait;
    const records = rate / perSecond;
    const shares = sharesOf(records, load.partitions / pollers);
    return {
      perSecond,
      records,
      shares,
      ms: takes.waitMs + takes.batchMs + takes.shareMs * shares + takes.recordMs * records,
    };
  };
  if (load.pollers === "provisioned") return batch(Math.max(open, SHORTEST_WAIT_SECONDS));
  // On demand the next window starts when the invocation has ended, so that batches grow with what they take.
  let found = batch(open);
  for (let round = 0; round < 30; round++) found = batch(open + found.ms / 1000);
  return found;
}

/** With a window of nothing each poll is a batch of its own: one fetch takes about so long. */
const SHORTEST_WAIT_SECONDS = 0.01;

/** How many of the partitions have a record in a batch, where records fall on them alike. */
function sharesOf(records: number, partitions: number): number {
  if (partitions <= 1) return 1;
  return partitions * (1 - (1 - 1 / partitions) ** records);
}

function carries(pollers: number, mapping: MappingFacts, load: Load, takes: Coefficients): boolean {
  const { perSecond, ms } = batchesOf(pollers, mapping, load, takes);
  const bytes = (load.recordsPerSecond * takes.recordBytes) / pollers;
  const atOnce = load.pollers === "provisioned" ? POLLER_INVOCATIONS : 1;
  return bytes <= POLLER_BYTES_PER_SECOND && (perSecond * ms) / 1000 <= atOnce;
}

function overloadOf(
  { pollers, most, isCarried, concurrency }: { pollers: number; most: number; isCarried: boolean; concurrency: number },
  { partitions }: Load,
): { readonly overload?: string } {
  if (concurrency > partitions) {
    return {
      overload: `${Math.ceil(concurrency)} invocations at once are needed, and ${partitions} partitions allow ${partitions}: more partitions`,
    };
  }
  if (isCarried) return {};
  return {
    overload: `${pollers === 1 ? "one poller doesn't" : `${pollers} pollers don't`} carry it: ${most === partitions ? "more partitions" : "raise maximumPollers in functions.yml"}`,
  };
}
