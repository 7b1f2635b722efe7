// Good and broken events of every kind through real services, delivered again and again: each ends in exactly one of two places, as it was meant.
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { commerceKinds, endOf } from "../../../events/generate/commerce-kinds.ts";
import { eventEncoders } from "../../../functions/commerce/encoders.ts";
import { migrations } from "../../../functions/commerce/row.ts";
import { type EventType, eventTypes } from "../../../functions/commerce/schema.ts";
import { openConnection } from "../../../lib/kafka/client.ts";
import { partitionByKey } from "../../../lib/kafka/partitioner.ts";
import { database } from "../../../lib/postgres/database.ts";
import { schemaRegistry } from "../../../lib/registry/client.ts";
import { desk } from "../../../localstack/dlq/desk.ts";
import { type Commerce, commerce, type Instance, settle } from "../../support/commerce.ts";
import { expectEachInOnePlace, originIn, sendTraffic } from "../../support/commerce-traffic.ts";
import { kafkaClient, readAll } from "../../support/kafka.ts";
import { until } from "../../support/until.ts";
import { samples } from "./events.ts";
import { garbage, garbageRecord } from "./garbage.ts";

/** Runs each function in an environment of its own, as the event source does: what fails is delivered again. */
function runnerOf(pipeline: Commerce) {
  const instances = new Map<string, Instance>();
  return async (name: EventType | "correct", event: unknown) => {
    const instance = instances.get(name) ?? (await pipeline.start(name));
    instances.set(name, instance);
    await until(async () => {
      expect(await instance.invoke(event)).toMatchObject({ kind: "done" });
      return true;
    }, `the end of ${name}'s batch`);
  };
}

test("every event ends in exactly one of processed_events and events_parked, however often it is delivered", async () => {
  const pipeline = await commerce();
  const sent = await sendTraffic(pipeline, { count: 600, badPercent: 60 });
  expect(new Set(sent.map(({ kind }) => kind))).toEqual(new Set(["good", ...commerceKinds]));
  await settle(pipeline, runnerOf(pipeline));
  await expectEachInOnePlace(pipeline, sent);

  const letters = await readAll(pipeline.topics.dead);
  const first = letters.find((letter) => String(letter.headers["dead-letter.reason"]) === "unknown-schema")!;
  const origin = originIn(first);
  expect(Object.fromEntries(Object.entries(first.headers).map(([name, value]) => [name, String(value)]))).toEqual({
    "dead-letter.topic": origin.split("/")[0],
    "dead-letter.partition": origin.split("/")[1],
    "dead-letter.offset": origin.split("/")[2],
    "dead-letter.timestamp": expect.stringMatching(/^\d{13}$/),
    "dead-letter.reason": "unknown-schema",
    "dead-letter.message": expect.stringContaining("the registry has no schema"),
    "dead-letter.attempt": "1",
    "dead-letter.time": expect.stringMatching(/^\d{4}-.*Z$/),
    origin,
  });
  const originals = await readAll(origin.split("/")[0]!);
  const original = originals.find(({ partition, offset }) => origin.endsWith(`/${partition}/${offset}`))!;
  expect({ key: first.key, value: first.value }).toEqual({ key: original.key, value: original.value });

  // Nothing went round more than once: what is mended is right.
  const parked = sent.filter(({ kind }) => endOf(kind) === "events_parked").length;
  const mended = letters.length - parked;
  expect(letters.every(({ headers }) => String(headers["dead-letter.attempt"]) === "1")).toBe(true);
  expect(mended).toBeGreaterThan(50);
});

test("records as senders get them wrong are all accounted for, and stop nothing", async () => {
  const pipeline = await commerce();
  const registry = schemaRegistry(pipeline.schemaRegistryUrl);
  const encoders = eventEncoders(registry, pipeline.topics);
  const valid = await Promise.all(eventTypes.map((type) => encoders[type].encode(samples[type])));
  const tree = { type: "record", name: "Tree", fields: [{ name: "child", type: ["null", "Tree"] }] };
  const anyObject = { $schema: "http://json-schema.org/draft-07/schema#", type: "object" };
  const ids = {
    jsonId: await registry.register("loose_event-value", JSON.stringify(anyObject), "JSON"),
    treeId: await registry.register("tree-value", JSON.stringify(tree)),
  };
  const records = fc.sample(garbageRecord(garbage({ valid, ...ids })), { numRuns: 400, seed: 11 });

  const producer = kafkaClient().producer({ idempotent: true, createPartitioner: partitionByKey(0) });
  await producer.connect();
  const sent: string[] = [];
  for (const [i, { value, key, headers }] of records.entries()) {
    const topic = pipeline.topics[eventTypes[i % 3]!];
    // Whoever says that a record is another one again is believed: that would not be accounted for.
    const honest = headers.filter(([name, text]) => name !== "origin" && text !== null) as [string, string][];
    const messages = [{ key, value, headers: Object.fromEntries(honest) }];
    const [answer] = await producer.send({ topic, messages });
    sent.push(`${topic}/${answer!.partition}/${answer!.baseOffset}`);
  }
  await producer.disconnect();

  await settle(pipeline, runnerOf(pipeline));
  const rows = (await pipeline.rows()).map(({ origin }) => origin);
  const parked = (await readAll(pipeline.topics.parked)).map(originIn);
  expect([...rows, ...parked].sort()).toEqual(sent.sort());
  expect(rows.length).toBeGreaterThan(3);
  expect(parked.length).toBeGreaterThan(100);
});

test("an event that the database refuses is parked after three more tries, and stored by a replay once the database takes it", async () => {
  const pipeline = await commerce();
  const run = runnerOf(pipeline);
  const sent = await sendTraffic(pipeline, { count: 60, badPercent: 0 });
  const db = database({ url: pipeline.databaseUrl, migrations });
  await db.query("ALTER TABLE processed_events ADD CONSTRAINT no_carts CHECK (event_name <> 'added_to_cart')");
  const carts = sent.filter(({ facts }) => facts.event.event_name === "added_to_cart").map(({ origin }) => origin);
  await settle(pipeline, run);
  expect((await pipeline.rows()).length).toBe(sent.length - carts.length);
  const letters = await readAll(pipeline.topics.dead);
  for (const origin of carts) {
    const own = letters.filter((letter) => originIn(letter) === origin).map(({ headers }) => headers);
    expect(own.map((headers) => String(headers["dead-letter.attempt"])).sort()).toEqual(["1", "2", "3", "4"]);
    expect(new Set(own.map((headers) => String(headers["dead-letter.reason"])))).toEqual(new Set(["not-stored"]));
  }
  const parked = await readAll(pipeline.topics.parked);
  expect(parked.map(originIn).sort()).toEqual([...carts].sort());
  expect(String(parked[0]?.headers["parked.reason"])).toBe("corrected-too-often");
  expect(String(parked[0]?.headers["parked.message"])).toMatch(/refuses the row: SQLSTATE 23514, constraint no_carts/);

  await db.query("ALTER TABLE processed_events DROP CONSTRAINT no_carts");
  await db.close();
  const connection = openConnection({ brokers: inject("kafkaBrokers").split(","), owner: "desk" });
  const { order, purchase, delivery, dead, parked: parkedTopic, replayed } = pipeline.topics;
  const person = desk({
    ...{ connection, registry: schemaRegistry(pipeline.schemaRegistryUrl), correctionGroup: "nobody" },
    topics: { order, purchase, delivery, letters: dead, parked: parkedTopic, log: replayed },
  });
  const signal = new AbortController().signal;
  await person.replay({
    isWanted: () => true,
    why: "no_carts is gone",
    rate: 1_000,
    signal,
    onOutcome: () => undefined,
  });
  await connection.close();
  await settle(pipeline, run);
  expect((await pipeline.rows()).map(({ origin }) => origin).sort()).toEqual(sent.map(({ origin }) => origin).sort());
  expect((await readAll(replayed)).map(({ key }) => String(key)).sort()).toEqual([...carts].sort());
});
