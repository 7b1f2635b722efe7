// Beyond AWS's own: what others wrote to read such events and to answer them takes ours, in real function environments.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import avro from "avsc";
import { expect } from "vitest";
import type { Answering } from "../localstack/event-source/running.ts";
import { pythonEnvironment } from "../support/python-tool.ts";
import { root } from "../support/source-tree.ts";
import { behaves } from "./behaviour.ts";
import { realFunction } from "./real-function.ts";
import { AT_ONCE, count, MSK, PARTIAL, scene } from "./scene.ts";

const POWERTOOLS = "Powertools for TypeScript 2.35.0";
const POWERTOOLS_PYTHON = "aws-lambda-powertools==3.37.0";
const READS = { ...PARTIAL, ...AT_ONCE };

behaves(
  {
    behaviour: "kafkaConsumer of Powertools reads JSON values, text keys and headers, null keys and tombstones",
    source: `${POWERTOOLS}: kafka`,
    grade: "S",
  },
  async () => {
    const fn = realFunction(`require("@aws-lambda-powertools/kafka").kafkaConsumer(
      async ({ records }) => { for (const { key, value, headers, timestampType } of records) note({ key, value, headers, timestampType }); },
      { value: { type: "json" } },
    )`);
    const records = [
      { key: "käse", value: '{"price":1.5}', headers: { origin: "ë", trace: ["1", "2"] } },
      { key: null, value: null },
    ];
    const { untilCommitted } = await scene({ ...fn.options, records, settings: { ...MSK, ...AT_ONCE } });
    await untilCommitted(2);
    expect(fn.notes()).toEqual([
      {
        key: "käse",
        value: { price: 1.5 },
        headers: [{ origin: "ë" }, { trace: "1" }, { trace: "2" }],
        timestampType: "CREATE_TIME",
      },
      { headers: [], timestampType: "CREATE_TIME" },
    ]);
  },
);

behaves(
  { behaviour: "kafkaConsumer of Powertools reads Avro values", source: `${POWERTOOLS}: kafka`, grade: "S" },
  async () => {
    const schema = {
      type: "record",
      name: "Trade",
      fields: [
        { name: "s", type: "string" },
        { name: "t", type: "long" },
      ],
    };
    const fn = realFunction(`require("@aws-lambda-powertools/kafka").kafkaConsumer(
      async ({ records }) => { for (const { value } of records) note(value); },
      { value: { type: "avro", schema: ${JSON.stringify(JSON.stringify(schema))} } },
    )`);
    const value = avro.Type.forSchema(schema as avro.Schema).toBuffer({ s: "BTCUSDT", t: 7 });
    const { untilCommitted } = await scene({ ...fn.options, records: [{ value }], settings: AT_ONCE });
    await untilCommitted(1);
    expect(fn.notes()).toEqual([{ s: "BTCUSDT", t: 7 }]);
  },
);

for (const [kind, schema, settings] of [
  ["MSK", "KafkaMskEventSchema", MSK],
  ["a self-managed cluster", "KafkaSelfManagedEventSchema", {}],
] as const) {
  behaves(
    {
      behaviour: `the parser of Powertools takes events of ${kind}, by its schema and by its envelope`,
      source: `${POWERTOOLS}: parser`,
      grade: "S",
    },
    async () => {
      const fn = realFunction(`(event) => {
        const { z } = require("zod");
        const { ${schema} } = require("@aws-lambda-powertools/parser/schemas/kafka");
        const { KafkaEnvelope } = require("@aws-lambda-powertools/parser/envelopes/kafka");
        const [[record]] = Object.values(${schema}.parse(event).records);
        note({ key: record.key, value: record.value, headers: record.headers });
        note(KafkaEnvelope.parse(event, z.string()));
      }`);
      const records = [{ key: "k", value: "v", headers: { h: "text" } }];
      const { untilCommitted } = await scene({ ...fn.options, records, settings: { ...AT_ONCE, ...settings } });
      await untilCommitted(1);
      expect(fn.notes()).toEqual([{ key: "k", value: "v", headers: [{ h: "text" }] }, ["v"]]);
    },
  );
}

behaves(
  {
    behaviour:
      "the parser of Powertools takes neither a tombstone nor a header outside of ASCII: as AWS sends them, so do we",
    source: [`${POWERTOOLS}: parser`, "aws-powertools/powertools-lambda-python#6862"],
    grade: "S",
  },
  async () => {
    const fn = realFunction(`(event) => {
      const { KafkaSelfManagedEventSchema } = require("@aws-lambda-powertools/parser/schemas/kafka");
      try { KafkaSelfManagedEventSchema.parse(event); note("taken"); } catch (error) { note("refused"); }
    }`);
    const records = [
      { key: "k", value: null },
      { value: "v", headers: { h: "ë" } },
      { value: "v", headers: { h: "e" } },
    ];
    const { untilCommitted } = await scene({ ...fn.options, records, settings: { ...AT_ONCE, BatchSize: 1 } });
    await untilCommitted(3);
    expect(fn.notes()).toEqual(["refused", "refused", "taken"]);
  },
);

for (const [kind, settings] of [
  ["MSK", MSK],
  ["a self-managed cluster", {}],
] as const) {
  behaves(
    {
      behaviour: `middy's event-normalizer reads the JSON values of ${kind}`,
      source: "middyjs/middy: event-normalizer 6.4.5",
      grade: "S",
    },
    async () => {
      const fn = realFunction(`async (event) => {
        const { default: middy } = await import("@middy/core");
        const { default: normalize } = await import("@middy/event-normalizer");
        await middy().use(normalize()).handler((event) => note(Object.values(event.records)[0].map(({ value }) => value)))(event, {});
      }`);
      const records = [{ value: '{"a":1}' }, { value: "text" }, { value: null }];
      const { untilCommitted } = await scene({ ...fn.options, records, settings: { ...AT_ONCE, ...settings } });
      await untilCommitted(3);
      expect(fn.notes()).toEqual([[{ a: 1 }, "text", null]]);
    },
  );
}

behaves(
  {
    behaviour: "the answers of Powertools for Python's batch processor are understood: what failed comes again, alone",
    source: "Powertools for Python 3.37.0: batch",
    grade: "S",
  },
  async () => {
    const bin = await pythonEnvironment([POWERTOOLS_PYTHON]);
    const { batches, logged, untilCommitted } = await scene({
      records: count(4),
      settings: READS,
      answer: (event, attempt) => python(bin, event, attempt === 1 ? ["1", "3"] : []),
    });
    await untilCommitted(4);
    expect(batches()).toEqual([
      [0, 1, 2, 3],
      [1, 3],
    ]);
    expect(logged.filter(({ message }) => message.includes("AWS documents"))).toEqual([]);
  },
);

behaves(
  {
    behaviour: "where every record fails, that processor raises: a function error, the whole batch again",
    source: "Powertools for Python 3.37.0: batch",
    grade: "S",
  },
  async () => {
    const bin = await pythonEnvironment([POWERTOOLS_PYTHON]);
    const { batches, counters, untilCommitted } = await scene({
      records: count(2),
      settings: READS,
      answer: (event, attempt) => python(bin, event, attempt === 1 ? ["0", "1"] : []),
    });
    await untilCommitted(2);
    expect(batches()).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(counters().invokeErrorCount).toBe(1);
  },
);

/** What powertools_batch.py answers to an event when it is told to fail for these values. */
async function python(bin: string, event: Parameters<Answering>[0], failing: readonly string[]) {
  const script = join(root, "test/conformance/powertools_batch.py");
  const child = spawn(join(bin, "python"), [script, ...failing], { stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.end(JSON.stringify(event));
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return code === 0
    ? ({ kind: "success", response: JSON.parse(output) } as const)
    : ({ kind: "function-error" } as const);
}
