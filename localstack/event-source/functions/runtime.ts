// The program inside an execution environment: loads the handler once, then runs one event at a time, as Lambda's
// Node.js runtime does. Ends when the event source is gone. Runs without anything but Node's own modules.
import { statSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { FunctionError } from "../invoke.ts";
import type { Call, EnvironmentSetup, Reply, ThreadCall, ThreadData } from "./runtime-protocol.ts";

type Handler = (event: unknown, context: object, callback?: (error: unknown, result?: unknown) => void) => unknown;

const CHANNEL_FD = 3;
const CALL_HEAD_BYTES = 8;
/** 6 MB and 100 bytes, as Lambda says in its refusal. */
const MAX_RESPONSE_BYTES = 6_291_556;
const EXTENSIONS = ["", ".js", ".mjs", ".cjs", "/index.js"];

const setup: EnvironmentSetup = JSON.parse(process.argv[2] ?? "{}");
let handler: Handler | undefined;
let current: Call | undefined;
/** Something was thrown that nothing handles. */
let isEnding = false;

/** Sends a reply, as JSON. */
const send: (text: string, then?: () => void) => void = parentPort === null ? overSocket() : overPort(parentPort);

process.on("uncaughtException", (error) => fail("Runtime.UncaughtException", error, 129));
process.on("unhandledRejection", (reason) => fail("Runtime.UnhandledPromiseRejection", reason, 128));

load().then(
  (loaded) => {
    handler = loaded;
    reply({ kind: "ready" });
  },
  (error) => reply({ kind: "init-error", error: describe(error) }, () => process.exit(1)),
);

function overPort(port: MessagePort): typeof send {
  logTo((workerData as ThreadData).logFd);
  port.on("message", ({ call, event }: ThreadCall) => void run(call, event));
  return (text, then) => {
    port.postMessage(text);
    then?.();
  };
}

/** A thread's own streams reach the file only when the thread rests, which one in an endless loop never does. */
function logTo(fd: number): void {
  const write: typeof process.stdout.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    const [encoding] = rest;
    writeSync(fd, typeof chunk === "string" ? Buffer.from(chunk, encoding as BufferEncoding) : chunk);
    const written = rest.find((one) => typeof one === "function");
    if (written !== undefined) process.nextTick(written);
    return true;
  };
  process.stdout.write = write;
  process.stderr.write = write;
}

function overSocket(): typeof send {
  const head = Buffer.alloc(CALL_HEAD_BYTES);
  let body = Buffer.allocUnsafeSlow(65_536);
  let bodyBytes = 0;
  let filled = 0;
  let isReadingHead = true;
  const channel = new Socket({
    fd: CHANNEL_FD,
    readable: true,
    writable: true,
    // Bytes land where they are needed: no chunks to join.
    onread: {
      buffer: () => (isReadingHead ? head.subarray(filled) : body.subarray(filled, bodyBytes)),
      callback: (bytes) => {
        filled += bytes;
        received();
        return true;
      },
    },
  });
  channel.on("end", () => process.exit(0));
  channel.on("close", () => process.exit(0));
  channel.on("error", () => process.exit(0));

  function received(): void {
    if (isReadingHead) {
      if (filled < CALL_HEAD_BYTES) return;
      bodyBytes = head.readUInt32LE(0) + head.readUInt32LE(4);
      if (bodyBytes > body.length) body = Buffer.allocUnsafeSlow(Math.ceil(bodyBytes * 1.25));
      isReadingHead = false;
      filled = 0;
      return;
    }
    if (filled < bodyBytes) return;
    const callBytes = head.readUInt32LE(0);
    const call: Call = JSON.parse(body.toString("latin1", 0, callBytes));
    const event = body.toString("latin1", callBytes, bodyBytes);
    isReadingHead = true;
    filled = 0;
    void run(call, event);
  }

  return (text, then) => {
    const bytes = Buffer.byteLength(text);
    const frame = Buffer.allocUnsafe(4 + bytes);
    frame.writeUInt32LE(bytes, 0);
    frame.write(text, 4);
    channel.write(frame, then);
  };
}

async function run(call: Call, event: string): Promise<void> {
  const { requestId } = call;
  current = call;
  process.env._X_AMZN_TRACE_ID = `Root=1-${requestId.slice(0, 8)}-${requestId.replaceAll("-", "").slice(0, 24)};Sampled=0`;
  try {
    const response = await answerOf(JSON.parse(event), contextOf(call));
    const text = JSON.stringify(response) ?? "null";
    await new Promise(setImmediate); // a rejection of the same turn that nobody handles is told by now
    if (isEnding) return;
    if (text.length > MAX_RESPONSE_BYTES || Buffer.byteLength(text) > MAX_RESPONSE_BYTES) {
      reply({ kind: "error", requestId, error: tooLarge() });
    } else {
      send(`{"kind":"result","requestId":${JSON.stringify(requestId)},"response":${text}}`);
    }
  } catch (error) {
    reply({ kind: "error", requestId, error: describe(error) });
  } finally {
    current = undefined;
  }
}

// A handler with three parameters answers through its callback, unless it returns a promise.
function answerOf(event: unknown, context: object): Promise<unknown> {
  const call = handler!;
  if (call.length < 3) return Promise.resolve(call(event, context));
  return new Promise((resolve, reject) => {
    const returned = call(event, context, (error, result) => (error ? reject(error) : resolve(result)));
    if (returned instanceof Promise) returned.then(resolve, reject);
  });
}

function contextOf({ requestId, deadline }: Call): object {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: setup.functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: setup.functionArn,
    memoryLimitInMB: String(setup.memoryMb),
    awsRequestId: requestId,
    logGroupName: setup.logGroupName,
    logStreamName: setup.logStreamName,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

async function load(): Promise<Handler> {
  const slash = setup.handler.lastIndexOf("/");
  const dot = setup.handler.indexOf(".", slash + 1);
  const [file, path] = [setup.handler.slice(0, dot), setup.handler.slice(dot + 1)];
  const found = EXTENSIONS.map((extension) => join(setup.taskRoot, `${file}${extension}`)).find((name) =>
    statSync(name, { throwIfNoEntry: false })?.isFile(),
  );
  if (found === undefined) {
    throw named(
      "Runtime.ImportModuleError",
      `Cannot find module '${file}' (tried .js, .mjs and .cjs in ${setup.taskRoot})`,
    );
  }
  const module: Record<string, unknown> = await import(pathToFileURL(found).href);
  const loaded = walk(module, path) ?? walk(module.default, path);
  if (typeof loaded !== "function") {
    throw named("Runtime.HandlerNotFound", `${setup.handler} is undefined or not exported`);
  }
  return loaded as Handler;
}

function walk(from: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => {
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }, from);
}

function fail(errorType: string, reason: unknown, exitCode: number): void {
  isEnding = true;
  console.error(errorType, reason);
  const error = { ...describe(reason), errorType };
  if (current === undefined) process.exit(exitCode);
  reply({ kind: "error", requestId: current.requestId, error, isLast: true }, () => process.exit(exitCode));
}

function describe(error: unknown): FunctionError {
  if (error instanceof Error) {
    const { name, message, stack = "" } = error;
    return { errorType: String(name), errorMessage: String(message), stackTrace: String(stack).split("\n") };
  }
  return { errorType: typeof error, errorMessage: textOf(error), stackTrace: [] };
}

/** Anything may be thrown, also what JSON can't say. */
function textOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  try {
    return JSON.stringify(thrown) ?? "[object Object]";
  } catch {
    return "[object Object]";
  }
}

function tooLarge(): FunctionError {
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
  return { errorType: "Function.ResponseSizeTooLarge", errorMessage };
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function reply(message: Reply, then?: () => void): void {
  send(JSON.stringify(message), then);
}
