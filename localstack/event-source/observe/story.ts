// What a journal says of one record: each time it was read a reading, with the lines that tell what became of it. Pure.
import type { AnsweredLine, BatchedLine, JournalLine, PolledLine, StartedLine } from "./journal-line.ts";
import { isInRanges } from "./offset-ranges.ts";

export interface Target {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** One line about the record, and the number of the attempt that it belongs to. */
export interface Step {
  readonly line: JournalLine;
  readonly attempt: number;
}

export type Fate =
  /** Read, and in no batch yet. */
  | "waiting"
  /** In a batch, and not settled. */
  | "unsettled"
  | "filtered"
  | "processed"
  | "discarded"
  | "dropped"
  /** The partition went to another member first. */
  | "lost";

/** The record was read from Kafka, once. */
export interface Reading {
  readonly started: StartedLine;
  readonly steps: Step[];
  fate: Fate;
  attempts: number;
  batch?: string;
  /** It is in what was sent last. */
  isSent: boolean;
  readAt?: number;
  committedAt?: number;
}

/** The batch that a partition sent last. */
export interface Ahead {
  readonly batch: string;
  readonly first: number;
  readonly last: number;
  attempts: number;
  answer?: AnsweredLine;
}

/** A mapping's run, as far as the record's partition goes. */
export interface Run {
  readonly started: StartedLine;
  /** Every partition that it was given. */
  readonly partitions: Set<number>;
  /** Where reading of the record's partition began and how far it got; absent: nothing was read. */
  read?: { from: number; to: number };
  /** Where the last assignment said to read on. */
  assignedAt?: number;
  /** The record's offset was read, and held no record. */
  isHole: boolean;
  ahead?: Ahead;
}

export interface Story {
  readonly target: Target;
  readonly readings: readonly Reading[];
  /** Runs of mappings of the record's topic. */
  readonly runs: readonly Run[];
  /** Topics that the journal's mappings read. */
  readonly topics: readonly string[];
  /** The first line's time; absent: the journal is empty. */
  readonly beginsAt?: number;
}

export function storyOf(target: Target, lines: Iterable<JournalLine>): Story {
  const teller = new Teller(target);
  let beginsAt: number | undefined;
  for (const line of lines) {
    beginsAt ??= line.at;
    teller.hear(line);
  }
  const { readings, runs, topics } = teller;
  const facts = { target, readings, runs: [...runs.values()], topics: [...topics] };
  return beginsAt === undefined ? facts : { ...facts, beginsAt };
}

class Teller {
  readonly readings: Reading[] = [];
  readonly runs = new Map<string, Run>();
  readonly topics = new Set<string>();
  private readonly target: Target;
  private readonly key: string;

  constructor(target: Target) {
    this.target = target;
    this.key = String(target.partition);
  }

  hear(line: JournalLine): void {
    if (line.kind === "started") {
      this.topics.add(line.topic);
      // A new file begins with what was said before.
      if (line.topic !== this.target.topic || this.runs.has(line.run)) return;
      this.runs.set(line.run, { started: line, partitions: new Set(), isHole: false });
      return;
    }
    const run = this.runs.get(line.run);
    if (run !== undefined) this.hearOf(run, line);
  }

  private hearOf(run: Run, line: Exclude<JournalLine, StartedLine>): void {
    const { partition, offset } = this.target;
    switch (line.kind) {
      case "assigned": {
        for (const key of Object.keys(line.offsets)) run.partitions.add(Number(key));
        const at = line.offsets[this.key];
        if (at !== undefined) run.assignedAt = at;
        return;
      }
      case "polled":
        if (line.partition === partition) this.hearOfPoll(run, line);
        return;
      case "batched":
        if (line.parts[this.key] !== undefined) this.hearOfNewBatch(run, line);
        return;
      case "lost":
        if (line.partition !== partition) return;
        delete run.ahead;
        for (const reading of this.tellAll(run, line)) {
          if (reading.fate === "waiting" || reading.fate === "unsettled") reading.fate = "lost";
        }
        return;
      case "committed":
        if ((line.to[this.key] ?? 0) <= offset) return;
        for (const reading of this.tellAll(run, line)) reading.committedAt = line.at;
        return;
      case "stopped":
        this.tellAll(run, line);
        return;
      case "fault":
      case "sent":
      case "answered":
      case "discarded":
        this.hearOfBatch(run, line);
        return;
      default:
        return;
    }
  }

  private hearOfPoll(run: Run, line: PolledLine): void {
    const { offset } = this.target;
    run.read = { from: Math.min(run.read?.from ?? line.from, line.from), to: line.to };
    if (offset < line.from || offset >= line.to) return;
    if (line.read !== undefined && !isInRanges(line.read, offset)) run.isHole = true;
    else this.begin(run, isInRanges(line.filteredOut ?? "", offset) ? "filtered" : "waiting", line);
  }

  private hearOfNewBatch(run: Run, line: BatchedLine): void {
    const { offset } = this.target;
    const [first, last] = line.parts[this.key]!;
    run.ahead = { batch: line.batch, first, last, attempts: 0 };
    if (offset < first || offset > last) return;
    const waiting = this.uncommitted(run).find(({ fate }) => fate === "waiting");
    // The line about its reading may have been in a file that is gone.
    const reading = waiting ?? (this.wasRead(run) ? undefined : this.begin(run, "waiting"));
    if (reading === undefined) return;
    Object.assign(reading, { fate: "unsettled", batch: line.batch, isSent: true });
    reading.steps.push({ line, attempt: 0 });
  }

  private hearOfBatch(
    run: Run,
    line: Extract<JournalLine, { kind: "fault" | "sent" | "answered" | "discarded" }>,
  ): void {
    const { offset } = this.target;
    const { ahead } = run;
    if (ahead !== undefined && ahead.batch === line.batch) {
      if (line.kind === "sent") ahead.attempts += 1;
      if (line.kind === "answered") ahead.answer = line;
    }
    // What a function answers after its partition was lost is told too: it may have done the work.
    // A record that can't be read is given up before it is in any batch.
    const isTold = ({ batch, fate }: Reading) =>
      batch === line.batch && (fate === "unsettled" || fate === "lost" || batch === undefined);
    const reading = this.uncommitted(run).find(isTold);
    if (reading === undefined) return;
    if (line.kind === "sent") {
      const [first, last] = line.parts[this.key] ?? [Number.NaN, Number.NaN];
      reading.isSent = offset >= first && offset <= last;
      if (!reading.isSent) return;
      reading.attempts += 1;
    } else if (line.kind === "fault") {
      const [first, last] = line.parts?.[this.key] ?? [Number.NaN, Number.NaN];
      if (!(offset >= first && offset <= last)) return;
    } else if (line.kind === "answered") {
      if (!reading.isSent) return;
      const hasFailed = line.failed === undefined || isInRanges(line.failed[this.key] ?? "", offset);
      if (reading.fate === "unsettled" && (line.next === "commit" || !hasFailed)) reading.fate = "processed";
    } else {
      if (!isInRanges(line.offsets[this.key] ?? "", offset)) return;
      reading.fate = line.outcome === "delivered" ? "discarded" : "dropped";
    }
    reading.steps.push({ line, attempt: reading.attempts });
  }

  private begin(run: Run, fate: Fate, line?: PolledLine): Reading {
    const steps = line === undefined ? [] : [{ line, attempt: 0 }];
    const at = line === undefined ? {} : { readAt: line.at };
    const reading: Reading = { started: run.started, steps, fate, attempts: 0, isSent: false, ...at };
    this.readings.push(reading);
    return reading;
  }

  /** Adds the line to every reading of the run that is still under way. */
  private tellAll(run: Run, line: JournalLine): Reading[] {
    const told = this.uncommitted(run).filter(({ fate }) => fate !== "lost");
    for (const reading of told) reading.steps.push({ line, attempt: reading.attempts });
    return told;
  }

  private wasRead(run: Run): boolean {
    return run.isHole || this.readings.some(({ started }) => started.run === run.started.run);
  }

  private uncommitted(run: Run): Reading[] {
    return this.readings.filter(
      ({ started, committedAt }) => started.run === run.started.run && committedAt === undefined,
    );
  }
}
