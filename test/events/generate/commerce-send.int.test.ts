// Every event of a plan is sent once, by HTTP or straight to its topic, also to an endpoint that is not always there.
import { createServer, type Server } from "node:http";
import { afterEach, expect, inject, test } from "vitest";
import { commerce } from "../../../events/generate/commerce.ts";
import { sendCommerce } from "../../../events/generate/commerce-send.ts";
import { allRecords, isValid, type Plan } from "../../../events/generate/generator.ts";
import { CannotSend } from "../../../events/generate/send.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { schemaRegistryUrl } from "../../support/on-demand.ts";

const plan: Plan = { seed: 5, start: Date.UTC(2026, 10, 21), count: 400, rate: 2_000, latePercent: 0, badPercent: 20 };

let server: Server;

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

/** An endpoint that answers as told, and where: each event at the next offset. */
async function endpoint(status: (request: number) => number) {
  const taken: object[] = [];
  const keys: string[] = [];
  let requests = 0;
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const code = status(requests++);
    keys.push(String(request.headers["idempotency-key"]));
    const events: object[] = code === 202 ? JSON.parse(String(Buffer.concat(chunks))) : [];
    response.statusCode = code;
    response.end(
      JSON.stringify(events.map((event) => ({ topic: "event_x", partition: 0, offset: taken.push(event) - 1 }))),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, taken, keys };
}

async function options(httpUrl: string) {
  await createTopics(inject("kafkaBrokers"), { event_order: {}, event_purchase: {}, event_delivery: {} });
  return { brokers: inject("kafkaBrokers").split(","), schemaRegistryUrl: await schemaRegistryUrl(), httpUrl };
}

test.each([{}, { paceFrom: Date.now() }])("ten senders send every event once, paced or not", async (pace) => {
  const { url, taken } = await endpoint(() => 202);
  const told: number[] = [];
  const places = new Set<string>();
  await sendCommerce(plan, {
    ...(await options(url)),
    ...pace,
    onSent({ index }, { topic, partition, offset }) {
      told.push(index);
      places.add(`${topic}/${partition}/${offset}`);
    },
  });
  expect(told.sort((a, b) => a - b)).toEqual(Array.from({ length: plan.count }, (_, i) => i));
  expect(places.size).toBe(plan.count);
  const good = [...allRecords(commerce, plan)].filter(isValid).map(({ value }) => value);
  expect(taken.map((event) => JSON.stringify(event)).sort()).toEqual(good.sort());
});

test("a request that is not taken now is made again under its key", async () => {
  const { url, taken, keys } = await endpoint((request) => [503, 409][request] ?? 202);
  await sendCommerce({ ...plan, count: 5, badPercent: 0 }, { ...(await options(url)), senders: 1 });
  expect(taken).toHaveLength(5);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
});

test.each([{ senders: 1 }, { senders: 10 }])(
  "a signal ends it, and what was told is what was taken: %j",
  async ({ senders }) => {
    const { url, taken } = await endpoint(() => 202);
    const ending = new AbortController();
    let told = 0;
    await sendCommerce(
      { ...plan, count: 100_000, badPercent: 0 },
      {
        ...(await options(url)),
        ...{ senders, signal: ending.signal },
        onSent() {
          told += 1;
          ending.abort();
        },
      },
    );
    expect(told).toBe(taken.length);
    expect(told).toBeLessThanOrEqual(100 * senders);
  },
);

test("a signal ends it where requests are not taken now", async () => {
  const ending = new AbortController();
  const { url } = await endpoint(() => {
    ending.abort();
    return 503;
  });
  await sendCommerce(
    { ...plan, count: 5, badPercent: 0 },
    { ...(await options(url)), signal: ending.signal, onSent: () => expect.unreachable() },
  );
});

test("a request that will never be taken ends the run, with what was said", async () => {
  const { url } = await endpoint(() => 401);
  const sending = sendCommerce({ ...plan, count: 5, badPercent: 0 }, await options(url));
  await expect(sending).rejects.toThrow(CannotSend);
  await expect(sending).rejects.toThrow(/POST http.*\/track does not take the events: 401/);
});
