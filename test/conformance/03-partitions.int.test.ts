// Group 3: partitions within an event, and side by side.
import { expect } from "vitest";
import { switchesOf } from "../../localstack/event-source/switches.ts";
import { ManualClock, settled } from "../localstack/event-source/manual-clock.ts";
import { freshTopic, kafkaClient } from "../support/kafka.ts";
import { until } from "../support/until.ts";
import { behaves } from "./behaviour.ts";
import { AT_ONCE, clientsOf, count, NOW, scene } from "./scene.ts";

const three = [0, 1, 2].flatMap((partition) => count(10, { partition }));

behaves(
  {
    behaviour: "one event may carry several partitions, each under its key topic-partition",
    source: ["with-msk-configure", "with-kafka-configure"],
    grade: "D",
  },
  async () => {
    const clock = new ManualClock(NOW);
    const { invoked, untilPolled } = await scene({ clock, records: three, partitions: 3 });
    await untilPolled(30);
    await clock.advance(500);
    const ten = Array.from({ length: 10 }, (_, i) => i);
    expect(invoked()).toEqual([{ 0: ten, 1: ten, 2: ten }]);
  },
);

behaves(
  {
    behaviour: "a partition's records come in ascending offsets, over all its events; what no reader sees leaves a gap",
    source: ["with-msk-configure", "KIP-98"],
    grade: "D/I",
  },
  async () => {
    const topic = await freshTopic({ partitions: 1 });
    await inTransactions(topic, ["a", "b", "c"]);
    const { batches, values, untilCommitted } = await scene({ topic, settings: { ...AT_ONCE, BatchSize: 1 } });
    await untilCommitted(6);
    expect(values()).toEqual(["a", "b", "c"]);
    expect(batches()).toEqual([[0], [2], [4]]); // 1, 3 and 5 are the commits' markers
  },
);

behaves(
  { behaviour: "a partition is never in two invocations at once", source: "with-msk-configure", grade: "I" },
  async () => {
    const { invoker, untilCommitted } = await scene({
      partitions: 3,
      records: [0, 1, 2].flatMap((partition) => count(100, { partition })),
      settings: { ...AT_ONCE, BatchSize: 7 },
      answer: async () => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
        return { kind: "success" };
      },
    });
    await untilCommitted(100, 100, 100);
    expect(invoker.overlaps).toEqual([]);
    expect(invoker.mostAtOnce).toBeGreaterThan(1);
  },
);

behaves(
  {
    behaviour: "a provisioned poller has at most 5 invocations at once",
    source: "kafka-scaling-modes",
    grade: "D",
  },
  async () => expect(await mostAtOnce({ ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 1 } })).toBe(5),
);

behaves(
  {
    behaviour: "on demand a mapping has 5 invocations at once, or 1",
    source: "kafka-scaling-modes",
    grade: "ND",
    emulated: { by: "on-demand-invocations" },
  },
  async () => {
    expect(await mostAtOnce({})).toBe(5);
    expect(await mostAtOnce({}, { switches: switchesOf(["on-demand-invocations=1"]) })).toBe(1);
  },
);

behaves(
  {
    behaviour: "as many pollers as MinimumPollers read a topic, and never more than it has partitions",
    source: "kafka-scaling-modes",
    grade: "D",
  },
  async () => {
    for (const [MinimumPollers, wanted] of [
      [2, 2],
      [5, 3],
    ] as const) {
      const settings = { ProvisionedPollerConfig: { MinimumPollers, MaximumPollers: 5 }, ...AT_ONCE };
      const { topic, source, untilCommitted } = await scene({ records: three, partitions: 3, settings });
      await untilCommitted(10, 10, 10);
      expect(source.status().mappings[0]?.pollers).toBe(wanted);
      await until(async () => (await clientsOf(topic)).length === wanted, `${wanted} members`);
    }
  },
);

/** Eight partitions wait, the function does not answer: how many invocations begin. */
async function mostAtOnce(settings: object, options: object = {}): Promise<number> {
  const answered = Promise.withResolvers<void>();
  const records = Array.from({ length: 8 }, (_, partition) => ({ partition, value: "x" }));
  const { invoker, untilPolled, untilCommitted } = await scene({
    ...options,
    partitions: 8,
    records,
    settings: { ...settings, ...AT_ONCE, BatchSize: 1 },
    answer: async () => {
      await answered.promise;
      return { kind: "success" };
    },
  });
  await untilPolled(8);
  await settled();
  const most = invoker.events.length;
  answered.resolve();
  await untilCommitted(1, 1, 1, 1, 1, 1, 1, 1);
  await until(() => invoker.events.length === 8);
  return most;
}

/** Each value in a transaction of its own, so that a marker follows it. */
async function inTransactions(topic: string, values: readonly string[]): Promise<void> {
  const producer = kafkaClient().producer({ transactionalId: `tx-${topic}`, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (const value of values) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value }] });
    await transaction.commit();
  }
  await producer.disconnect();
}
