// Group 1: what a function receives.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { switchesOf } from "../../localstack/event-source/switches.ts";
import { brokers } from "../localstack/event-source/running.ts";
import { freshTopic, produce } from "../support/kafka.ts";
import { until } from "../support/until.ts";
import { behaves } from "./behaviour.ts";
import { produceRaw } from "./raw-produce.ts";
import { realFunction } from "./real-function.ts";
import { AT_ONCE, count, MSK, MSK_ARN, scene, valued } from "./scene.ts";

const TIME = 1_760_000_000_000;

behaves(
  {
    behaviour: "an event of a self-managed cluster says SelfManagedKafka and its brokers, and has no eventSourceArn",
    source: "with-kafka",
    grade: "D",
  },
  async () => {
    const { invoker, topic, untilInvoked } = await scene({ records: valued("a") });
    await untilInvoked(1);
    expect(invoker.events[0]).toEqual({
      eventSource: "SelfManagedKafka",
      bootstrapServers: brokers().join(","),
      records: { [`${topic}-0`]: [expect.anything()] },
    });
  },
);

behaves(
  {
    behaviour: "an event of MSK says aws:kafka, the cluster's ARN and its brokers",
    source: "with-msk",
    grade: "D",
  },
  async () => {
    const { invoker, topic, untilInvoked } = await scene({ records: valued("a"), settings: MSK });
    await untilInvoked(1);
    expect(invoker.events[0]).toEqual({
      eventSource: "aws:kafka",
      eventSourceArn: MSK_ARN,
      bootstrapServers: brokers().join(","),
      records: { [`${topic}-0`]: [expect.anything()] },
    });
  },
);

behaves(
  {
    behaviour:
      "a record has topic, partition, offset, timestamp, timestampType, key, value and headers, and nothing else",
    source: ["with-msk", "with-kafka"],
    grade: "D",
  },
  async () => {
    const records = [{ partition: 1, key: "k", value: '{"a":1}', headers: { h: "v" }, timestamp: String(TIME) }];
    const { invoker, topic, untilInvoked } = await scene({ records, partitions: 2 });
    await untilInvoked(1);
    expect(invoker.events[0]?.records).toEqual({
      [`${topic}-1`]: [
        {
          topic,
          partition: 1,
          offset: 0,
          timestamp: TIME,
          timestampType: "CREATE_TIME",
          key: "aw==",
          value: "eyJhIjoxfQ==", // nothing is decoded, JSON neither
          headers: [{ h: [118] }],
        },
      ],
    });
  },
);

behaves(
  {
    behaviour: "headers are a list of one object each in their order; a name that comes twice stays twice; none is []",
    source: "with-msk",
    grade: "D/I",
  },
  async () => {
    const records = [{ value: "a", headers: { a: ["1", "2"], b: "3" } }, { value: "b" }];
    const { invoker, topic, untilPolled, untilInvoked } = await scene({ records });
    await untilPolled(2);
    await untilInvoked(1);
    const headers = invoker.events[0]?.records[`${topic}-0`]?.map((record) => record.headers);
    expect(headers).toEqual([[{ a: [49] }, { a: [50] }, { b: [51] }], []]);
  },
);

behaves(
  {
    behaviour: "header bytes are signed: ë arrives as [-61, -85]",
    source: ["aws-powertools/powertools-lambda-python#6862", "aws/aws-lambda-go#506"],
    grade: "R",
  },
  async () => {
    const fn = realFunction("() => null");
    const { topic, untilCommitted } = await scene({ ...fn.options, records: [{ value: "a", headers: { name: "ë" } }] });
    await untilCommitted(1);
    expect(fn.events()[0]?.records[`${topic}-0`]?.[0]?.headers).toEqual([{ name: [-61, -85] }]);
  },
);

behaves(
  {
    behaviour: "a null key and a tombstone's value are absent, not null",
    source: ["kafka-filtering", "aws-powertools/powertools-lambda-typescript#5016"],
    grade: "R",
  },
  async () => {
    const { invoker, untilInvoked, topic } = await scene({ records: [{ key: null, value: null }] });
    await untilInvoked(1);
    const record = invoker.events[0]?.records[`${topic}-0`]?.[0];
    expect(Object.keys(record ?? {})).toEqual([
      "topic",
      "partition",
      "offset",
      "timestamp",
      "timestampType",
      "headers",
    ]);
  },
);

behaves({ behaviour: 'an empty key or value is "", not absent', source: "with-msk", grade: "I" }, async () => {
  const { invoker, untilInvoked, topic } = await scene({ records: [{ key: "", value: "" }] });
  await untilInvoked(1);
  expect(invoker.events[0]?.records[`${topic}-0`]?.[0]).toMatchObject({ key: "", value: "" });
});

behaves(
  {
    behaviour: "a header without a value is null, or []",
    source: "KIP-82",
    grade: "ND",
    emulated: { by: "null-headers" },
  },
  async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produceRaw(brokers(), topic, [{ offset: 0, value: Buffer.from("a"), headers: [["h", null]] }]);
    for (const [choice, value] of [
      ["null-headers=null", null],
      ["null-headers=[]", []],
    ] as const) {
      const inOwnGroup = { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: `${topic}-${choice.length}` } };
      const { invoker, untilInvoked } = await scene({ topic, switches: switchesOf([choice]), settings: inOwnGroup });
      await untilInvoked(1);
      expect(invoker.events[0]?.records[`${topic}-0`]?.[0]?.headers).toEqual([{ h: value }]);
    }
  },
);

behaves(
  {
    behaviour: "timestampType is LOG_APPEND_TIME where the topic stamps its records",
    source: "aws-powertools/powertools-lambda-typescript:packages/kafka",
    grade: "D",
  },
  async () => {
    const topic = await freshTopic({ partitions: 1, config: { "message.timestamp.type": "LogAppendTime" } });
    await produce(topic, [{ value: "a", timestamp: String(TIME) }]);
    const { invoker, untilInvoked } = await scene({ topic });
    await untilInvoked(1);
    const record = invoker.events[0]?.records[`${topic}-0`]?.[0];
    expect(record?.timestampType).toBe("LOG_APPEND_TIME");
    expect(record?.timestamp).toBeGreaterThan(TIME);
  },
);

behaves(
  {
    behaviour:
      "the published sample of an MSK event is what its record becomes: offset, timestamp, key, value and header",
    source: "with-msk",
    grade: "D",
  },
  async () => {
    const { wanted, got } = await sampleRead("msk", MSK);
    expect(got).toEqual(wanted);
  },
);

behaves(
  {
    behaviour: "the published sample of a self-managed event is what its record becomes",
    source: "with-kafka",
    grade: "D",
  },
  async () => {
    const { wanted, got } = await sampleRead("self-managed", {});
    expect(got).toEqual(wanted);
  },
);

/** Writes the sample's record where the sample has it and reads the event; topic and brokers alone can't be the sample's. */
async function sampleRead(name: "msk" | "self-managed", settings: object): Promise<{ wanted: unknown; got: unknown }> {
  const text = readFileSync(new URL(`../../events/${name}.json`, import.meta.url), "utf8");
  const sample = JSON.parse(text);
  const record = sample.records["mytopic-0"][0];
  const topic = await freshTopic({ partitions: 1, name: "mytopic" });
  const [headerKey] = Object.keys(record.headers[0]);
  await produce(topic, count(record.offset));
  await produce(topic, [
    {
      key: Buffer.from(record.key, "base64"),
      value: Buffer.from(record.value, "base64"),
      timestamp: String(record.timestamp),
      headers: { [headerKey!]: Buffer.from(record.headers[0][headerKey!]) },
    },
  ]);
  const { invoker } = await scene({ topic, settings: { ...AT_ONCE, BatchSize: 1, ...settings } });
  await until(() => invoker.events.length === record.offset + 1);
  const renamed = text.replaceAll("mytopic", topic).replaceAll(sample.bootstrapServers, brokers().join(","));
  return { wanted: JSON.parse(renamed), got: invoker.events.at(-1) };
}
