// The program: reads a compiled template and runs its Kafka mappings and rate schedules against a real broker.
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type EventSource, type EventSourceStatus, startEventSource } from "./event-source.ts";
import { functionOf, selectFunctions } from "./function-definition.ts";
import { type Mapping, mappingsOf } from "./mapping.ts";
import { schedulesOf } from "./schedule.ts";
import { LOCAL_ACCOUNT, readTemplate } from "./template.ts";

const USAGE = `Usage: node localstack/event-source/main.ts --template FILE [options]
  --template FILE        compiled CloudFormation template, as \`serverless package\` writes it
  --brokers HOST:PORT,…  brokers in force, instead of the template's; else KAFKA_BROKERS, else the template's.
                         The template's access configurations (SASL, TLS) don't apply to brokers given so
  --env NAME=VALUE       a variable for every function, over the template's (repeatable)
  --only FUNCTION,…      these functions only, by name, logical id or key in serverless.yml
  --backoff 50ms         wait before the first retry, doubling up to 60 times it (default 1s)
  --isolation LEVEL      read_uncommitted (default) or read_committed
  --duplicate 0.1        chance that a successful invocation is repeated before its offsets are committed
  --seed 7               makes --duplicate come out the same again
  --local-folder DIR     unpacked code and functions' logs (default .local)
  --status               one line of JSON a second on stdout
  --metrics FILE         the same lines, appended to a file`;

/** Runs until it is told to stop; ends the process. */
export async function runProgram(): Promise<void> {
  const { values } = parseArgs({
    options: {
      template: { type: "string" },
      brokers: { type: "string" },
      env: { type: "string", multiple: true, default: [] },
      only: { type: "string", multiple: true, default: [] },
      backoff: { type: "string", default: "1s" },
      isolation: { type: "string", default: "read_uncommitted" },
      duplicate: { type: "string", default: "0" },
      seed: { type: "string", default: "1" },
      "local-folder": { type: "string", default: ".local" },
      status: { type: "boolean", default: false },
      metrics: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.template === undefined) {
    console.error(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  const { isolation } = values;
  if (isolation !== "read_committed" && isolation !== "read_uncommitted") {
    throw new Error(`--isolation is read_committed or read_uncommitted, got '${isolation}'`);
  }
  const account = { ...LOCAL_ACCOUNT, region: process.env.AWS_REGION ?? LOCAL_ACCOUNT.region };
  const template = readTemplate(values.template, account);
  const names = values.only.flatMap((list) => list.split(",")).filter((name) => name !== "");
  const wanted = selectFunctions(template, names);
  const given = list(values.brokers ?? process.env.KAFKA_BROKERS ?? "");
  const mappings = mappingsOf(template, { functions: wanted, areBrokersGiven: given.length > 0 });
  const schedules = schedulesOf(template, wanted);
  const invoked = new Set([...mappings, ...schedules].map(({ functionLogicalId }) => functionLogicalId));
  const overrides = Object.fromEntries(values.env.map(variable));
  const functions = [...invoked].map((logicalId) => functionOf(template, logicalId, overrides));
  const brokers = brokersOf(given, mappings);

  for (const mapping of mappings) console.error(describe(mapping));
  for (const { logicalId, functionLogicalId, everyMs } of schedules) {
    console.error(`${logicalId}: ${functionLogicalId} every ${everyMs / 1000} s`);
  }
  const stopped = Promise.withResolvers<string>();
  process.once("SIGTERM", () => stopped.resolve("SIGTERM"));
  process.once("SIGINT", () => stopped.resolve("SIGINT"));
  const starting = startEventSource({
    mappings,
    schedules,
    functions,
    brokers,
    account,
    localFolder: values["local-folder"],
    backOffMs: milliseconds(values.backoff),
    isolation,
    duplicate: Number(values.duplicate),
    seed: Number(values.seed),
    log: (message, facts) => console.error(JSON.stringify({ message, ...facts })),
  });
  const source = await Promise.race([starting, stopped.promise]);
  if (typeof source === "string") process.exit(0);
  const enabled = mappings.filter(({ isEnabled }) => isEnabled);
  console.log(
    JSON.stringify({ ready: true, pid: process.pid, brokers, mappings: enabled.length, schedules: schedules.length }),
  );
  if (values.status || values.metrics !== undefined) report(source, { toStdout: values.status, file: values.metrics });
  await stopped.promise;
  await source.stop();
  process.exit(0);
}

function brokersOf(given: readonly string[], mappings: readonly Mapping[]): readonly string[] {
  if (given.length > 0) return given;
  const lists = new Set(mappings.map(({ bootstrapServers }) => bootstrapServers.join(",")));
  const [only = "", ...others] = lists;
  if (only === "" || others.length > 0) {
    throw new Error(
      "Which brokers? The template names none, or several clusters: give them with --brokers HOST:PORT or in KAFKA_BROKERS.",
    );
  }
  return list(only);
}

function describe(mapping: Mapping): string {
  const { policy } = mapping;
  const facts = [
    mapping.isEnabled ? mapping.mode : "disabled",
    `batch ${mapping.batchSize}`,
    `window ${mapping.windowMs} ms`,
    `from ${mapping.startingPosition.kind}`,
    `group ${mapping.consumerGroup}`,
    mapping.mode === "provisioned"
      ? `pollers ${mapping.pollers} (not scaled up to ${mapping.maximumPollers})`
      : "retries without end",
    policy.maxRetries < Number.POSITIVE_INFINITY && `retries ${policy.maxRetries}`,
    policy.maxAgeMs < Number.POSITIVE_INFINITY && `record age ${policy.maxAgeMs / 1000} s`,
    policy.bisects && "bisects",
    policy.readsPartialResponses && "partial responses",
    mapping.destination !== undefined && `failures to kafka://${mapping.destination.topic}`,
    mapping.filters.length > 0 && `${mapping.filters.length} filters`,
  ].filter((fact) => typeof fact === "string");
  return `${mapping.logicalId}: ${mapping.topic} → ${mapping.functionLogicalId} (${facts.join(", ")})`;
}

function report(source: EventSource, to: { readonly toStdout: boolean; readonly file: string | undefined }): void {
  let before = source.status();
  setInterval(() => {
    const now = source.status();
    const line = JSON.stringify({ at: new Date().toISOString(), ...withRates(now, before) });
    if (to.toStdout) console.log(line);
    if (to.file !== undefined) appendFileSync(to.file, `${line}\n`);
    before = now;
  }, 1000).unref();
}

function withRates(now: EventSourceStatus, before: EventSourceStatus): object {
  const mappings = now.mappings.map((mapping) => {
    const earlier = before.mappings.find(({ logicalId }) => logicalId === mapping.logicalId);
    const recordsPerSecond = mapping.counters.invokedEventCount - (earlier?.counters.invokedEventCount ?? 0);
    return { ...mapping, recordsPerSecond };
  });
  return { ...now, mappings };
}

function list(text: string): string[] {
  return text.split(",").filter((item) => item !== "");
}

function variable(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new Error(`--env takes NAME=VALUE, got '${text}'`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function milliseconds(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`--backoff takes a time such as 50ms or 1s, got '${text}'`);
  return Number(number) * (unit === "s" ? 1000 : 1);
}
