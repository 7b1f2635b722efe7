// One execution environment: init once, one event at a time; over its time limit or after a crash it is gone and a new one takes its place.
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import type { Interruption } from "../faults.ts";
import type { FunctionError, InvokeResult } from "../invoke.ts";
import type { Call, Reply } from "./runtime-protocol.ts";
import type { OpenSandbox, Sandbox, SandboxOptions } from "./sandbox.ts";

export interface EnvironmentOptions extends SandboxOptions {
  readonly open: OpenSandbox;
  /** Called once, when it has ended. */
  onExit(environment: Environment): void;
}

/** An environment's end on purpose: how it shows, and when at the latest. */
export interface PlannedEnd {
  readonly kind: Interruption["kind"];
  readonly afterMs: number;
}

/** Lambda allows 10 s for init outside of an invocation. */
const INIT_MS = 10_000;

export class Environment {
  /** What it served last; calls for the same come here by preference. */
  affinity: string | undefined;
  private readonly options: EnvironmentOptions;
  private readonly sandbox: Sandbox;
  private readonly initiated: Promise<FunctionError | undefined>;
  private readonly gone = Promise.withResolvers<void>();
  private isUsable = true;
  private whenReplied: ((reply: Reply | { readonly kind: "gone"; readonly how: string }) => void) | undefined;

  constructor(options: EnvironmentOptions) {
    this.options = options;
    this.sandbox = options.open(options, {
      onReply: (reply) => this.whenReplied?.(reply),
      onGone: (how) => this.onGone(how),
    });
    this.initiated = this.init();
  }

  get pid(): number | undefined {
    return this.sandbox.pid;
  }

  get canServe(): boolean {
    return this.isUsable;
  }

  /** Answers one event. With an `end`, the process is killed then on purpose, or as soon as its work is done. */
  async invoke(payload: Buffer, end?: PlannedEnd): Promise<InvokeResult> {
    const requestId = randomUUID();
    const initError = await this.initiated;
    const startedAt = performance.now(); // a function's duration is without its init, as on AWS
    const error = initError ?? (await this.call(requestId, payload, end));
    const durationMs = performance.now() - startedAt;
    if ("response" in error) return { kind: "success", requestId, durationMs, response: error.response };
    this.logError(requestId, error);
    return { kind: "function-error", requestId, durationMs, error };
  }

  /** Asks it to end, and makes it end after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.isUsable = false;
    if (this.sandbox.hasEnded) return;
    this.sandbox.end();
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.gone.promise;
    clearTimeout(timer);
  }

  private async init(): Promise<FunctionError | undefined> {
    const reply = await this.reply(Math.max(INIT_MS, this.options.definition.timeoutMs));
    switch (reply.kind) {
      case "ready":
        return undefined;
      case "init-error":
        this.isUsable = false;
        return reply.error;
      case "late":
        return { errorType: "Sandbox.Timedout", errorMessage: "Init took longer than its time limit" };
      default:
        return exitError(randomUUID(), reply.kind === "gone" ? reply.how : reply.kind);
    }
  }

  private async call(
    requestId: string,
    payload: Buffer,
    end: PlannedEnd | undefined,
  ): Promise<FunctionError | { readonly response: unknown }> {
    if (!this.isUsable) return exitError(requestId, "the environment has ended");
    const { timeoutMs } = this.options.definition;
    const call: Call = { requestId, deadline: Date.now() + timeoutMs };
    this.sandbox.call(call, payload);
    const killer = end === undefined ? undefined : setTimeout(() => this.kill(), Math.min(end.afterMs, timeoutMs));
    const reply = await this.reply(timeoutMs);
    clearTimeout(killer);
    if (end !== undefined) {
      this.kill();
      return end.kind === "crash" ? exitError(requestId, "signal: killed") : timedOut(requestId, timeoutMs);
    }
    switch (reply.kind) {
      case "result":
        return { response: reply.response };
      case "error":
        if (reply.isLast) this.isUsable = false;
        return reply.error;
      case "late":
        return timedOut(requestId, timeoutMs);
      default:
        return exitError(requestId, reply.kind === "gone" ? reply.how : reply.kind);
    }
  }

  /** The next reply; past the time limit it is killed. */
  private reply(
    withinMs: number,
  ): Promise<Reply | { readonly kind: "gone"; readonly how: string } | { readonly kind: "late" }> {
    return new Promise((resolve) => {
      let isHeard = false;
      const onLate = () => {
        if (isHeard || !this.sandbox.isTimed) return;
        this.whenReplied = undefined;
        this.kill();
        resolve({ kind: "late" });
      };
      // A reply that has come while this process was held up is heard first.
      const timer = setTimeout(() => setImmediate(onLate), withinMs);
      this.whenReplied = (reply) => {
        isHeard = true;
        this.whenReplied = undefined;
        clearTimeout(timer);
        resolve(reply);
      };
    });
  }

  private onGone(how: string): void {
    this.isUsable = false;
    this.whenReplied?.({ kind: "gone", how });
    this.gone.resolve();
    this.options.onExit(this);
  }

  private kill(): void {
    this.isUsable = false;
    this.sandbox.kill();
  }

  private logError(requestId: string, error: FunctionError): void {
    writeSync(this.options.logFd, `${JSON.stringify({ level: "ERROR", requestId, ...error })}\n`);
  }
}

function timedOut(requestId: string, timeoutMs: number): FunctionError {
  const seconds = (timeoutMs / 1000).toFixed(2);
  return {
    errorType: "Sandbox.Timedout",
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  };
}

function exitError(requestId: string, how: string): FunctionError {
  return {
    errorType: "Runtime.ExitError",
    errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
  };
}
