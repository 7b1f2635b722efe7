// What a windowed aggregation is: one value that the Lambda handler, the emitter, the in-memory runner and the documents all read.
//
//   [--3 s--)[--3 s--)[--3 s--)   tumbling: half-open, aligned to the epoch; a record at 2999 ms is in the first, at 3000 ms in the second
//   [------6 s------)
//           [------6 s------)     hopping: `size` 6 s, `advance` 3 s; a record is in size/advance windows

import type { ZodType } from "zod";
import { ConfigError } from "../errors.ts";
import { type Duration, type EventTime, hours } from "../time.ts";
import { type Aggregator, aggregatorOfKind } from "./aggregators.ts";

/** What `eventTime` may fall back to where a record does not say when it happened. */
export interface BrokerTime {
  /** The Kafka record's own timestamp, milliseconds since the epoch. */
  readonly timestamp: number;
}

// biome-ignore lint/suspicious/noExplicitAny: a state and a result are private to their aggregator; only it reads them.
export type AnyAggregator<In> = Aggregator<In, any, any>;

export type Aggregates<In> = Readonly<Record<string, AnyAggregator<In>>>;

export interface WindowOptions<In, A extends Aggregates<In>> {
  /** Names the pipeline in every state key, log line and metric. */
  readonly name: string;
  /** Part of every state key: raise it when the shape of the state or the window changes. */
  readonly version: number;
  readonly eventTime: (value: In, record: BrokerTime) => EventTime;
  /** Which records count. One that does not still moves the watermark. */
  readonly where?: (value: In) => boolean;
  /** The key of a keyed window, at most 900 bytes; one window for all records where absent. */
  readonly groupBy?: (value: In) => string;
  readonly size: Duration;
  /** How far out of order records may be before the watermark has passed them. */
  readonly maxOutOfOrderness: Duration;
  /** How long after the watermark passed its end a window still takes records; later ones go to the late topic. */
  readonly allowedLateness: Duration;
  /** How far past the broker's own timestamp an event time may lie; later than that is poison. One hour where absent. */
  readonly maxFuture?: Duration;
  readonly aggregate: A;
  /** Each result also carries the total of all windows up to it, since the pipeline's first record. Not for keyed windows. */
  readonly runningTotals?: boolean;
}

export interface WindowDeclaration<In, A extends Aggregates<In> = Aggregates<In>> extends WindowOptions<In, A> {
  readonly input: ZodType<In>;
  /** From one window's start to the next one's; equal to `size` for tumbling windows. */
  readonly advance: Duration;
  readonly maxFuture: Duration;
}

/** The parts of a declaration that stored state depends on; kept beside the state, so that a change without a new version is refused. */
export interface WindowShape {
  readonly size: number;
  readonly advance: number;
  readonly allowedLateness: number;
  readonly maxOutOfOrderness: number;
  readonly runningTotals?: boolean;
  /** Field → kind of aggregator, in the order of the result. */
  readonly aggregate: Readonly<Record<string, string>>;
}

/** One window's results by field. */
export type WindowResult = Readonly<Record<string, unknown>>;

/** One window's states by field, as stored. */
export type WindowState = Record<string, unknown>;

export interface Windowed<In> {
  tumbling<A extends Aggregates<In>>(options: WindowOptions<In, A>): WindowDeclaration<In, A>;
  hopping<A extends Aggregates<In>>(
    options: WindowOptions<In, A> & { readonly advance: Duration },
  ): WindowDeclaration<In, A>;
}

/** Starts the declaration of a windowed aggregation over records of this schema. */
export function windowed<In>(input: ZodType<In>): Windowed<In> {
  return {
    tumbling: (options) => declare(input, { ...options, advance: options.size }),
    hopping: (options) => declare(input, options),
  };
}

/** The starts of the windows that a time falls in, earliest first. */
export function windowStarts(window: Pick<WindowShape, "size" | "advance">, time: number): readonly number[] {
  const last = windowStart(window, time);
  if (window.size === window.advance) return [last];
  const starts: number[] = [];
  for (let start = last; start > time - window.size; start -= window.advance) starts.unshift(start);
  return starts;
}

/** The start of the latest window that a time falls in. */
export function windowStart(window: Pick<WindowShape, "advance">, time: number): number {
  return Math.floor(time / window.advance) * window.advance;
}

export function shapeOf<In, A extends Aggregates<In>>(window: WindowDeclaration<In, A>): WindowShape {
  return {
    size: window.size,
    advance: window.advance,
    allowedLateness: window.allowedLateness,
    maxOutOfOrderness: window.maxOutOfOrderness,
    ...(window.runningTotals === true ? { runningTotals: true } : {}),
    aggregate: Object.fromEntries(Object.entries(window.aggregate).map(([field, { kind }]) => [field, kind])),
  };
}

/** Two partitions' states of one window as one. */
export function mergeStates(shape: Pick<WindowShape, "aggregate">, a: WindowState, b: WindowState): WindowState {
  return Object.fromEntries(
    Object.entries(shape.aggregate).map(([field, kind]) => [field, aggregatorOfKind(kind).merge(a[field], b[field])]),
  );
}

/** What a state says, field by field, in the declaration's order. */
export function resultOf(shape: Pick<WindowShape, "aggregate">, state: WindowState): WindowResult {
  return Object.fromEntries(
    Object.entries(shape.aggregate).map(([field, kind]) => [field, aggregatorOfKind(kind).result(state[field])]),
  );
}

/** State expires two weeks after its last change (dynamodb-store.ts): a window must not outlive its first records' share. */
const LONGEST = hours(7 * 24);

function declare<In, A extends Aggregates<In>>(
  input: ZodType<In>,
  options: WindowOptions<In, A> & { readonly advance: Duration },
): WindowDeclaration<In, A> {
  const { name, version, size, advance, maxOutOfOrderness, allowedLateness } = options;
  const refuse = (what: string): never => {
    throw new ConfigError(`Window '${name}' needs ${what}`);
  };
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(name))
    refuse(`a name of small letters, digits, - and _ (at most 40): got '${name}'`);
  if (!Number.isInteger(version) || version < 1) refuse(`a version of 1 or more: got ${version}`);
  if (!Number.isInteger(size) || size <= 0) refuse(`a positive size: got ${size} ms`);
  if (!Number.isInteger(advance) || advance <= 0 || size % advance !== 0) {
    refuse(`an advance that divides its size of ${size} ms: got ${advance} ms`);
  }
  if (!(maxOutOfOrderness >= 0)) refuse(`a maxOutOfOrderness of 0 ms or more: got ${maxOutOfOrderness} ms`);
  if (!(allowedLateness >= 0)) refuse(`an allowedLateness of 0 ms or more: got ${allowedLateness} ms`);
  if (size + allowedLateness > LONGEST) {
    refuse(
      `a size and an allowedLateness of at most a week together, for state is kept two: got ${size + allowedLateness} ms`,
    );
  }
  if (options.runningTotals === true && options.groupBy !== undefined) refuse("no groupBy beside runningTotals");
  if (options.runningTotals === true && size !== advance) refuse("tumbling windows for runningTotals");
  if (Object.keys(options.aggregate).length === 0) refuse("at least one aggregate");
  return { maxFuture: hours(1), ...options, input };
}
