// A thread of the event source's own process: one debugger sees the event source and every function. Variables and an endless loop are the
// thread's own; the working directory, memory and what ends a process (an abort, no memory left) are not. V8's limits for a thread's heap are
// no help: a handler that runs past them makes Node 24 end the whole process, or goes on without end.
import { writeSync } from "node:fs";
import { url as debuggerUrl } from "node:inspector";
import { Worker } from "node:worker_threads";
import type { Reply, ThreadCall } from "./runtime-protocol.ts";
import { type Sandbox, type SandboxListener, type SandboxOptions, setupOf, variablesOf } from "./sandbox.ts";

export function openThread(options: SandboxOptions, listener: SandboxListener): Sandbox {
  const { definition, runtimeFile, logFd } = options;
  const setup = setupOf(options);
  const worker = new Worker(runtimeFile, {
    argv: [JSON.stringify(setup)],
    env: variablesOf(options, setup),
    execArgv: [],
    name: definition.name,
    stdout: true,
    stderr: true,
  });
  let hasEnded = false;
  let wasKilled = false;
  let failure: Error | undefined;
  const outputs = [worker.stdout, worker.stderr];
  for (const output of outputs) output.on("data", (chunk: Buffer) => writeSync(logFd, chunk));
  worker.on("message", (text: string) => listener.onReply(JSON.parse(text) as Reply));
  worker.once("error", (error) => {
    failure = error;
  });
  const exited = new Promise<number>((resolve) => worker.once("exit", resolve));
  // Its last words may come after its end.
  const silent = outputs.map((output) => new Promise((resolve) => output.once("close", resolve)));
  void Promise.all([exited, ...silent]).then(([code]) => {
    hasEnded = true;
    listener.onGone(wasKilled ? "signal: killed" : (failure?.message ?? `exit status ${code}`));
  });
  const kill = () => {
    wasKilled = true;
    void worker.terminate();
  };
  return {
    pid: process.pid,
    get hasEnded() {
      return hasEnded;
    },
    // Breakpoints take their time.
    get isTimed() {
      return debuggerUrl() === undefined;
    },
    call: (call, payload) => worker.postMessage({ call, event: payload.toString("latin1") } satisfies ThreadCall),
    end: kill, // a thread gets no signals; nor does a function on Lambda that has no extension
    kill,
  };
}
