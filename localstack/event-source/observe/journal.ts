// What happened to records, written while it happens and kept within bounds, for `explain` to read.
// Lines are appended once a turn of the event loop, so that a kill loses next to none; a full file becomes FILE.1 and a new one begins.
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../clock.ts";
import type { TimeSpan } from "../replay.ts";
import type { Mapping } from "../template/mapping.ts";
import type { Observe } from "./happening.ts";
import { type JournalLine, lineOf, type StartedLine } from "./journal-line.ts";

export interface JournalOptions {
  readonly file: string;
  /** How long a file gets; there are two at most. */
  readonly maxBytes?: number;
}

export interface RunFacts {
  readonly functionName: string;
  readonly clock: Clock;
  /** Of a replay. */
  readonly span?: TimeSpan | undefined;
}

export interface Journal {
  /** Begins a mapping's run. */
  observer(mapping: Mapping, facts: RunFacts): Observe;
  close(): void;
}

const MAX_BYTES = 64 * 1024 * 1024;
const LOOK_AFTER_MS = 1000;

export function openJournal({ file, maxBytes = MAX_BYTES }: JournalOptions): Journal {
  mkdirSync(dirname(file), { recursive: true });
  const writer = new JournalWriter(file, maxBytes);
  return {
    observer(mapping, facts) {
      const { clock } = facts;
      const run = crypto.randomUUID().slice(0, 8);
      writer.write(startedOf(mapping, facts, { at: clock.now(), run }));
      return (happening) => writer.write(lineOf(happening, { at: clock.now(), run }));
    },
    close: () => writer.close(),
  };
}

class JournalWriter {
  private readonly file: string;
  private readonly maxBytes: number;
  private readonly pending: string[] = [];
  /** What the lines of a new file can't be understood without. */
  private readonly heads = new Map<string, string>();
  private fd: number;
  private bytes: number;
  private looked = performance.now();
  private timer: NodeJS.Immediate | undefined;
  private isClosed = false;

  constructor(file: string, maxBytes: number) {
    this.file = file;
    this.maxBytes = maxBytes;
    this.fd = openSync(file, "a+");
    this.bytes = fstatSync(this.fd).size;
    // Whoever wrote last may have been killed in the middle of a line.
    if (this.bytes > 0 && lastByte(this.fd, this.bytes) !== 10) this.pending.push("");
  }

  /** After the end nothing is written any more: an invocation that was not waited for may answer then. */
  write(line: JournalLine): void {
    if (this.isClosed) return;
    const text = JSON.stringify(line);
    if (line.kind === "started") this.heads.set(line.run, text);
    if (line.kind === "assigned") this.heads.set(`${line.run}/${line.poller}`, text);
    this.pending.push(text);
    this.timer ??= setImmediate(() => this.flush());
  }

  close(): void {
    this.isClosed = true;
    clearImmediate(this.timer);
    this.flush();
    closeSync(this.fd);
  }

  private flush(): void {
    this.timer = undefined;
    if (this.pending.length === 0) return;
    if (this.bytes > this.maxBytes || performance.now() - this.looked > LOOK_AFTER_MS) this.look();
    const text = Buffer.from(`${this.pending.join("\n")}\n`);
    this.pending.length = 0;
    writeSync(this.fd, text);
    this.bytes += text.length;
  }

  /** Begins a new file when this one is full, or when somebody else has begun one. */
  private look(): void {
    this.looked = performance.now();
    const mine = fstatSync(this.fd);
    const isMoved = statSync(this.file, { throwIfNoEntry: false })?.ino !== mine.ino;
    this.bytes = mine.size;
    if (!isMoved && this.bytes <= this.maxBytes) return;
    if (!isMoved) renameSync(this.file, `${this.file}.1`);
    closeSync(this.fd);
    mkdirSync(dirname(this.file), { recursive: true });
    this.fd = openSync(this.file, "a+");
    this.bytes = fstatSync(this.fd).size;
    this.pending.unshift(...this.heads.values());
  }
}

function startedOf(
  mapping: Mapping,
  { functionName, span }: RunFacts,
  at: { readonly at: number; readonly run: string },
): StartedLine {
  const { destination } = mapping;
  const to = destination?.kind === "kafka" ? `kafka://${destination.topic}` : destination?.arn;
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    ...at,
    kind: "started",
    mapping: mapping.logicalId,
    function: functionName,
    topic: mapping.topic,
    group: mapping.consumerGroup,
    pid: process.pid,
    filters: mapping.filters.map(({ pattern }) => pattern),
    ...(to === undefined ? {} : { destination: to }),
    ...(span === undefined ? {} : { replay: { from: time(span.fromMs), to: time(span.toMs) } }),
  };
}

function lastByte(fd: number, size: number): number {
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, size - 1);
  return byte[0] ?? 0;
}
