// Execution environments, in processes and in threads: with the life that Lambda gives them.
import { describe, expect, test } from "vitest";
import { until } from "../../../support/until.ts";
import type { FixtureFunction } from "../fixture.ts";
import { openPool } from "./test-pool.ts";

describe.each([
  { where: "processes", inProcess: false },
  { where: "threads of this process", inProcess: true },
])("in $where", ({ inProcess }) => {
  const poolOf = (definition: FixtureFunction) => openPool(definition, inProcess);

  describe("handlers", () => {
    test.each<[string, FixtureFunction]>([
      ["CommonJS", { source: "exports.handler = async (event) => event.n + 1;" }],
      ["an ES module", { extension: "mjs", source: "export const handler = async (event) => event.n + 1;" }],
      ["a default export", { extension: "mjs", source: "export default { handler: async (event) => event.n + 1 };" }],
      ["a .cjs file", { extension: "cjs", source: "exports.handler = async (event) => event.n + 1;" }],
      [
        "a nested export",
        { handler: "handler.deep.fn", source: "exports.deep = { fn: async (event) => event.n + 1 };" },
      ],
      [
        "a folder's index.js",
        {
          handler: "orders.handler",
          file: "orders/index.js",
          source: "exports.handler = async (event) => event.n + 1;",
        },
      ],
      ["a plain value", { source: "exports.handler = (event) => event.n + 1;" }],
      [
        "a callback",
        {
          source:
            "exports.handler = (event, context, callback) => { setTimeout(() => callback(null, event.n + 1), 5); };",
        },
      ],
      [
        "three parameters and a promise",
        { source: "exports.handler = async (event, context, callback) => event.n + 1;" },
      ],
    ])("%s", async (_kind, definition) => expect(await poolOf(definition).answer({ n: 1 })).toBe(2));

    test("an alias of the function is the function, and code in the template is its index.js", async () => {
      const inline = { ZipFile: "exports.handler = async () => __filename;" };
      const { pool } = poolOf({ source: "", handler: "index.handler", properties: { Code: inline } });
      const result = await pool.invoke({ functionName: "fixture-dev-count:live", payload: Buffer.from("{}") });
      expect(result).toMatchObject({ kind: "success", response: expect.stringMatching(/index\.js$/) });
    });

    test("no answer is null", async () =>
      expect(await poolOf({ source: "exports.handler = async () => {};" }).answer()).toBeNull());

    test("the context says what Lambda's says", async () => {
      const source = `exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });`;
      expect(await poolOf({ source, timeoutSeconds: 900, memoryMb: 192 }).answer()).toEqual({
        callbackWaitsForEmptyEventLoop: true,
        functionName: "fixture-dev-count",
        functionVersion: "$LATEST",
        invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:fixture-dev-count",
        memoryLimitInMB: "192",
        awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        logGroupName: "/aws/lambda/fixture-dev-count",
        logStreamName: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
        left: expect.toSatisfy((left: number) => left > 600_000 && left <= 900_000),
      });
    });

    test("variables are the template's and Lambda's own, and nothing of ours", async () => {
      process.env.OURS = "secret";
      const source = "exports.handler = async () => process.env;";
      const variables = await poolOf({ source, environment: { TOPIC: "orders", N: 5 } }).answer();
      delete process.env.OURS;
      expect(variables).toMatchObject({
        TOPIC: "orders",
        N: "5",
        AWS_REGION: "us-east-1",
        AWS_LAMBDA_FUNCTION_NAME: "fixture-dev-count",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
        _HANDLER: "handler.handler",
      });
      expect(variables).not.toHaveProperty("OURS");
      expect(variables).not.toHaveProperty("KAFKA_BROKERS");
    });

    test("an event of megabytes arrives whole", async () => {
      const { answer } = poolOf({ source: "exports.handler = async (event) => [event.text.length, event.last];" });
      const text = "x".repeat(6_000_000);
      for (let i = 0; i < 3; i++) expect(await answer({ text, last: i })).toEqual([6_000_000, i]);
    });
  });

  describe("errors", () => {
    test.each<[string, FixtureFunction, object]>([
      [
        "thrown",
        { source: "exports.handler = async () => { throw new TypeError('no'); };" },
        { errorType: "TypeError", errorMessage: "no" },
      ],
      [
        "thrown at once",
        { source: "exports.handler = () => { throw new Error('no'); };" },
        { errorType: "Error", errorMessage: "no" },
      ],
      [
        "given to the callback",
        { source: "exports.handler = (e, c, callback) => { callback(new Error('no')); };" },
        { errorMessage: "no" },
      ],
      [
        "that is no Error",
        { source: "exports.handler = async () => { throw 'text'; };" },
        { errorType: "string", errorMessage: "text" },
      ],
      [
        "that JSON can't say",
        { source: "exports.handler = async () => { throw 10n; };" },
        { errorType: "bigint", errorMessage: "10" },
      ],
      [
        "that is in itself",
        { source: "exports.handler = async () => { const own = {}; own.own = own; throw own; };" },
        { errorType: "object", errorMessage: "[object Object]" },
      ],
      [
        "uncaught, outside of the handler's promise",
        {
          source: "exports.handler = () => new Promise(() => { setTimeout(() => { throw new Error('late'); }, 1); });",
        },
        { errorType: "Runtime.UncaughtException", errorMessage: "late" },
      ],
      [
        "a rejection nobody handles",
        { source: "exports.handler = () => { Promise.reject(new Error('lost')); return new Promise(() => {}); };" },
        { errorType: "Runtime.UnhandledPromiseRejection", errorMessage: "lost" },
      ],
      [
        "the process exits",
        { source: "exports.handler = async () => process.exit(3);" },
        { errorType: "Runtime.ExitError", errorMessage: expect.stringContaining("exit status 3") },
      ],
      [
        "an answer over 6 MB",
        { source: "exports.handler = async () => 'x'.repeat(6291557);" },
        { errorType: "Function.ResponseSizeTooLarge", errorMessage: expect.stringContaining("6291556 bytes") },
      ],
      ["no such export", { source: "exports.other = 1;" }, { errorType: "Runtime.HandlerNotFound" }],
      ["no such file", { handler: "missing.handler", source: "" }, { errorType: "Runtime.ImportModuleError" }],
      ["init throws", { source: "throw new RangeError('init');" }, { errorType: "RangeError", errorMessage: "init" }],
    ])("%s", async (_what, definition, error) => {
      const { invoke } = poolOf(definition);
      expect(await invoke()).toMatchObject({ kind: "function-error", error });
    });

    test.each([
      ["over the time limit", "return new Promise(() => {});"],
      ["over the time limit in a loop that never yields", "for (;;);"],
    ])("%s", async (_what, hang) => {
      const source = `exports.handler = async (event) => { if (event.hang) { ${hang} } };`;
      const { invoke } = poolOf({ timeoutSeconds: 1, source });
      await until(async () => (await invoke()).kind === "success"); // its start has a limit too
      expect(await invoke({ hang: true })).toMatchObject({
        kind: "function-error",
        error: { errorType: "Sandbox.Timedout", errorMessage: expect.stringContaining("timed out after 1.00 seconds") },
      });
    });

    test.each([
      ["uncaught", "setTimeout(() => { throw new Error('late'); }, 1); await new Promise(() => {});"],
      ["a rejection while it works", "Promise.reject(new Error('lost')); await new Promise(() => {});"],
      ["a rejection beside its answer", "Promise.reject(new Error('lost')); return 'done';"],
    ])("what ends an environment fails its own event and not the next: %s", async (_what, body) => {
      const { invoke } = poolOf({
        source: `exports.handler = async (event) => { if (event.good) return 1; ${body} };`,
      });
      for (let i = 0; i < 3; i++) {
        expect(await invoke()).toMatchObject({ kind: "function-error" });
        expect(await invoke({ good: true })).toMatchObject({ kind: "success" });
      }
    });

    test("after a crash the next event has a new environment", async () => {
      const source = "let n = 0; exports.handler = async (event) => { if (event.die) process.exit(1); return ++n; };";
      const { answer, invoke } = poolOf({ source });
      expect([await answer(), await answer()]).toEqual([1, 2]);
      expect(await invoke({ die: true })).toMatchObject({ kind: "function-error" });
      expect(await answer()).toBe(1);
    });

    test("what was said before an endless loop is in the log, and the time is UTC", async () => {
      const { invoke, log } = poolOf({
        timeoutSeconds: 1,
        source: "exports.handler = async () => { console.log(String(new Date(0))); console.error('last'); for (;;); };",
      });
      await until(async () => {
        await invoke();
        return log().includes("last"); // it had the time to say it
      });
      expect(log()).toMatch(/^Thu Jan 01 1970 00:00:00 GMT\+0000 .*\nlast\n/m);
    });

    test("errors and output are in the function's log", async () => {
      const { invoke, log } = poolOf({
        source: "exports.handler = async () => { console.log('hello'); throw new Error('no'); };",
      });
      await invoke();
      expect(log().indexOf("hello\n")).toBeLessThan(log().indexOf('"errorMessage":"no"'));
      expect(log()).toContain('"errorMessage":"no"');
    });
  });

  describe("environments", () => {
    const slow = {
      source: `const me = crypto.randomUUID();
        exports.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 30)); return me; };`,
    };

    test("an invocation's duration is without its environment's init", async () => {
      const source = "for (const end = Date.now() + 1000; Date.now() < end; ); exports.handler = async () => {};";
      await until(async () => (await poolOf({ source }).invoke()).durationMs < 1000); // also where one is slow
    });

    test("one event at a time: two at once are two environments, one after the other is one", async () => {
      const { answer } = poolOf(slow);
      const [first, second] = await Promise.all([answer(), answer()]);
      expect(first).not.toBe(second);
      expect([first, second]).toContain(await answer());
    });

    test("a partition goes to the environment that served it last", async () => {
      const { answer } = poolOf(slow);
      const [a, b] = await Promise.all([answer({}, "t-0"), answer({}, "t-1")]);
      expect(await answer({}, "t-1")).toBe(b);
      expect(await answer({}, "t-0")).toBe(a);
    });

    test("over its reserved concurrency the function is throttled", async () => {
      const { invoke } = poolOf({ ...slow, properties: { ReservedConcurrentExecutions: 1 } });
      const [first, second] = await Promise.all([invoke(), invoke()]);
      expect([first.kind, second.kind]).toEqual(["success", "not-delivered"]);
      expect((await invoke()).kind).toBe("success");
    });
  });
});

describe("a process", () => {
  test("that is out of memory is gone, and nothing else", async () => {
    const source = `exports.handler = async (event) => {
      for (const full = []; event.fill; ) full.push(new Array(1000).fill(full.length));
      return "ok";
    };`;
    const { invoke, answer } = openPool({ memoryMb: 128, source });
    expect(await invoke({ fill: true })).toMatchObject({
      kind: "function-error",
      error: { errorType: "Runtime.ExitError" },
    });
    expect(await answer()).toBe("ok");
  });

  test("killed with -9 in the middle of an invocation is a function error", async () => {
    const { pool, invoke, answer } = openPool({
      source: "exports.handler = (event) => event.wait ? new Promise(() => {}) : 'ok';",
    });
    await answer();
    const result = invoke({ wait: true });
    await until(() => pool.environments().some(({ isBusy }) => isBusy));
    process.kill(pool.environments()[0]!.pid!, "SIGKILL");
    expect(await result).toMatchObject({
      kind: "function-error",
      error: { errorMessage: expect.stringContaining("signal: SIGKILL") },
    });
    expect(await answer()).toBe("ok");
  });

  test("is told to end, and made to", async () => {
    const source =
      "process.on('SIGTERM', () => { console.log('closing'); process.exit(0); }); exports.handler = async () => process.pid;";
    await until(async () => {
      const { pool, answer, log } = openPool({ source });
      const pid = (await answer()) as number;
      await pool.stop();
      expect(() => process.kill(pid, 0)).toThrow();
      return log().includes("closing"); // it had the time to say it
    });
  });
});
