// `--in-process` as somebody with a debugger uses it.
import { expect, test } from "vitest";
import { freshTopic, produce } from "../../support/kafka.ts";
import { until } from "../../support/until.ts";
import { fixture, isReady, start } from "./program.ts";
import { committed } from "./running.ts";

/** A debugger as editors attach one, to every thread: https://chromedevtools.github.io/devtools-protocol/tot/NodeWorker/ */
async function debuggerOf(said: string) {
  const [url = ""] = /ws:\/\/\S+/.exec(said) ?? [];
  const socket = new WebSocket(url);
  const pauses: string[] = [];
  let id = 0;
  const send = (method: string, params: object = {}) => socket.send(JSON.stringify({ id: ++id, method, params }));
  const inThread = (sessionId: string, method: string, params: object = {}) =>
    send("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify({ id: ++id, method, params }) });
  socket.onmessage = ({ data }) => {
    const { method, params } = JSON.parse(String(data));
    if (method === "NodeWorker.attachedToWorker") {
      inThread(params.sessionId, "Debugger.enable");
      inThread(params.sessionId, "Debugger.setBreakpointByUrl", { urlRegex: "handler\\.js$", lineNumber: 3 });
      inThread(params.sessionId, "Runtime.runIfWaitingForDebugger");
    }
    if (method === "NodeWorker.receivedMessageFromWorker") {
      const told = JSON.parse(params.message);
      if (told.method !== "Debugger.paused") return;
      // Every thread waits for its debugger before its first line.
      if (told.params.hitBreakpoints.length === 0) inThread(params.sessionId, "Debugger.resume");
      else pauses.push(params.sessionId);
    }
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  send("NodeWorker.enable", { waitForDebuggerOnStart: true });
  return {
    pauses,
    resume: async () => inThread(pauses[0]!, "Debugger.resume"),
    close: () => socket.close(),
  };
}

test("in process: a debugger stops in the function, past its time limit, and lets it go on", async () => {
  const topic = await freshTopic({ partitions: 1 });
  const { args, seen } = fixture(topic, {}, 1);
  const program = start([...args, "--in-process"], { node: ["--inspect=127.0.0.1:0"] });
  await until(() => isReady(program) && /ws:\S+\s/.test(program.errors()));
  const debugged = await debuggerOf(program.errors());
  try {
    await produce(topic, [{ value: "0" }]);
    const offsets = () => seen().map((line) => line.split(" ").slice(1).join(" "));
    await until(() => debugged.pauses.length === 1, "the breakpoint");
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(offsets()).toEqual([]);
    await debugged.resume();
    await until(async () => (await committed(topic, topic))[0] === 1, "the commit");
    expect(seen()).toEqual([`${program.child.pid} 0 0`]);
  } finally {
    debugged.close();
  }
  program.child.kill("SIGTERM");
  expect(await program.ended).toBe(0);
});
