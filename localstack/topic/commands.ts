// The commands on topics: what was typed, carried out at the brokers.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { messageOf } from "../../lib/errors.ts";
import { environmentAccess } from "../../lib/kafka/access.ts";
import { type KafkaConnection, openConnection } from "../../lib/kafka/client.ts";
import { partitionByKey } from "../../lib/kafka/partitioner.ts";
import { readRange } from "../../lib/kafka/read-range.ts";
import { schemaRegistry } from "../../lib/registry/client.ts";
import { registryEncoder } from "../../lib/registry/encoder.ts";
import { figure } from "../console/figures.ts";
import { explainOptions, readOptions, text, toggle, UsageError, wholeNumber } from "../console/options.ts";
import { runProgram } from "../console/program.ts";
import { screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import { findBrokers, findSchemaRegistry } from "../endpoints.ts";
import { readableRecords } from "./readable.ts";
import { asEvent, asJsonLine, asLines } from "./shapes.ts";

const declared = {
  limit: wholeNumber("N", "read: the newest N; 20 unless told otherwise", 20, 1),
  json: toggle("read: one JSON object a line, headers included"),
  event: toggle("read: as Lambda hands them to a function, for 'serverless invoke local -p'"),
  key: text("KEY", "send: the key of every record; none unless told otherwise"),
  avro: text("FILE", "send: lines are values of this Avro schema, and go with its id in the schema registry"),
  brokers: text("HOST:PORT,..", "where Kafka listens; else KAFKA_BROKERS, else the stack of 'npm run dev'"),
  registry: text("URL", "the schema registry; else SCHEMA_REGISTRY_URL, else the stack of 'npm run dev'"),
  help: toggle("this text"),
};

type Options = ReturnType<typeof readOptions<typeof declared>>["options"];

const usage = `npm run topic -- <command> [options]

  list           the topics, with how many offsets they hold
  read <topic>   its newest records; values of a schema registry are decoded
  send <topic>   each line of standard input is the value of one record

${explainOptions(declared)}`;

interface Command {
  readonly connection: KafkaConnection;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly options: Options;
  readonly signal: AbortSignal;
}

const commands: Readonly<Record<string, (command: Command) => Promise<void>>> = { list, read, send };

export async function main(): Promise<void> {
  await runProgram(async (signal) => {
    const { options, words } = readOptions(process.argv.slice(2), declared);
    const [command = "", topic = "", ...more] = words;
    if (options.help || command === "") return void screen.write(usage);
    const run = commands[command];
    if (run === undefined) throw new UsageError(`There is no command '${command}'.\n\n${usage}`);
    const isComplete = command === "list" ? topic === "" : topic !== "" && more.length === 0;
    if (!isComplete)
      throw new UsageError(
        command === "list" ? "'list' takes no topic." : `Name one topic: npm run topic -- ${command} <topic>`,
      );
    const access = environmentAccess();
    const brokers = await findBrokers(options.brokers);
    const connection = openConnection({ brokers, owner: "topic-command", access });
    try {
      await run({ connection, brokers, topic, options, signal });
    } finally {
      await connection.close();
    }
  });
}

async function list({ connection }: Command): Promise<void> {
  const admin = await connection.admin();
  const rows = await Promise.all(
    (await topicsOf(connection)).map(async (topic) => {
      const offsets = await admin.fetchTopicOffsets(topic).catch(() => undefined);
      if (offsets === undefined) return [topic, "?", "?"]; // it has been deleted meanwhile, or nobody leads it
      const held = offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
      return [topic, figure(offsets.length), figure(held)];
    }),
  );
  const right = "right" as const;
  const columns = [{ title: "topic" }, { title: "partitions", align: right }, { title: "offsets", align: right }];
  screen.write(table(columns, rows, screen));
}

async function read(command: Command): Promise<void> {
  const { connection, brokers, topic, options } = command;
  await mustExist(command);
  const { limit: newest } = options;
  const found = await readRange(connection.kafka, { topic, newest, name: connection.owner });
  const records = [...found].sort((one, other) => one.timestamp - other.timestamp).slice(-newest);
  if (options.event) return void screen.write(`${JSON.stringify(asEvent(records, brokers.join(",")), null, 2)}\n`);
  const readable = await readableRecords(records, () => findSchemaRegistry(options.registry));
  if (options.json) return readable.forEach((record) => void screen.write(asJsonLine(record)));
  for (const record of readable) screen.write(asLines(record, screen));
  if (records.length === 0) screen.write(`  '${topic}' holds no record that is committed.\n`);
}

async function send(command: Command): Promise<void> {
  const { connection, topic, options, signal } = command;
  await mustExist(command);
  const toValue = await valuesFor(topic, options);
  if (process.stdin.isTTY) screen.write(screen.paint("dim", "  a value a line; Ctrl-D ends\n"));
  const producer = connection.kafka.producer({ idempotent: true, createPartitioner: partitionByKey(0) });
  await producer.connect();
  let sent = 0;
  try {
    for await (const line of createInterface({ input: process.stdin, signal })) {
      if (line.trim() === "") continue;
      const message = { key: options.key ?? null, value: toValue(line) };
      const [where] = await producer.send({ topic, acks: -1, messages: [message] });
      screen.write(`  ${topic}-${where?.partition}@${where?.baseOffset}\n`);
      sent++;
    }
  } finally {
    await producer.disconnect();
  }
  const remedy = "'npm run explain -- <topic>-<partition>@<offset>' tells what became of a record";
  screen.write(screen.paint("dim", `  ${figure(sent)} sent; ${remedy}\n`));
}

/** How a line becomes a record's value. */
async function valuesFor(topic: string, { avro, registry }: Options): Promise<(line: string) => Buffer> {
  if (avro === undefined) return (line) => Buffer.from(line);
  const url = await findSchemaRegistry(registry);
  const encode = await registryEncoder({ registry: schemaRegistry(url), topic, schema: schemaIn(avro) }).ready();
  return (line) => {
    try {
      return encode(JSON.parse(line));
    } catch (cause) {
      throw new UsageError(`This line is no value of ${avro}: ${line.slice(0, 80)}\n${messageOf(cause)}`, { cause });
    }
  };
}

function schemaIn(file: string): object {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new UsageError(`--avro ${file}: ${messageOf(cause)}`, { cause });
  }
}

async function topicsOf(connection: KafkaConnection): Promise<string[]> {
  const admin = await connection.admin();
  return (await admin.listTopics()).filter((topic) => !topic.startsWith("__")).sort();
}

async function mustExist({ connection, topic }: Command): Promise<void> {
  const topics = await topicsOf(connection);
  if (topics.includes(topic)) return;
  throw new UsageError(`There is no topic '${topic}'. There are: ${topics.join(", ") || "none"}.`);
}
