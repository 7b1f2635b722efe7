// `npm run gen -- <pipeline>`: fake traffic for one pipeline, ten senders at once, and a summary of what was sent.

import { commerce } from "../events/generate/commerce.ts";
import { sendCommerce } from "../events/generate/commerce-send.ts";
import {
  DEFAULT_EVENT_RATE,
  type GeneratedRecord,
  type Plan,
  type TrafficGenerator,
} from "../events/generate/generator.ts";
import { generatorOf, generators } from "../events/generate/pipelines.ts";
import { send } from "../events/generate/send.ts";
import { duration, figure, perSecond } from "./console/figures.ts";
import {
  explainOptions,
  percentage,
  positiveNumber,
  readOptions,
  text,
  time,
  toggle,
  UsageError,
  wholeNumber,
} from "./console/options.ts";
import { runProgram } from "./console/program.ts";
import { startProgress } from "./console/progress.ts";
import { screen } from "./console/screen.ts";
import { summary } from "./console/summary.ts";
import { findBrokers, findHttpApi, findSchemaRegistry } from "./endpoints.ts";
import { genLive } from "./gen-live.ts";

const declared = {
  count: wholeNumber("N", "how many records; 10,000 unless told otherwise, live ones until Ctrl-C", undefined, 1),
  rate: positiveNumber("PER_SECOND", "how many a second; as fast as they go unless told otherwise", undefined),
  seed: wholeNumber("S", "same seed, same data; 1 unless told otherwise", 1),
  start: time("event time of the first record; unless told otherwise, such that the last one's is now"),
  late: percentage("how many come late, half of them too late for their window"),
  bad: percentage("how many can't be taken in: no JSON, wrong types, missing fields and more"),
  brokers: text("HOST:PORT,..", "where Kafka listens; else KAFKA_BROKERS, else the stack of 'npm run dev'"),
  live: toggle("for trades, real ones from Binance's public stream"),
  symbols: text("A,B,..", "live: which ones; btcusdt,ethusdt unless told otherwise"),
  url: text(
    "URL",
    "for commerce, the HTTP API; else TRACK_URL, else the stack's. Live: a server that speaks as Binance's does",
  ),
  key: text("KEY", "for commerce, the API key where one is asked for; else TRACK_API_KEY"),
  registry: text(
    "URL",
    "for trades and commerce, the schema registry; else SCHEMA_REGISTRY_URL, else the stack of 'npm run dev'",
  ),
  help: toggle("this text"),
};

type Options = ReturnType<typeof readOptions<typeof declared>>["options"];

const usage = `npm run gen -- <pipeline> [options]    pipelines: ${Object.keys(generators).join(", ")}\n\n${explainOptions(declared)}`;

await runProgram(async (signal) => {
  const { options, words } = readOptions(process.argv.slice(2), declared);
  if (options.help) return void screen.write(usage);
  const generator = named(words);
  if (options.late + options.bad > 100) throw new UsageError("--late and --bad together are more than 100 %.");

  const brokers = await findBrokers(options.brokers);
  const registry =
    generator.seal === undefined ? {} : { schemaRegistryUrl: await findSchemaRegistry(options.registry) };
  if (options.live) {
    if (generator.pipeline !== "trades") throw new UsageError(`There is no live source of '${generator.pipeline}'.`);
    const { symbols, url, count } = options;
    const schemaRegistryUrl = await findSchemaRegistry(options.registry);
    return genLive({ brokers, schemaRegistryUrl, symbols, url, count, signal }, screen);
  }
  const { plan, paceFrom } = planOf(options);
  const counted = summary(generator.tally?.());
  const progress = startProgress(screen, generator.pipeline, plan.count);
  const started = performance.now();
  let sent = 0;
  const onSent = (records: readonly GeneratedRecord[]) => {
    sent += records.length;
    counted.add(records);
    progress.advance(records.length);
  };
  const pace = paceFrom === undefined ? {} : { paceFrom };
  try {
    if (generator.pipeline === commerce.pipeline) {
      const to = await commerceEdges(options);
      await sendCommerce(plan, { brokers, ...to, ...pace, signal, onSent: (record) => onSent([record]) });
    } else {
      await send(generator, plan, { brokers, ...registry, ...pace, signal, onSent });
    }
  } finally {
    progress.stop();
  }
  const elapsed = performance.now() - started;
  counted.print(screen);
  const isWhole = sent === plan.count;
  screen.write(
    `\n  ${figure(sent)}${isWhole ? "" : ` of ${figure(plan.count)}`} records to ${generator.topic} in ${duration(elapsed)}, ${perSecond(sent, elapsed)}\n` +
      screen.paint(
        "dim",
        `  ${isWhole ? "the same again" : "all of them"}: npm run gen -- ${generator.pipeline} ${again(plan, paceFrom !== undefined)}\n`,
      ),
  );
});

/** Good events go by HTTP, broken ones straight to their topics. */
async function commerceEdges({ url, registry, key = process.env.TRACK_API_KEY }: Options) {
  const [httpUrl, schemaRegistryUrl] = await Promise.all([findHttpApi(url), findSchemaRegistry(registry)]);
  return { httpUrl, schemaRegistryUrl, ...(key ? { apiKey: key } : {}) };
}

/** The options that make the same bytes. */
function again({ count, seed, start, rate, latePercent, badPercent }: Plan, isPaced: boolean): string {
  const always = `--count ${count} --seed ${seed} --start ${new Date(start).toISOString()}`;
  const some = { rate: isPaced ? rate : 0, late: latePercent, bad: badPercent };
  return [always, ...Object.entries(some).flatMap(([name, value]) => (value ? [`--${name} ${value}`] : []))].join(" ");
}

function planOf({ count = 10_000, seed, rate, start, late, bad }: Options): {
  plan: Plan;
  paceFrom: number | undefined;
} {
  const now = Date.now();
  const eventRate = rate ?? DEFAULT_EVENT_RATE;
  const firstEventTime = start ?? (rate === undefined ? now - Math.floor((count * 1000) / eventRate) : now);
  const plan = { seed, start: firstEventTime, count, rate: eventRate, latePercent: late, badPercent: bad };
  return { plan, paceFrom: rate === undefined ? undefined : now };
}

function named(words: readonly string[]): TrafficGenerator {
  const [pipeline, ...more] = words;
  if (pipeline === undefined || more.length > 0) throw new UsageError(`Name one pipeline.\n\n${usage}`);
  const generator = generatorOf(pipeline);
  if (generator) return generator;
  throw new UsageError(
    `There is no generator for '${pipeline}'. There is one for: ${Object.keys(generators).join(", ")}. ` +
      "A new one is a file in events/generate and its line in events/generate/pipelines.ts.",
  );
}
