// Group 4: what is committed, and where reading starts.
import { expect } from "vitest";
import { committed as committedBy, RecordingInvoker, run, stopAll } from "../localstack/event-source/running.ts";
import { freshTopic, kafkaClient, produce } from "../support/kafka.ts";
import { until } from "../support/until.ts";
import { behaves } from "./behaviour.ts";
import { AT_ONCE, clientsOf, count, scene, valued } from "./scene.ts";

behaves(
  {
    behaviour: "the offset that is committed is the last processed one plus 1",
    source: "esm-logging",
    grade: "D",
  },
  async () => {
    const { committed, untilCommitted } = await scene({ records: count(5), settings: AT_ONCE });
    await untilCommitted(5);
    expect(await committed()).toEqual([5]);
  },
);

behaves(
  {
    behaviour: "nothing is committed before the function has succeeded",
    source: "with-msk-configure",
    grade: "D",
  },
  async () => {
    const answered = Promise.withResolvers<void>();
    const { source, untilInvoked, untilCommitted, topic } = await scene({
      records: count(5),
      settings: AT_ONCE,
      answer: async () => {
        await answered.promise;
        return { kind: "success" };
      },
    });
    await untilInvoked(1);
    // The group has its starting offset by now, and no more than that.
    await until(async () => (await committedBy(topic, topic)).length === 1);
    expect(await committedBy(topic, topic)).toEqual([0]);
    expect(source.status().mappings[0]?.partitions[0]?.doneTo).toBe(0);
    answered.resolve();
    await untilCommitted(5);
  },
);

behaves(
  { behaviour: "after a restart reading goes on at the committed offset", source: "with-msk-configure", grade: "D" },
  async () => {
    const first = await scene({ records: valued("a", "b"), settings: AT_ONCE });
    await first.untilCommitted(2);
    await first.source.stop();
    await produce(first.topic, valued("c"));
    const second = await scene({ topic: first.topic, settings: AT_ONCE });
    await second.untilInvoked(1);
    expect(second.values()).toEqual(["c"]);
  },
);

behaves(
  {
    behaviour: "delivery is at least once: what was in flight and not committed comes again after a restart",
    source: "with-msk-configure",
    grade: "D",
  },
  async () => {
    const never = Promise.withResolvers<{ kind: "success" }>();
    const first = await scene({ records: valued("a", "b"), settings: AT_ONCE, answer: () => never.promise });
    await first.untilInvoked(1);
    await first.source.stop(0);
    const second = await scene({ topic: first.topic, settings: AT_ONCE });
    await second.untilCommitted(2);
    expect(second.values()).toEqual(["a", "b"]);
  },
);

for (const { position, settings, wanted } of [
  { position: "TRIM_HORIZON starts at the oldest record", settings: {}, wanted: ["0", "1", "2"] },
  { position: "LATEST starts after the newest", settings: { StartingPosition: "LATEST" }, wanted: ["2"] },
  {
    position: "AT_TIMESTAMP starts at the first record of that time or later, in epoch seconds",
    settings: { StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: 1_760_000_001 },
    wanted: ["1", "2"],
  },
]) {
  behaves({ behaviour: position, source: "kafka-starting-positions", grade: "D" }, async () => {
    const records = ["0", "1"].map((value) => ({ value, timestamp: String(1_760_000_000_000 + Number(value) * 1000) }));
    const { send, values } = await scene({ records, settings: { ...AT_ONCE, ...settings } });
    await send({ value: "2", timestamp: "1760000002000" });
    await until(() => values().includes("2"));
    expect(values()).toEqual(wanted);
  });
}

behaves(
  {
    behaviour: "AT_TIMESTAMP after every record of a partition starts at its end",
    source: "kafka-starting-positions",
    grade: "ND",
  },
  async () => {
    const at = { StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: 1_770_000_000 };
    const { send, values } = await scene({
      records: [{ value: "old", timestamp: "1760000000000" }],
      settings: { ...AT_ONCE, ...at },
    });
    await send({ value: "new", timestamp: "1760000001000" });
    await until(() => values().length > 0);
    expect(values()).toEqual(["new"]);
  },
);

behaves(
  {
    behaviour: "a self-managed mapping without StartingPosition starts at TRIM_HORIZON",
    source: "localstack/localstack:test_create_event_source_self_managed",
    grade: "V",
  },
  async () => {
    const { values, untilInvoked } = await scene({ records: valued("a"), settings: { StartingPosition: undefined } });
    await untilInvoked(1);
    expect(values()).toEqual(["a"]);
  },
);

behaves(
  {
    behaviour: "a group that exists goes on at its offsets, whatever StartingPosition says",
    source: "kafka-consumer-group-id",
    grade: "D",
  },
  async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, valued("a", "b", "c"));
    await commit(topic, [{ partition: 0, offset: "1" }]);
    const { values, untilCommitted } = await scene({ topic, settings: { ...AT_ONCE, StartingPosition: "LATEST" } });
    await untilCommitted(3);
    expect(values()).toEqual(["b", "c"]);
  },
);

behaves(
  {
    behaviour: "in a group that exists, a partition without an offset starts at StartingPosition",
    source: "kafka-consumer-group-id",
    grade: "ND",
  },
  async () => {
    const topic = await freshTopic({ partitions: 2 });
    await produce(topic, [
      { partition: 0, value: "skipped" },
      { partition: 1, value: "first" },
    ]);
    await commit(topic, [{ partition: 0, offset: "1" }]);
    const { values, untilCommitted } = await scene({ topic, settings: AT_ONCE });
    await untilCommitted(1, 1);
    expect(values()).toEqual(["first"]);
  },
);

behaves(
  {
    behaviour: "the consumer group is the mapping's UUID when it names none",
    source: ["with-kafka-troubleshoot", "localstack/localstack:test_create_event_source_self_managed"],
    grade: "V",
  },
  async () => {
    const settings = { SelfManagedKafkaEventSourceConfig: undefined };
    const { topic, source, values, untilInvoked } = await scene({ records: valued("a"), settings });
    await untilInvoked(1);
    const uuid = source.status().mappings[0]!.consumerGroup;
    expect(uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    await until(async () => (await committedBy(uuid, topic))[0] === 1, "the commit under the mapping's UUID");
    expect(values()).toEqual(["a"]);
  },
);

behaves(
  {
    behaviour: "with other members in its group a mapping gets a part of the partitions",
    source: "kafka-consumer-group-id",
    grade: "D",
  },
  async () => {
    const first = await scene({ partitions: 2, settings: AT_ONCE });
    const second = await scene({ topic: first.topic, settings: AT_ONCE });
    const owned = () => [first, second].map(({ source }) => source.status().mappings[0]!.partitions.length);
    await until(() => String(owned()) === "1,1", "one partition each");
    await first.send({ partition: 0, value: "a" }, { partition: 1, value: "b" });
    await first.untilCommitted(1, 1);
    expect([...first.values(), ...second.values()].sort()).toEqual(["a", "b"]);
    expect(first.values().length).toBe(1);
  },
);

behaves(
  {
    behaviour: "a disabled mapping polls and invokes nothing; enabled again it goes on at the committed place",
    source: "kafka-esm-parameters",
    grade: "D",
  },
  async () => {
    const first = await scene({ records: valued("a"), settings: AT_ONCE });
    await first.untilCommitted(1);
    await stopAll();
    const disabled = new RecordingInvoker();
    const source = await run({ topic: first.topic, invoker: disabled, settings: { Enabled: false } });
    await produce(first.topic, valued("b"));
    expect(source.status().mappings[0]).toMatchObject({ isEnabled: false, partitions: [] });
    const again = await scene({ topic: first.topic, settings: AT_ONCE });
    await again.untilInvoked(1);
    expect(again.values()).toEqual(["b"]);
    expect(disabled.events).toEqual([]);
  },
);

behaves(
  {
    behaviour: "a mapping's members of the group are named by its UUID and a number",
    source: "esm-logging",
    grade: "R",
  },
  async () => {
    const { topic } = await scene({ partitions: 2, settings: { ProvisionedPollerConfig: { MinimumPollers: 2 } } });
    await until(async () => (await clientsOf(topic)).length === 2, "two members");
    const [first = "", second = ""] = await clientsOf(topic);
    expect(first).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-0$/);
    expect(second).toBe(first.replace(/0$/, "1"));
  },
);

behaves(
  {
    behaviour:
      "records of aborted transactions are seen under read_uncommitted, Kafka's default, not under read_committed",
    source: "KIP-98",
    grade: "ND",
    emulated: { by: "--isolation" },
  },
  async () => {
    const topic = await freshTopic({ partitions: 1 });
    const producer = kafkaClient().producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const end of ["abort", "commit"] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: end }] });
      await transaction[end]();
    }
    await producer.disconnect();
    const byDefault = await scene({ topic, settings: AT_ONCE });
    await byDefault.untilCommitted(4);
    expect(byDefault.values()).toEqual(["abort", "commit"]);
    const settings = { ...AT_ONCE, SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: `${topic}-committed` } };
    const { values } = await scene({ topic, isolation: "read_committed", settings });
    await until(() => values().length > 0);
    expect(values()).toEqual(["commit"]);
  },
);

/** Commits for a group of the topic's name, as an earlier consumer would have. */
async function commit(topic: string, partitions: { readonly partition: number; readonly offset: string }[]) {
  const admin = kafkaClient().admin();
  await admin.connect();
  await admin.setOffsets({ groupId: topic, topic, partitions });
  await admin.disconnect();
}
