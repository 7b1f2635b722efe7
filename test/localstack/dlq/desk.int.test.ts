// Sending parked events back on a real broker: each once, with its entry in the log, whoever does it at the same time or dies at it.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { eventSchemas } from "../../../functions/commerce/schema.ts";
import { type KafkaConnection, openConnection } from "../../../lib/kafka/client.ts";
import { schemaRegistry } from "../../../lib/registry/client.ts";
import { type Desk, type DeskTopics, desk, type ReplayOptions } from "../../../localstack/dlq/desk.ts";
import { order, purchase } from "../../functions/commerce/events.ts";
import { type Commerce, commerce, eventsOf } from "../../support/commerce.ts";
import { produce, readAll } from "../../support/kafka.ts";
import { parkedHeaders } from "../../support/letters.ts";
import { quiet } from "../../support/quiet.ts";

const open: KafkaConnection[] = [];

beforeEach(() => {
  quiet();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});

function deskOf({ topics, schemaRegistryUrl }: Commerce): Desk {
  const connection = openConnection({ brokers: inject("kafkaBrokers").split(","), owner: "desk-test" });
  open.push(connection);
  const registry = schemaRegistry(schemaRegistryUrl);
  return desk({ connection, registry, topics: deskTopics(topics), correctionGroup: "nobody" });
}

function deskTopics({ order, purchase, delivery, dead, parked, replayed }: Commerce["topics"]): DeskTopics {
  return { order, purchase, delivery, letters: dead, parked, log: replayed };
}

/** Parks events in bare JSON, as an older correction might have that could not mend them. */
async function park({ topics }: Commerce, events: readonly object[], topic = topics.order): Promise<readonly string[]> {
  const origins = events.map((_, i) => `${topic}/0/${1_000 + i}`);
  await produce(
    topics.parked,
    events.map((event, i) => ({
      key: "user-1",
      value: JSON.stringify(event),
      headers: { ...Object.fromEntries(parkedHeaders({ origin: origins[i]!, offset: i })), trace: "kept" },
    })),
  );
  return origins;
}

function options(changes: Partial<ReplayOptions> = {}): ReplayOptions & { readonly outcomes: string[] } {
  const outcomes: string[] = [];
  return {
    ...{ isWanted: () => true, why: "a test", rate: 1_000, signal: new AbortController().signal, outcomes },
    onOutcome: ({ id }, { kind }) => outcomes.push(`${id} ${kind}`),
    ...changes,
  };
}

const broken = { ...order, event_type: "ORDER" };
const hopeless = { ...order, event_name: "no such thing" };

test("a parked event goes back mended, with its origin, and ends in the table; the log says what was done", async () => {
  const pipeline = await commerce();
  const [mendable, stays] = await park(pipeline, [broken, hopeless]);
  const first = options();
  await deskOf(pipeline).replay(first);
  expect(first.outcomes.sort()).toEqual([`${mendable} sent-back`, `${stays} parked`]);

  const [sent, ...more] = await readAll(pipeline.topics.order);
  expect(more).toEqual([]);
  const headers = Object.fromEntries(Object.entries(sent!.headers).map(([name, value]) => [name, String(value)]));
  expect(headers).toEqual({ origin: mendable, attempt: "2", trace: "kept" });
  const [entry] = await readAll(pipeline.topics.replayed);
  expect(String(entry?.key)).toBe(mendable);
  expect(JSON.parse(String(entry?.value))).toMatchObject({
    ...{ origin: mendable, topic: pipeline.topics.order, attempt: 2, why: "a test" },
    changes: [{ path: "event_type", rule: "wrong case" }],
  });
  expect(String(entry?.value)).not.toContain("user-1");

  const store = await pipeline.start("order");
  for (const event of await eventsOf(pipeline.topics.order))
    expect(await store.invoke(event)).toMatchObject({ kind: "done" });
  expect((await pipeline.rows()).map(({ origin }) => origin)).toEqual([mendable]);

  // A second time there is nothing left to send.
  const second = options();
  await deskOf(pipeline).replay(second);
  expect(second.outcomes).toEqual([`${stays} parked`]);
  const states = (await deskOf(pipeline).cases()).map(({ id, state }) => `${id} ${state}`);
  expect(states.sort()).toEqual([`${mendable} sent-back`, `${stays} parked`].sort());
});

test("only what is wanted goes back, and none after the signal", async () => {
  const pipeline = await commerce();
  const [wanted] = await park(pipeline, [broken, broken]);
  await deskOf(pipeline).replay(options({ isWanted: ({ id }) => id === wanted }));
  expect(await readAll(pipeline.topics.order)).toHaveLength(1);
  await deskOf(pipeline).replay(options({ signal: AbortSignal.abort() }));
  expect(await readAll(pipeline.topics.order)).toHaveLength(1);
});

test("no more than the rate asks for", async () => {
  const pipeline = await commerce();
  await park(pipeline, Array(6).fill(broken));
  const began = performance.now();
  await deskOf(pipeline).replay(options({ rate: 10 }));
  expect(performance.now() - began).toBeGreaterThan(500);
  expect(await readAll(pipeline.topics.order)).toHaveLength(6);
});

test("two who replay at once send each event once: the later one takes over", async () => {
  const pipeline = await commerce();
  const origins = await park(pipeline, Array(40).fill(broken));
  const [one, other] = [options({ rate: 200 }), options({ rate: 200 })];
  const outcomes = await Promise.allSettled([deskOf(pipeline).replay(one), deskOf(pipeline).replay(other)]);
  expect(outcomes.some(({ status }) => status === "fulfilled")).toBe(true);
  const sent = (await readAll(pipeline.topics.order)).map(({ headers }) => String(headers.origin));
  expect(sent.sort()).toEqual([...origins].sort());
  expect((await readAll(pipeline.topics.replayed)).map(({ key }) => String(key)).sort()).toEqual([...origins].sort());
});

test("one that begins while another is at work takes over at once: nothing is sent twice", async () => {
  const pipeline = await commerce();
  const origins = await park(pipeline, Array(40).fill(broken));
  let second: Promise<void> | undefined;
  let sent = 0;
  const first = deskOf(pipeline).replay({
    ...options({ rate: 1 }), // so that it is far from its end when the other has begun
    onOutcome: () => {
      sent += 1;
      if (sent === 2) second = deskOf(pipeline).replay(options({ rate: 200 }));
    },
  });
  await expect(first).rejects.toThrow("Another replay has begun");
  await second;
  const records = await readAll(pipeline.topics.order);
  expect(records.map(({ headers }) => String(headers.origin)).sort()).toEqual([...origins].sort());
});

const program = fileURLToPath(new URL("../../support/replay-instance.ts", import.meta.url));

test.each(["before Produce 3", "after Produce 3", "before EndTxn 2", "after EndTxn 2"])(
  "killed %s, the next one sends what is left, and nothing twice",
  async (killAt) => {
    const pipeline = await commerce();
    const origins = await park(
      pipeline,
      Array(5).fill({ ...purchase, event_type: "Purchase" }),
      pipeline.topics.purchase,
    );
    const environment = {
      ...{ KILL_AT: killAt, KAFKA_BROKERS: inject("kafkaBrokers"), SCHEMA_REGISTRY_URL: pipeline.schemaRegistryUrl },
      TOPICS: JSON.stringify(deskTopics(pipeline.topics)),
    };
    const child = fork(program, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    await deskOf(pipeline).replay(options());
    const sent = await readAll(pipeline.topics.purchase);
    expect(sent.map(({ headers }) => String(headers.origin)).sort()).toEqual([...origins].sort());
    expect(await readAll(pipeline.topics.replayed)).toHaveLength(5);
    expect(eventSchemas.purchase.safeParse(purchase).success).toBe(true);
  },
);
