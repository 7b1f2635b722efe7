// One execution environment: a Node process of its own with the function's variables and nothing else of ours.
// Init once, one event at a time; over its time limit or after a crash it is gone and a new one takes its place.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import type { Socket } from "node:net";
import type { Interruption } from "../faults.ts";
import type { FunctionError, InvokeResult } from "../invoke.ts";
import type { FunctionDefinition } from "../template/function-definition.ts";
import {
  CALL_HEAD_BYTES,
  type Call,
  CHANNEL_FD,
  type EnvironmentSetup,
  REPLY_HEAD_BYTES,
  type Reply,
} from "./runtime-protocol.ts";

export interface EnvironmentOptions {
  readonly definition: FunctionDefinition;
  /** The folder with the function's unpacked code. */
  readonly taskRoot: string;
  /** The runtime program, as plain JavaScript. */
  readonly runtimeFile: string;
  readonly region: string;
  /** Where the function's output goes. */
  readonly logFd: number;
  /** Called once, when the process has ended. */
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
  private readonly child: ChildProcess;
  private readonly channel: Socket;
  private readonly initiated: Promise<FunctionError | undefined>;
  private isUsable = true;
  private whenReplied: ((reply: Reply | { readonly kind: "gone"; readonly how: string }) => void) | undefined;
  private received: Buffer[] = [];
  private receivedBytes = 0;

  constructor(options: EnvironmentOptions) {
    this.options = options;
    this.child = spawnRuntime(options);
    this.channel = this.child.stdio[CHANNEL_FD] as Socket;
    this.channel.on("data", (chunk: Buffer) => this.onData(chunk));
    this.channel.on("error", () => {}); // the exit tells
    this.child.once("error", (error) => this.onGone(error.message));
    this.child.once("exit", (code, signal) =>
      this.onGone(signal === null ? `exit status ${code}` : `signal: ${signal}`),
    );
    this.initiated = this.init();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get canServe(): boolean {
    return this.isUsable;
  }

  /** Answers one event. With an `end`, the process is killed then on purpose, or as soon as its work is done. */
  async invoke(payload: Buffer, end?: PlannedEnd): Promise<InvokeResult> {
    const requestId = randomUUID();
    const startedAt = performance.now();
    const initError = await this.initiated;
    const error = initError ?? (await this.call(requestId, payload, end));
    const durationMs = performance.now() - startedAt;
    if ("response" in error) return { kind: "success", requestId, durationMs, response: error.response };
    this.logError(requestId, error);
    return { kind: "function-error", requestId, durationMs, error };
  }

  /** Asks the process to end, and makes it end after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.isUsable = false;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.child.once("exit", () => resolve()));
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), graceMs);
    await gone;
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
    const callBytes = Buffer.from(JSON.stringify(call));
    const head = Buffer.allocUnsafe(CALL_HEAD_BYTES);
    head.writeUInt32LE(callBytes.length, 0);
    head.writeUInt32LE(payload.length, 4);
    this.channel.write(Buffer.concat([head, callBytes]));
    this.channel.write(payload);
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
        return reply.error;
      case "late":
        return timedOut(requestId, timeoutMs);
      default:
        return exitError(requestId, reply.kind === "gone" ? reply.how : reply.kind);
    }
  }

  /** The next reply; past the time limit the process is killed. */
  private reply(
    withinMs: number,
  ): Promise<Reply | { readonly kind: "gone"; readonly how: string } | { readonly kind: "late" }> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.whenReplied = undefined;
        this.kill();
        resolve({ kind: "late" });
      }, withinMs);
      this.whenReplied = (reply) => {
        this.whenReplied = undefined;
        clearTimeout(timer);
        resolve(reply);
      };
    });
  }

  private onData(chunk: Buffer): void {
    this.received.push(chunk);
    this.receivedBytes += chunk.length;
    while (this.receivedBytes >= REPLY_HEAD_BYTES) {
      const all = this.received.length === 1 ? this.received[0]! : Buffer.concat(this.received);
      this.received = [all];
      const end = REPLY_HEAD_BYTES + all.readUInt32LE(0);
      if (all.length < end) return;
      this.received = [all.subarray(end)];
      this.receivedBytes = all.length - end;
      const reply: Reply = JSON.parse(all.toString("utf8", REPLY_HEAD_BYTES, end));
      this.whenReplied?.(reply);
    }
  }

  private onGone(how: string): void {
    this.isUsable = false;
    this.whenReplied?.({ kind: "gone", how });
    this.options.onExit(this);
  }

  private kill(): void {
    this.isUsable = false;
    this.child.kill("SIGKILL");
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

function spawnRuntime(options: EnvironmentOptions): ChildProcess {
  const { definition, taskRoot, runtimeFile, logFd } = options;
  const logStreamName = `${new Date().toISOString().slice(0, 10).replaceAll("-", "/")}/[$LATEST]${randomUUID().replaceAll("-", "")}`;
  const setup: EnvironmentSetup = {
    taskRoot,
    handler: definition.handler,
    functionName: definition.name,
    functionArn: definition.arn,
    memoryMb: definition.memoryMb,
    logGroupName: `/aws/lambda/${definition.name}`,
    logStreamName,
  };
  // The shares of memory that Lambda's own bootstrap gives to the heap's two spaces.
  const flags = [
    `--max-old-space-size=${Math.floor(definition.memoryMb * 0.9)}`,
    `--max-semi-space-size=${Math.max(1, Math.floor(definition.memoryMb * 0.05))}`,
  ];
  return spawn(process.execPath, [...flags, runtimeFile, JSON.stringify(setup)], {
    cwd: taskRoot,
    env: variablesOf(options, setup),
    stdio: ["ignore", logFd, logFd, "pipe"],
    // A Ctrl-C in the terminal is for the event source, which lets invocations finish.
    detached: true,
  });
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function variablesOf({ definition, taskRoot, region }: EnvironmentOptions, setup: EnvironmentSetup): NodeJS.ProcessEnv {
  const { PATH, AWS_ACCESS_KEY_ID = "local", AWS_SECRET_ACCESS_KEY = "local", AWS_SESSION_TOKEN } = process.env;
  return {
    PATH,
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN === undefined ? {} : { AWS_SESSION_TOKEN }),
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: setup.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: setup.logStreamName,
    LAMBDA_TASK_ROOT: taskRoot,
    _HANDLER: definition.handler,
    ...definition.environment,
  };
}
