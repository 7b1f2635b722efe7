// kill -9 of the rides function at every step of its transaction and at any moment: after redelivery each ride is there once, in order.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, expect, inject, test } from "vitest";
import type { KafkaEvent, WireRecord } from "../../../lib/kafka/event.ts";
import { freshTopic, produce, readAll } from "../../support/kafka.ts";
import { kafkaEvent } from "../../support/kafka-event.ts";
import { wireRecordsOf } from "../../support/topic-events.ts";
import { until } from "../../support/until.ts";
import { rawRide } from "./ride.ts";

const program = fileURLToPath(new URL("../../support/rides-instance.ts", import.meta.url));

interface Topics {
  readonly input: string;
  readonly output: string;
  readonly deadLetters: string;
}

const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

async function rideTopics(): Promise<Topics> {
  const [input, output, deadLetters] = await Promise.all(
    ["rides", "enriched", "dlq"].map((name) => freshTopic({ name })),
  );
  return { input: input!, output: output!, deadLetters: deadLetters! };
}

type Answer = { readonly kind: "ready" | "done" } | { readonly kind: "failed"; readonly message: string };

async function start({ input, output, deadLetters }: Topics, killAt = ""): Promise<ChildProcess> {
  const environment = {
    KAFKA_BROKERS: inject("kafkaBrokers"),
    AWS_LAMBDA_FUNCTION_NAME: `enrich-${input}`,
    ENRICHED_TOPIC: output,
    DEAD_LETTER_TOPIC: deadLetters,
    BRL_PER_USD: "5.42",
    KILL_AT: killAt,
  };
  const child = fork(program, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  expect(await answer(child)).toEqual({ kind: "ready" });
  return child;
}

/** What the instance says next, or undefined where it is killed first. */
function answer(child: ChildProcess): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  child.once("message", (message) => resolve(message as Answer));
  child.once("exit", () => resolve(undefined));
  return promise;
}

function deliver(child: ChildProcess, event: KafkaEvent): Promise<Answer | undefined> {
  child.send(event, () => undefined);
  return answer(child);
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** Every tenth record is poison. */
async function rides({ input }: Topics, count: number): Promise<readonly (readonly WireRecord[])[]> {
  const messages = Array.from({ length: count }, (_, i) => {
    const ride = rawRide({ user_id: i, id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}` });
    return { partition: i % 3, key: ride.id, value: i % 10 === 9 ? `not a ride ${i}` : JSON.stringify(ride) };
  });
  await produce(input, messages);
  return [...(await wireRecordsOf(input)).values()];
}

async function expectEachOnce({ output, deadLetters }: Topics, count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, i) => i);
  const found = (await readAll(output)).map(({ partition, value }) => ({ partition, user: userOf(value) }));
  expect(found.map(({ user }) => user).sort(byNumber)).toEqual(all.filter((i) => i % 10 !== 9));
  for (const share of Map.groupBy(found, ({ partition, user }) => `${user % 3} to ${partition}`).values()) {
    const users = share.map(({ user }) => user);
    expect(users).toEqual([...users].sort(byNumber));
  }
  const dead = (await readAll(deadLetters)).map(({ value }) => String(value)).sort();
  expect(dead).toEqual(
    all
      .filter((i) => i % 10 === 9)
      .map((i) => `not a ride ${i}`)
      .sort(),
  );
}

function userOf(value: Buffer | null): number {
  return JSON.parse(String(value)).user_id;
}

function byNumber(one: number, other: number): number {
  return one - other;
}

// Dead letters have a transaction of their own, before that of the rides: the second of a kind is the first of another partition or of the rides.
const steps = [
  "InitProducerId",
  "OffsetFetch",
  "AddPartitionsToTxn",
  "Produce",
  "AddOffsetsToTxn",
  "TxnOffsetCommit",
  "EndTxn",
]
  .flatMap((step) => [1, 5].map((nth) => `${step} ${nth}`))
  .flatMap((step) => [`before ${step}`, `after ${step}`]);

test.concurrent.each(steps)("killed %s, then delivered again", async (step) => {
  const topics = await rideTopics();
  const shares = await rides(topics, 90);
  const doomed = await start(topics, step);
  expect(await deliver(doomed, kafkaEvent(...shares))).toBeUndefined();
  const next = await start(topics);
  // While the broker still settles what the dead one had begun, it may fail and be delivered again.
  await until(async () => (await deliver(next, kafkaEvent(...shares)))?.kind === "done", "the rides");
  await stop(next);
  await expectEachOnce(topics, 90);
});

test("told to stop, it closes its connections and ends by the signal", async () => {
  const topics = await rideTopics();
  const shares = await rides(topics, 30);
  const child = await start(topics);
  await deliver(child, kafkaEvent(...shares));
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  expect(await ended).toEqual([null, "SIGTERM"]);
});

test("killed at any moment, again and again, while another instance works on the same batches", async () => {
  const topics = await rideTopics();
  const count = 3_000;
  const shares = await rides(topics, count);
  const events = Array.from({ length: 20 }, (_, i) =>
    kafkaEvent(...shares.map((records) => records.slice(i * 50, (i + 1) * 50))),
  );

  /** Delivers all events in order as the event source does: each until it is done, to a new instance where one has died. */
  const deliverAll = async (killEveryMs: number) => {
    let kills = 0;
    let child = await start(topics);
    for (const event of events) {
      for (;;) {
        if (child.exitCode !== null || child.signalCode !== null) child = await start(topics);
        const victim = child;
        const timer = kills < 12 ? setTimeout(() => victim.kill("SIGKILL"), Math.random() * killEveryMs) : undefined;
        const result = await deliver(child, event);
        clearTimeout(timer);
        if (result?.kind === "done") break;
        if (result === undefined) kills += 1;
      }
    }
    await stop(child);
    return kills;
  };
  const kills = await Promise.all([deliverAll(120), deliverAll(200)]);
  expect(kills[0] + kills[1]).toBeGreaterThan(0);
  await expectEachOnce(topics, count);
});
