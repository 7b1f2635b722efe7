// A Node process with the function's variables and nothing else of ours: it can be killed at any moment, and takes nobody with it.
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { CALL_HEAD_BYTES, type Call, CHANNEL_FD, REPLY_HEAD_BYTES, type Reply } from "./runtime-protocol.ts";
import { type Sandbox, type SandboxListener, type SandboxOptions, setupOf, variablesOf } from "./sandbox.ts";

export function openProcess(options: SandboxOptions, listener: SandboxListener): Sandbox {
  const child = spawnRuntime(options);
  const channel = child.stdio[CHANNEL_FD] as Socket;
  channel.on("data", repliesIn(listener));
  channel.on("error", () => {}); // the exit tells
  child.once("error", (error) => listener.onGone(error.message));
  // Its group is what it has started itself: Lambda ends a sandbox whole.
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Nothing of it is left.
    }
  };
  child.once("exit", (code, signal) => {
    kill();
    listener.onGone(signal === null ? `exit status ${code}` : `signal: ${signal}`);
  });
  return {
    get pid() {
      return child.pid;
    },
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    isTimed: true,
    call(call, payload) {
      channel.write(framed(call, payload));
      channel.write(payload);
    },
    end: () => child.kill("SIGTERM"),
    kill,
  };
}

/** What precedes an event's bytes. */
function framed(call: Call, payload: Buffer): Buffer {
  const callBytes = Buffer.from(JSON.stringify(call));
  const head = Buffer.allocUnsafe(CALL_HEAD_BYTES);
  head.writeUInt32LE(callBytes.length, 0);
  head.writeUInt32LE(payload.length, 4);
  return Buffer.concat([head, callBytes]);
}

/** Puts chunks together to replies. */
function repliesIn({ onReply }: SandboxListener): (chunk: Buffer) => void {
  let received: Buffer[] = [];
  let receivedBytes = 0;
  return (chunk) => {
    received.push(chunk);
    receivedBytes += chunk.length;
    while (receivedBytes >= REPLY_HEAD_BYTES) {
      const all = received.length === 1 ? received[0]! : Buffer.concat(received);
      received = [all];
      const end = REPLY_HEAD_BYTES + all.readUInt32LE(0);
      if (all.length < end) return;
      received = [all.subarray(end)];
      receivedBytes = all.length - end;
      const reply: Reply = JSON.parse(all.toString("utf8", REPLY_HEAD_BYTES, end));
      onReply(reply);
    }
  };
}

function spawnRuntime(options: SandboxOptions): ChildProcess {
  const { definition, taskRoot, runtimeFile, logFd } = options;
  const setup = setupOf(options);
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
