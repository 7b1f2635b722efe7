// One transaction over several topics, with a memo: what was published and what is remembered of it change together, whoever goes on.
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { type KafkaConnection, openConnection } from "../../../lib/kafka/client.ts";
import { ExactlyOnceProducer, type Publication } from "../../../lib/kafka/exactly-once.ts";
import { freshTopic, produce, readAll } from "../../support/kafka.ts";
import { quiet } from "../../support/quiet.ts";

let open: KafkaConnection[];

beforeEach(() => {
  open = [];
  quiet();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.map((connection) => connection.close()));
});

test("messages go to the topics they name, and a successor remembers what was published last", async () => {
  const [source = "", first = "", second = ""] = await Promise.all(
    ["source", "first", "second"].map((name) => freshTopic({ name })),
  );
  const group = `memo-${randomUUID().slice(0, 8)}`;
  const producer = () => {
    const connection = openConnection({ brokers: inject("kafkaBrokers").split(","), owner: group });
    open.push(connection);
    return new ExactlyOnceProducer(connection, { group, source: { topic: source, partition: 0 }, outputTopic: first });
  };
  await produce(
    source,
    Array.from({ length: 8 }, () => ({ partition: 0, value: "x" })),
  );
  const records = await readAll(source);
  const marks = (from: number, to: number) => records.slice(from, to);
  const remembered: (string | undefined)[] = [];
  const publication =
    (offsets: readonly number[]) =>
    (from: number, memo: string | undefined): Publication => {
      remembered.push(memo);
      const messages = offsets
        .filter((offset) => offset >= from)
        .map((offset) => ({ value: String(offset), ...(offset % 2 === 0 ? {} : { topic: second }) }));
      return { messages, memo: `up to ${offsets.at(-1)}` };
    };

  await producer().publishWithMemo(marks(0, 4), publication([0, 1, 2, 3]));
  await producer().publishWithMemo(marks(0, 6), publication([0, 1, 2, 3, 4, 5]));
  await producer().publishWithMemo(marks(6, 7), () => ({ messages: [] }));
  await producer().publishWithMemo(marks(6, 8), publication([6, 7]));

  expect(remembered).toEqual([undefined, "up to 3", "up to 5"]);
  const values = async (topic: string) => (await readAll(topic)).map(({ value }) => String(value)).sort();
  expect(await values(first)).toEqual(["0", "2", "4", "6"]);
  expect(await values(second)).toEqual(["1", "3", "5", "7"]);
});
