// A thread of the event source's own process: one debugger sees the event source and every function. Variables and an endless loop are the
// thread's own; the working directory, memory and what ends a process (an abort, no memory left) are not. V8's limits for a thread's heap are
// no help: a handler that runs past them makes Node 24 end the whole process, or goes on without end.
import { url as debuggerUrl } from "node:inspector";
import { Worker } from "node:worker_threads";
import type { Reply, ThreadCall, ThreadData } from "./runtime-protocol.ts";
import { type Sandbox, type SandboxListener, type SandboxOptions, setupOf, variablesOf } from "./sandbox.ts";

export function openThread(options: SandboxOptions, listener: SandboxListener): Sandbox {
  const { definition, runtimeFile, logFd } = options;
  const setup = setupOf(options);
  // Lambda's; a thread has its process's time zone, whatever its own variables say.
  process.env.TZ = "UTC";
  const worker = new Worker(runtimeFile, {
    argv: [JSON.stringify(setup)],
    env: variablesOf(options, setup),
    execArgv: [],
    name: definition.name,
    workerData: { logFd } satisfies ThreadData,
    stdout: true,
    stderr: true,
  });
  let hasEnded = false;
  let wasKilled = false;
  let failure: Error | undefined;
  worker.on("message", (text: string) => listener.onReply(JSON.parse(text) as Reply));
  worker.once("error", (error) => {
    failure = error;
  });
  worker.once("exit", (code) => {
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
