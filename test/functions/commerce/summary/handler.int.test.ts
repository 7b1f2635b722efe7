// The summary's function as it is deployed: events in Avro from a real broker, totals on DynamoDB, pictures in a folder.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { eventEncoders } from "../../../../functions/commerce/encoders.ts";
import type { CommerceEvent, EventType } from "../../../../functions/commerce/schema.ts";
import { eventTypes, keyOf } from "../../../../functions/commerce/schema.ts";
import { schemaRegistry } from "../../../../lib/registry/client.ts";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { kafkaEvent } from "../../../support/kafka-event.ts";
import { schemaRegistryUrl } from "../../../support/on-demand.ts";
import { textsIn } from "../../../support/pictures.ts";
import { wireRecordsOf } from "../../../support/topic-events.ts";
import { windowsTable } from "../../../support/windows-table.ts";
import { carried, ordered, purchased } from "./summary-events.ts";

type Handler = (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<unknown>;

const context = { getRemainingTimeInMillis: () => 600_000 };
const tick = { source: "aws.events", "detail-type": "Scheduled Event" };
let folder: string;
let topics: Record<EventType, string>;
let registryUrl: string;
let handler: Handler;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "charts-"));
  const names = await Promise.all(eventTypes.map(async (type) => [type, await freshTopic({ name: `event_${type}` })]));
  topics = Object.fromEntries(names);
  registryUrl = await schemaRegistryUrl();
  const { client, table } = await windowsTable();
  client.destroy();
  const environment = {
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL_DYNAMODB: inject("dynamodbEndpoint"),
    AWS_LAMBDA_FUNCTION_NAME: `summarize-${table}`,
    KAFKA_BROKERS: inject("kafkaBrokers"),
    SCHEMA_REGISTRY_URL: registryUrl,
    WINDOWS_TABLE: table,
    CHARTS_BUCKET: "unused",
    CHARTS_FOLDER: folder,
    CURRENCY: "EUR",
    ORDER_TOPIC: topics.order,
    PURCHASE_TOPIC: topics.purchase,
    DELIVERY_TOPIC: topics.delivery,
    DEAD_LETTER_TOPIC: "events_dlq",
    PARTIAL_BATCH_RESPONSES: "true",
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  ({ handler } = await import("../../../../functions/commerce/summary-handler.ts"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

interface Sent {
  readonly event: CommerceEvent;
  readonly origin?: string;
}

async function send(type: EventType, events: readonly Sent[]): Promise<void> {
  const encoder = eventEncoders(schemaRegistry(registryUrl), topics)[type];
  const messages = events.map(async ({ event, origin }) => ({
    key: keyOf(event),
    value: await encoder.encode(event),
    ...(origin === undefined ? {} : { headers: { origin, attempt: "2" } }),
  }));
  await produce(topics[type], await Promise.all(messages));
}

/** Every record of the topic there is, as one delivery. */
async function deliver(type: EventType): Promise<unknown> {
  return handler(kafkaEvent(...(await wireRecordsOf(topics[type])).values()), context);
}

async function latest(name: string): Promise<string> {
  return readFile(join(folder, "commerce-summary", "latest", name), "utf8");
}

async function totals(): Promise<Record<string, unknown>> {
  const { at: _, ...counted } = JSON.parse(await latest("totals.json"));
  return counted;
}

it("counts what comes, whatever is redelivered, and draws it", async () => {
  await send(
    "purchase",
    [purchased("added_to_cart", 0.1), purchased("added_to_cart", 0.2), purchased("payment_successful", 9.5)].map(
      (event) => ({ event }),
    ),
  );
  await send("order", [{ event: ordered("order_placed", 250.5) }]);
  await send(
    "delivery",
    [carried("order_shipped", "DHL"), carried("order_shipped", "UPS"), carried("order_delivered", "DHL")].map(
      (event) => ({ event }),
    ),
  );
  await produce(topics.purchase, [{ value: "not Avro" }, { value: Buffer.of(0, 0, 0, 0, 99, 1) }, { value: null }]);

  for (const type of eventTypes) expect(await deliver(type)).toEqual({ batchItemFailures: [] });
  for (const type of eventTypes) await deliver(type);
  await handler(tick, context);
  expect(await totals()).toEqual({
    events: 7,
    purchase_items: { added_to_cart: 2, payment_successful: 1 },
    purchase_revenue: { added_to_cart: 0.3, payment_successful: 9.5 },
    purchases_left_out: {},
    orders: { order_placed: 1 },
    order_value: { order_placed: 250.5 },
    orders_left_out: {},
    shipped_by_carrier: { DHL: 1, UPS: 1 },
    delivered_by_carrier: { DHL: 1 },
  });
  const texts = textsIn(await latest("purchase.svg"));
  for (const text of ["Added to cart", "2", "0.30", "9.50", "EUR"]) expect(texts).toContain(text);
  const names = [
    "delivery.png",
    "delivery.svg",
    "order.png",
    "order.svg",
    "purchase.png",
    "purchase.svg",
    "totals.json",
  ];
  const drawings = await readdir(join(folder, "commerce-summary"));
  expect(drawings.length).toBeGreaterThanOrEqual(2);
  for (const drawing of drawings) {
    expect(drawing).toMatch(/^(latest|\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z)$/);
    expect((await readdir(join(folder, "commerce-summary", drawing))).sort()).toEqual(names);
  }
});

it("counts a mended event once, though it was sent back twice", async () => {
  const before = (await totals()) as { events: number };
  const origin = `${topics.order}/0/0`;
  await send("order", [
    { event: ordered("order_shipped", 1), origin },
    { event: ordered("order_shipped", 1), origin },
  ]);
  await deliver("order");
  await deliver("order");
  await handler(tick, context);
  expect(await totals()).toMatchObject({ events: before.events + 1, orders: { order_placed: 1, order_shipped: 1 } });
});

it("draws nothing anew where nothing is new, and anew after 1,000 events", async () => {
  const drawings = async () => (await readdir(join(folder, "commerce-summary"))).length;
  const before = await drawings();
  await handler(tick, context);
  await deliver("order");
  expect(await drawings()).toBe(before);
  await send(
    "delivery",
    Array.from({ length: 999 }, () => ({ event: carried("order_shipped", "DHL") })),
  );
  await deliver("delivery");
  expect(await drawings()).toBe(before);
  await send("order", [{ event: ordered("order_placed", 1) }]);
  await deliver("order");
  expect(await drawings()).toBe(before + 1);
});

it("refuses an event of another topic by name", async () => {
  const foreign = await freshTopic({ name: "foreign" });
  await produce(foreign, [{ value: "x" }]);
  const event = kafkaEvent(...(await wireRecordsOf(foreign)).values());
  await expect(handler(event, context)).rejects.toThrow(`got ${foreign}`);
});
