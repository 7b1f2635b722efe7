// A request's records are in Kafka once, wherever its owner dies and however many make it at once.
import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { type Claims, dynamoDbClaims } from "../../../lib/http/claims.ts";
import { type Appender, appender, type NewRecord, NotAppendedError } from "../../../lib/kafka/append.ts";
import { type AppendedOnce, appendOnce, findRecords, type OnceOptions } from "../../../lib/kafka/append-once.ts";
import { openConnection } from "../../../lib/kafka/client.ts";
import { freshTopic, kafkaClient, produce, readAll } from "../../support/kafka.ts";
import { quiet } from "../../support/quiet.ts";
import { windowsTable } from "../../support/windows-table.ts";

const LOCK_MS = 20_000;
const signal = new AbortController().signal;
let place: Awaited<ReturnType<typeof windowsTable>>;
let topics: readonly [string, string];
let clockAhead: number;
let claims: Claims;
let real: Appender;
let options: OnceOptions;

beforeAll(async () => {
  place = await windowsTable();
});

beforeEach(async () => {
  quiet();
  topics = [await freshTopic({ name: "one" }), await freshTopic({ name: "two" })];
  clockAhead = 0;
  claims = dynamoDbClaims({ ...place, scope: "once", lockMs: LOCK_MS, now: () => Date.now() + clockAhead });
  real = appender(() => openConnection({ brokers: inject("kafkaBrokers").split(","), owner: "append-test" }));
  options = { appender: real, claims, find: findRecords(kafkaClient(), { name: "find" }) };
});

afterEach(async () => {
  vi.restoreAllMocks();
  await real.close();
});

function request(count = 5) {
  const id = randomUUID();
  const records = Array.from({ length: count }, (_, i): NewRecord => {
    return { topic: topics[i % 2]!, key: `user-${i % 3}`, value: Buffer.from(`${id} ${i}`) };
  });
  return { key: id, body: Buffer.from(id), records };
}

function placesOf(once: AppendedOnce) {
  expect(once.kind).toBe("appended");
  return once.kind === "appended" ? once.places : [];
}

/** Every record is in its topic once, at the place that was answered. */
async function expectOnce({ records }: ReturnType<typeof request>, once: AppendedOnce): Promise<void> {
  const places = placesOf(once);
  expect(places).toHaveLength(records.length);
  const stored = (await Promise.all(topics.map((topic) => readAll(topic)))).flat();
  for (const [i, { value }] of records.entries()) {
    const there = stored.filter((record) => record.value?.equals(value));
    expect(there.map(({ topic, partition, offset }) => ({ topic, partition, offset }))).toEqual([places[i]]);
  }
}

test("asked again it answers the same and appends nothing", async () => {
  const one = request();
  const first = await appendOnce(one, options, signal);
  const again = await appendOnce(one, options, signal);
  expect(again).toEqual({ ...first, isReplay: true });
  await expectOnce(one, again);
});

test("of many who ask at once one appends", async () => {
  const one = request();
  const all = await Promise.all(Array.from({ length: 10 }, () => appendOnce(one, options, signal)));
  const appended = all.filter(({ kind }) => kind === "appended");
  expect(appended.length).toBeGreaterThan(0);
  for (const once of appended) await expectOnce(one, once);
});

/** An owner that dies does nothing more: neither does it append, nor keep, nor release. */
const dead = { settle: () => Promise.reject(new Error("dead")), release: () => Promise.reject(new Error("dead")) };
const died = new NotAppendedError(false, new Error("dead"));

async function expectDeath(one: ReturnType<typeof request>, append: Appender["append"]): Promise<void> {
  const doomed = { ...options, claims: { ...claims, ...dead }, appender: { ...real, append } };
  await expect(appendOnce(one, doomed, signal)).rejects.toThrow(NotAppendedError);
}

const deaths: readonly [string, (records: readonly NewRecord[]) => Promise<never>][] = [
  ["before anything was sent", () => Promise.reject(died)],
  ["with everything in Kafka", (records) => real.append(records, signal).then(() => Promise.reject(died))],
  ["with some of it in Kafka", (records) => real.append(records.slice(1, 3), signal).then(() => Promise.reject(died))],
];

test.each(deaths)("an owner that died %s is followed by one that appends what is missing", async (_when, append) => {
  const one = request();
  await expectDeath(one, append);
  expect(await appendOnce(one, options, signal)).toMatchObject({ kind: "working" });
  clockAhead = LOCK_MS;
  await expectOnce(one, await appendOnce(one, options, signal));
  // And by one more, who finds what two have left.
  expect(await appendOnce(one, options, signal)).toMatchObject({ kind: "appended", isReplay: true });
});

test("what an owner sent behind a transaction that is still open is found", async () => {
  const open = kafkaClient().producer({ transactionalId: `open-${topics[0]}`, transactionTimeout: 600_000 });
  await open.connect();
  const transaction = await open.transaction();
  const messages = [0, 1, 2].map((partition) => ({ partition, value: "mended", headers: { origin: "x/0/0" } }));
  for (const topic of topics) await transaction.send({ topic, messages });
  const one = request();
  await expectDeath(one, (records) => real.append(records, signal).then(() => Promise.reject(died)));
  clockAhead = LOCK_MS;
  const once = await appendOnce(one, options, signal);
  await transaction.commit();
  await open.disconnect();
  await expectOnce(one, once);
});

test("an answer that could not be kept is found in Kafka", async () => {
  const one = request();
  const forgetful = { ...options, claims: { ...claims, settle: dead.settle } };
  const first = await appendOnce(one, forgetful, signal);
  await expectOnce(one, first);
  clockAhead = LOCK_MS;
  expect(await appendOnce(one, options, signal)).toEqual(first);
});

test("who could send nothing does not make the client wait", async () => {
  const one = request();
  const unsent = { ...real, append: () => Promise.reject(new NotAppendedError(true, new Error("no broker"))) };
  await expect(appendOnce(one, { ...options, appender: unsent }, signal)).rejects.toThrow(NotAppendedError);
  await expectOnce(one, await appendOnce(one, options, signal));
});

test("what correction has sent again is not taken for the first", async () => {
  const one = request(1);
  const doomed = { ...options, claims: { ...claims, ...dead } };
  const first = placesOf(await appendOnce(one, doomed, signal));
  const [stored] = await readAll(topics[0]);
  await produce(topics[0], [{ key: "user-0", value: "mended", headers: { ...stored?.headers, origin: "x/0/0" } }]);
  clockAhead = LOCK_MS;
  expect(placesOf(await appendOnce(one, options, signal))).toEqual(first);
});
