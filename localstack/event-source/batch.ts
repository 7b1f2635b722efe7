// When to invoke, and with which records. Pure: queues, what is in flight, the window and the time in, a decision out.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
//
//   backlog:       a full batch of one partition each, so partitions run side by side
//   low traffic:   [ window ------------- ) one event with what every idle partition has
//   on demand:     the next window starts when an invocation completes; provisioned: when a batch is closed

/** The waiting records of one idle partition. */
export interface ReadyRecords {
  readonly count: number;
  /** Bytes they take in an event. */
  readonly bytes: number;
  readonly waitingSince: number;
  /** Bytes the partition itself adds to an event: its key and brackets. */
  readonly overhead: number;
  sizeAt(index: number): number;
}

export interface BatchLimits {
  readonly batchSize: number;
  readonly windowMs: number;
  /** Bytes an event has room for between its head and its tail. */
  readonly maxBytes: number;
  /** Invocations at once; a provisioned poller does 5. */
  readonly concurrency: number;
}

export interface PollerState<Q extends ReadyRecords> {
  /** Partitions with records that wait and nothing in flight. */
  readonly ready: readonly Q[];
  readonly inFlight: number;
  readonly windowStart: number;
}

export interface Take<Q> {
  readonly queue: Q;
  readonly count: number;
}

export type BatchDecision<Q> =
  | { readonly kind: "send"; readonly closedBy: "size" | "bytes" | "window"; readonly takes: readonly Take<Q>[] }
  /** Nothing before `until`, or before something changes when there is no time to wait for. */
  | { readonly kind: "wait"; readonly until?: number };

export function decide<Q extends ReadyRecords>(
  { ready, inFlight, windowStart }: PollerState<Q>,
  limits: BatchLimits,
  now: number,
): BatchDecision<Q> {
  if (ready.length === 0 || inFlight >= limits.concurrency) return { kind: "wait" };
  const oldestFirst = [...ready].sort((a, b) => a.waitingSince - b.waitingSince);

  const full = oldestFirst.find((queue) => isFull(queue, limits));
  if (full !== undefined) {
    const takes = fill([full], limits);
    return { kind: "send", closedBy: takes[0]!.count === limits.batchSize ? "size" : "bytes", takes };
  }
  const count = ready.reduce((sum, queue) => sum + queue.count, 0);
  if (count >= limits.batchSize) return { kind: "send", closedBy: "size", takes: fill(oldestFirst, limits) };
  const bytes = ready.reduce((sum, queue) => sum + queue.overhead + queue.bytes, 0);
  if (bytes >= limits.maxBytes) return { kind: "send", closedBy: "bytes", takes: fill(oldestFirst, limits) };

  const closesAt = windowStart + limits.windowMs;
  if (now < closesAt) return { kind: "wait", until: closesAt };
  return { kind: "send", closedBy: "window", takes: fill(oldestFirst, limits) };
}

/** Where a window that nobody used stands now: windows follow one another, an empty one invokes nothing. */
export function rollWindow(windowStart: number, windowMs: number, now: number): number {
  if (windowMs === 0 || now < windowStart + windowMs) return windowStart;
  return now - ((now - windowStart) % windowMs);
}

function isFull(queue: ReadyRecords, limits: BatchLimits): boolean {
  return queue.count >= limits.batchSize || queue.overhead + queue.bytes >= limits.maxBytes;
}

// A record that alone is over the limit still leaves, alone: it is then discarded as too large.
function fill<Q extends ReadyRecords>(queues: readonly Q[], limits: BatchLimits): Take<Q>[] {
  const takes: Take<Q>[] = [];
  let records = 0;
  let bytes = 0;
  for (const queue of queues) {
    let count = 0;
    while (count < queue.count && records < limits.batchSize) {
      const size = queue.sizeAt(count) + (count === 0 ? queue.overhead : 0);
      if (bytes + size > limits.maxBytes && records > 0) break;
      bytes += size;
      records += 1;
      count += 1;
    }
    if (count > 0) takes.push({ queue, count });
    if (count < queue.count) break;
  }
  return takes;
}
