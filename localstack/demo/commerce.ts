// The demo's commerce events: good ones by HTTP, broken ones of every kind straight onto their topics; what was stored, parked and drawn is laid
// beside what was sent.
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { endOf } from "../../events/generate/commerce-kinds.ts";
import { sendCommerce } from "../../events/generate/commerce-send.ts";
import { isValid, type Plan } from "../../events/generate/generator.ts";
import { latestTotals } from "../charts.ts";
import { figure } from "../console/figures.ts";
import { printHeading, type Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import type { Stack } from "../stack.ts";
import { drawCharts, printCharts } from "./charts.ts";
import { checkCharts } from "./check-charts.ts";
import { checkPlaces, checkRows, type EventRow, originOf, type SentEvent, sorted } from "./check-commerce.ts";
import { type Check, type DemoPart, PATIENCE_MS, type PartOptions } from "./part.ts";
import { place } from "./records.ts";

export const commerceTopics = { dead: "events_dlq", parked: "events_parked", failed: "events_failed" } as const;
export const commerceFunctions = [
  "storeOrders",
  "storePurchases",
  "storeDeliveries",
  "correctEvents",
  "summarizeEvents",
];

const BAD_PERCENT = 5;
/** The laptop has other things to do than to run ten environments of one function. */
const SENDERS = 3;
const LOOK_EVERY_MS = 250;

/** Starts sending. */
export function startCommerce({ endpoints, reader, count, rate, seed }: PartOptions, stack: Stack): DemoPart {
  const { kafkaBrokers, schemaRegistryUrl, httpUrl, databaseUrl } = endpoints;
  const now = Date.now();
  const plan: Plan = { seed, start: now, count, rate, latePercent: 0, badPercent: BAD_PERCENT };
  const sent: SentEvent[] = [];
  const isOurs = () => {
    const origins = new Set(sent.map(({ origin }) => origin));
    return (origin: string) => origins.has(origin);
  };
  const parked = () => reader.of(commerceTopics.parked).filter((record) => isOurs()(originOf(record)));
  let stored = 0;
  let rows: readonly EventRow[] = [];

  return {
    sending: sendCommerce(plan, {
      brokers: kafkaBrokers.split(","),
      ...{ schemaRegistryUrl, httpUrl, paceFrom: now, senders: SENDERS },
      onSent: (record, { topic, partition, offset }) =>
        sent.push({ ...record, origin: `${topic}/${partition}/${offset}` }),
    }),
    async drain(signal) {
      const wanted = sent.filter(({ kind }) => endOf(kind) === "processed_events").length;
      let last = { seen: -1, at: Date.now() };
      while (Date.now() - last.at < PATIENCE_MS) {
        stored = await countRows(databaseUrl, sent);
        const seen = stored + parked().length + reader.of(commerceTopics.dead).length;
        if (seen !== last.seen) last = { seen, at: Date.now() };
        if (stored >= wanted && parked().length >= sent.length - wanted) break;
        await wait(LOOK_EVERY_MS, undefined, { signal });
      }
      await drawCharts(stack, { events: storedEvents(sent).length, signal });
    },
    row: () => ["commerce", figure(sent.length), figure(count), figure(stored), "rows", figure(parked().length), ""],
    async checks() {
      rows = (await readRows(databaseUrl, sent)).filter(({ origin }) => isOurs()(origin));
      const failed = reader.of(commerceTopics.failed);
      const drawn: Check = [
        "the charts show every event that was stored",
        checkCharts(storedEvents(sent), latestTotals()),
      ];
      return [
        [
          "every commerce event in exactly one of processed_events and events_parked",
          checkPlaces(sent, { rows, parked: parked() }),
        ],
        ["every row as the event was meant, mended where it was broken", checkRows(sent, rows)],
        ["no commerce event was given up", failed.map((record) => `${place(record)} was given up by the event source`)],
        // On services that others use the charts hold their events too.
        ...(stack.isBrokerShared ? [] : [drawn]),
      ];
    },
    print(screen) {
      printEvents(screen, sent, rows);
      printCharts(screen);
    },
  };
}

function storedEvents(sent: readonly SentEvent[]) {
  return sent.filter(({ kind }) => endOf(kind) === "processed_events").map(({ facts }) => facts.event);
}

function countRows(databaseUrl: string, sent: readonly SentEvent[]): Promise<number> {
  return onEvents<{ n: number }>(databaseUrl, sent, "count(*)::int AS n").then(([row]) => row?.n ?? 0);
}

async function readRows(databaseUrl: string, sent: readonly SentEvent[]): Promise<readonly EventRow[]> {
  const columns = `topic || '/' || partition || '/' || kafka_offset AS origin, event_name, event_type,
    (extract(epoch FROM triggered_at) * 1000)::float8 AS triggered_at, user_details, event_details`;
  const rows = await onEvents<Omit<EventRow, "user_details" | "event_details"> & Details>(databaseUrl, sent, columns);
  return rows.map((row) => ({
    ...row,
    user_details: sorted(row.user_details),
    event_details: sorted(row.event_details),
  }));
}

interface Details {
  readonly user_details: object;
  readonly event_details: object;
}

/** Asks for the rows from this run's first event on in each partition. */
async function onEvents<Row extends object>(
  databaseUrl: string,
  sent: readonly SentEvent[],
  columns: string,
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  try {
    await client.connect();
    const text = `SELECT ${columns} FROM processed_events
      JOIN unnest($1::text[], $2::int[], $3::bigint[]) AS first(t, p, o) ON topic = t AND partition = p AND kafka_offset >= o`;
    const first = firstPlaces(sent);
    return (
      await client.query<Row>(
        text,
        [0, 1, 2].map((at) => first.map((place) => place[at])),
      )
    ).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Topic, partition and lowest offset of what was sent. */
function firstPlaces(sent: readonly SentEvent[]): readonly (readonly string[])[] {
  const lowest = new Map<string, number>();
  for (const { origin } of sent) {
    const at = origin.lastIndexOf("/");
    const [partition, offset] = [origin.slice(0, at), Number(origin.slice(at + 1))];
    lowest.set(partition, Math.min(offset, lowest.get(partition) ?? Number.POSITIVE_INFINITY));
  }
  return [...lowest].map(([partition, offset]) => [...partition.split("/"), String(offset)]);
}

function printEvents(screen: Screen, sent: readonly SentEvent[], rows: readonly EventRow[]): void {
  const broken = sent.filter((event) => !isValid(event));
  printHeading(
    screen,
    `Commerce: ${figure(rows.length)} rows from ${figure(sent.length)} events, ${figure(broken.length)} of them odd or broken`,
  );
  const wanted = Map.groupBy(storedEvents(sent), nameOf);
  const found = Map.groupBy(rows, nameOf);
  const right = "right" as const;
  const lines = [...wanted].sort().map(([name, events]) => {
    const amount = events.reduce(
      (sum, { event_details }) => sum + cents(event_details.price ?? event_details.order_value),
      0,
    );
    const isRight = found.get(name)?.length === events.length;
    return [
      ...name.split(" "),
      figure(found.get(name)?.length ?? 0),
      amount === 0 ? "" : (amount / 100).toFixed(2),
      isRight ? screen.paint("green", "✔") : screen.paint("red", "✘"),
    ];
  });
  const columns = [
    { title: "type" },
    { title: "event name" },
    { title: "rows", align: right },
    { title: "amount", align: right },
    { title: "as sent" },
  ];
  screen.write(table(columns, lines, screen));
}

function nameOf({ event_type, event_name }: { readonly event_type: string; readonly event_name: string }): string {
  return `${event_type} ${event_name}`;
}

function cents(amount = 0): number {
  return Math.round(amount * 100);
}
