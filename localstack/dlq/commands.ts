// The commands on dead letters: what was typed, carried out at the desk.
import type { Case } from "../../functions/commerce/dlq/cases.ts";
import { eventTypes, isEventType } from "../../functions/commerce/schema.ts";
import { settingOrSecret } from "../../lib/aws/secret-setting.ts";
import { isSecretArn } from "../../lib/aws/secrets.ts";
import { environmentAccess } from "../../lib/kafka/access.ts";
import { openConnection } from "../../lib/kafka/client.ts";
import { type SchemaRegistry, schemaRegistry } from "../../lib/registry/client.ts";
import {
  explainOptions,
  positiveNumber,
  readOptions,
  text,
  toggle,
  UsageError,
  wholeNumber,
} from "../console/options.ts";
import { runProgram } from "../console/program.ts";
import { screen } from "../console/screen.ts";
import { findBrokers, findSchemaRegistry } from "../endpoints.ts";
import { type Desk, desk } from "./desk.ts";
import { printDiff, printList, printLog, printOutcome, printReplayed, printShow } from "./print.ts";

/** As functions.yml has them. */
export const topics = {
  order: "event_order",
  purchase: "event_purchase",
  delivery: "event_delivery",
  letters: "events_dlq",
  parked: "events_parked",
  log: "events_replayed",
} as const;

const declared = {
  type: text("TYPE", `${eventTypes.join(", ")}: events of this type only`),
  state: text("STATE", "list: parked, waiting, sent-back or all; parked and waiting unless told otherwise"),
  limit: wholeNumber("N", "list: the newest N; 50 unless told otherwise", 50, 1),
  "dry-run": toggle("replay: says what would be sent back, and sends nothing"),
  rate: positiveNumber("PER_SECOND", "replay: how many a second; 20 unless told otherwise", 20),
  why: text("TEXT", "replay: the reason, for the log"),
  brokers: text("HOST:PORT,..", "where Kafka listens; else KAFKA_BROKERS, else the stack of 'npm run dev'"),
  registry: text("URL", "the schema registry; else SCHEMA_REGISTRY_URL, else the stack of 'npm run dev'"),
  stage: text(
    "STAGE",
    "whose correction it is that letters wait for; local, as in serverless.yml, unless told otherwise",
  ),
  help: toggle("this text"),
};

type Options = ReturnType<typeof readOptions<typeof declared>>["options"];

const usage = `npm run dlq -- <command> [options]

  list               what was refused, why, and what has become of it
  show <id>          one event: every letter of it, and what stands in the last
  diff <id>          what correction would change in it now
  replay [<id> ..]   sends parked events back that are valid now or can be mended; all of them unless some are named
  log                what was sent back by replay, when and why

${explainOptions(declared)}
At a stage on AWS, from inside its VPC: KAFKA_AUTH, KAFKA_SECRET_ARN, KAFKA_CA_SECRET_ARN and SCHEMA_REGISTRY_URL as its functions have them, with AWS_REGION and credentials.
`;

const withoutIds = ["list", "log"];
const states = ["parked", "waiting", "sent-back", "all"];

export async function main(): Promise<void> {
  await runProgram(async (signal) => {
    const { options, words } = readOptions(process.argv.slice(2), declared);
    const [command = "", ...ids] = words;
    if (options.help || command === "") return void screen.write(usage);
    const run = commands[command];
    if (run === undefined) throw new UsageError(`There is no command '${command}'.\n\n${usage}`);
    check(options);
    if (ids.length > 0 && withoutIds.includes(command))
      throw new UsageError(`'${command}' takes no ids: what is '${ids.join(" ")}'?\n\n${usage}`);
    const access = environmentAccess(); // a stage's brokers let nobody in who doesn't prove who it is
    const connection = openConnection({ brokers: await findBrokers(options.brokers), owner: "events-dlq", access });
    try {
      const registry = await registryOf(options.registry ?? process.env.SCHEMA_REGISTRY_URL);
      const group = correctionGroup(options.stage);
      await run({ desk: desk({ connection, registry, topics, correctionGroup: group }), ids, options, signal });
    } finally {
      await connection.close();
    }
  });
}

/** A stage's may be named by the secret that holds its address and key. */
async function registryOf(given: string | undefined): Promise<SchemaRegistry> {
  if (given !== undefined && isSecretArn(given)) return schemaRegistry(settingOrSecret(given, "url"));
  return schemaRegistry(await findSchemaRegistry(given));
}

/** The group to which a stage's correction commits: the function's own name (lib/kafka/client.ts). The stage as in serverless.yml. */
export function correctionGroup(stage = "local"): string {
  return `serverless-kafka-streams-${stage}-correctEvents`;
}

interface Command {
  readonly desk: Desk;
  readonly ids: readonly string[];
  readonly options: Options;
  readonly signal: AbortSignal;
}

const commands: Readonly<Record<string, (command: Command) => Promise<void>>> = { list, show, diff, replay, log };

async function list({ desk, options }: Command): Promise<void> {
  const all = (await desk.cases()).filter(isOfType(options.type));
  const wanted = all.filter(
    ({ state }) => options.state === "all" || (options.state ?? "parked waiting").includes(state),
  );
  const shown = wanted.slice(-options.limit);
  const rows = await Promise.all(
    shown.map(async (one) => ({ one, prospect: one.state === "parked" ? await desk.prospect(one) : undefined })),
  );
  printList(screen, { all, wanted, rows });
}

async function show(command: Command): Promise<void> {
  const one = await named(command);
  printShow(screen, one, await command.desk.prospect(one));
}

async function diff(command: Command): Promise<void> {
  const one = await named(command);
  printDiff(screen, one, (await command.desk.prospect(one)).outcome);
}

async function replay({ desk, ids, options, signal }: Command): Promise<void> {
  const isWanted = (one: Case) => (ids.length === 0 || ids.includes(one.id)) && isOfType(options.type)(one);
  await refuseOthers(desk, ids);
  const counts = { sent: 0, left: 0 };
  const onOutcome = (one: Case, outcome: Parameters<typeof printOutcome>[2]) => {
    counts[outcome.kind === "sent-back" ? "sent" : "left"] += 1;
    printOutcome(screen, one, outcome);
  };
  if (options["dry-run"]) {
    const parked = (await desk.cases()).filter((one) => one.state === "parked" && isWanted(one));
    for (const one of parked) onOutcome(one, (await desk.prospect(one)).outcome);
  } else {
    const why = options.why ?? "replayed by hand: valid now, or correction mends it";
    await desk.replay({ isWanted, why, rate: options.rate, signal, onOutcome });
  }
  printReplayed(screen, counts, options["dry-run"]);
}

async function log({ desk, options }: Command): Promise<void> {
  const entries = (await desk.cases()).filter(isOfType(options.type)).flatMap(({ replays }) => replays);
  printLog(
    screen,
    entries.sort((one, other) => one.at.localeCompare(other.at)),
  );
}

async function named({ desk, ids }: Command): Promise<Case> {
  const [id, ...more] = ids;
  if (id === undefined || more.length > 0)
    throw new UsageError("Name one event by its id, as 'list' shows it: topic/partition/offset.");
  const found = (await desk.cases()).find((one) => one.id === id);
  if (found) return found;
  throw neverRefused(id);
}

/** An id that is not there, or not parked, sends nothing back, which must not look like success. */
async function refuseOthers(desk: Desk, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const known = new Map((await desk.cases()).map((one) => [one.id, one]));
  for (const id of ids) {
    const state = known.get(id)?.state;
    if (state === undefined) throw neverRefused(id);
    if (state !== "parked")
      throw new UsageError(
        `Event '${id}' is ${state === "waiting" ? "waiting for correction" : "sent back already"}: only parked ones are replayed. 'npm run dlq -- show ${id}' tells its history.`,
      );
  }
}

function neverRefused(id: string): UsageError {
  return new UsageError(`No event '${id}' was ever refused. 'npm run dlq -- list --state all' shows those that were.`);
}

function isOfType(type: string | undefined): (one: Case) => boolean {
  const topic = isEventType(type) ? topics[type] : undefined;
  return ({ origin }) => topic === undefined || origin.topic === topic;
}

function check({ type, state }: Options): void {
  if (type !== undefined && !isEventType(type))
    throw new UsageError(`--type ${type}: one of ${eventTypes.join(", ")}.`);
  if (state !== undefined && !states.includes(state))
    throw new UsageError(`--state ${state}: one of ${states.join(", ")}.`);
}
