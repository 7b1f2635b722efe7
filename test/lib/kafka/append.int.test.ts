// Appending to a broker that stops answering: an answer in time, nothing sent later, and nothing lost after that.
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Appender, appender, NotAppendedError } from "../../../lib/kafka/append.ts";
import { openConnection } from "../../../lib/kafka/client.ts";
import { readRange } from "../../../lib/kafka/read-range.ts";
import { bytesOf } from "../../../lib/kafka/record.ts";
import { type Services, startServices } from "../../../localstack/services/services.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { quiet } from "../../support/quiet.ts";
import { root } from "../../support/source-tree.ts";
import { until } from "../../support/until.ts";

let services: Services<"kafka">;
const open: Appender[] = [];

beforeAll(async () => {
  quiet();
  services = await startServices({
    want: ["kafka"],
    from: ["embedded"],
    logsFolder: join(root, ".local", "logs", "test"),
  });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

afterAll(async () => {
  vi.restoreAllMocks();
  await services.stop();
});

function own(brokers = services.kafkaBrokers): Appender {
  const one = appender(() => openConnection({ brokers: [brokers], owner: "append" }));
  open.push(one);
  return one;
}

async function topicOf(name: string): Promise<string> {
  await createTopics(services.kafkaBrokers, { [name]: {} });
  return name;
}

/** Longer than a busy machine takes. */
const patiently = () => AbortSignal.timeout(300_000);
const record = (topic: string, text: string) => ({ topic, key: text, value: Buffer.from(text) });
const valuesIn = async (topic: string) => {
  const kafka = new Kafka({ brokers: [services.kafkaBrokers], logLevel: logLevel.NOTHING });
  return (await readRange(kafka, { topic, name: "values" })).map(({ value }) => String(bytesOf(value)));
};

test("records of several topics and partitions are told their places", async () => {
  const [one, two] = [await topicOf("one"), await topicOf("two")];
  const append = own();
  const records = Array.from({ length: 40 }, (_, i) => record(i % 3 === 0 ? one : two, `r${i}`));
  const places = [...(await append.append(records, patiently())), ...(await append.append(records, patiently()))];
  const kafka = new Kafka({ brokers: [services.kafkaBrokers], logLevel: logLevel.NOTHING });
  const stored = (await Promise.all([one, two].map((topic) => readRange(kafka, { topic, name: "places" })))).flat();
  const at = new Map(
    stored.map(({ topic, partition, offset, value }) => [`${topic}/${partition}/${offset}`, String(bytesOf(value))]),
  );
  expect(places.map(({ topic, partition, offset }) => at.get(`${topic}/${partition}/${offset}`))).toEqual(
    [...records, ...records].map(({ value }) => String(value)),
  );
  expect(await append.append([], AbortSignal.timeout(1))).toEqual([]);
});

test("a broker that is frozen is given up in time; when it thaws nothing is lost, and nothing is there twice", async () => {
  const topic = await topicOf("frozen");
  const append = own();
  await append.append([record(topic, "before")], patiently());
  await services.kafka.pause();
  // The signal takes a moment to reach every thread of the broker.
  const isFrozen = () =>
    append.append([record(topic, "freezing")], AbortSignal.timeout(300)).then(
      () => false,
      () => true,
    );
  await until(isFrozen, "the broker's silence");
  // Were it not bounded by its signal it would wait for the broker, which is frozen until it has answered.
  const error = await append.append([record(topic, "during")], AbortSignal.timeout(500)).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(NotAppendedError);
  await services.kafka.resume();
  const places = [
    ...(await append.append([record(topic, "after 1")], patiently())),
    ...(await append.append([record(topic, "after 2")], patiently())),
  ];
  expect(places).toHaveLength(2);
  const values = await valuesIn(topic);
  expect(values.filter((value) => /before|after/.test(value)).sort()).toEqual(["after 1", "after 2", "before"]);
  expect(values.filter((value) => value === "during").length).toBeLessThan(2);
});

test("where no broker listens nothing is sent, and that is said", async () => {
  const error = await own("127.0.0.1:1")
    .append([record("any", "x")], AbortSignal.timeout(400))
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(NotAppendedError);
  expect(error.isUnsent).toBe(true);
});

test("a topic that is not there is given up in time", async () => {
  const error = await own()
    .append([record("nowhere", "x")], AbortSignal.timeout(700))
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(NotAppendedError);
});

test("a broker that is killed and comes back is found again", async () => {
  const topic = await topicOf("killed");
  const append = own();
  await append.append([record(topic, "before")], patiently());
  await services.kafka.kill();
  await expect(append.append([record(topic, "during")], AbortSignal.timeout(500))).rejects.toThrow(NotAppendedError);
  await services.kafka.restart();
  await append.append([record(topic, "after")], patiently());
  expect((await valuesIn(topic)).sort()).toEqual(["after", "before"]);
});
