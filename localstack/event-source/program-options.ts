// What the program is told on its command line and in the environment, checked.
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { secretFilesOf } from "./access/secrets.ts";
import { type FaultPlan, parseFaults } from "./faults.ts";
import { type Endpoint, parseEndpoint } from "./observe/prometheus-endpoint.ts";
import { parseSpan, type TimeSpan } from "./replay.ts";
import { type Switches, switches, switchesOf } from "./switches.ts";

export const USAGE = `Usage: kafka-event-source --template FILE [options]
  --template FILE        CloudFormation template, JSON or YAML: what \`serverless package\` or \`cdk synth\` writes, or your own
  --parameter NAME=VALUE a parameter of the template (repeatable)
  --import NAME=VALUE    another stack's export (repeatable)
  --code FUNCTION=PATH   a function's code, a folder or a zip, where the template's isn't on this machine (repeatable)
  --brokers HOST:PORT,…  brokers in force, instead of the template's; else KAFKA_BROKERS, else the template's.
                         The template's access configurations (SASL, TLS) don't apply to brokers given so, unless
  --access template      carries them out on any brokers; --access none on none. Secrets come from Secrets Manager, or
  --secret NAME=FILE     from this file of JSON; NAME is the secret's name or ARN (repeatable)
  --registry URL         schema registry with Confluent's API in force, instead of the template's; else SCHEMA_REGISTRY_URL,
                         else the template's. Glue's registries are asked at --aws-endpoint
  --env NAME=VALUE       a variable for every function, over the template's (repeatable)
  --aws-endpoint URL     what stands for AWS here (MiniStack, LocalStack), for what the event source itself asks of AWS; else
                         AWS_ENDPOINT_URL. \`aws\` means AWS itself. AWS_ENDPOINT_URL_SQS and its like go before it
  --only FUNCTION,…      these functions only, by name, logical id or key in serverless.yml
  --function FUNCTION    the same, one at a time (repeatable); FUNCTION=NAME with --endpoint: what it is called there,
                         if not as in the template; a name, an ARN, either with :alias
  --endpoint URL         invoke through the Lambda API at this address (serverless-offline's lambda port, LocalStack,
                         MiniStack) or, with \`aws\`, what is deployed in AWS_REGION, with the environment's credentials.
                         Without it functions run here, each environment in a Node process of its own, or
  --in-process           in a thread of this one: \`node --inspect …\` then has a debugger stop in functions and event source
                         alike, and time limits rest
  --without-schedules    EventBridge rules are somebody else's
  --backoff 50ms         wait before the first retry, doubling up to 60 times it (default 1s)
  --isolation LEVEL      read_uncommitted (default) or read_committed
  --switch NAME=VALUE    what AWS leaves open, decided otherwise (repeatable; the first value is the default):
${describeSwitches()}
  --fault FAULT=N,…      what AWS may do, on purpose: crash, timeout, throttle, duplicate (chances of an attempt),
                         rebalance=30s (a member comes and goes), seed=7 (the same faults again)
  --from TIME [--to TIME] replays the records of this span (to now) and ends: --from 2026-11-20T10:00 --to 10:30. In consumer
                         groups of its own: the live ones stay where they are. Schedules rest meanwhile
  --local-folder DIR     unpacked code and functions' logs (default .local)
  --journal FILE         what happens to records, for \`explain TOPIC-PARTITION@OFFSET --journal FILE\` (see explain --help)
  --status               one line of JSON a second on stdout
  --status-file FILE     the same lines, appended to a file
  --metrics FILE         the mappings' and functions' CloudWatch metrics, a line of JSON each a minute, appended to a file
  --prometheus PORT      the same metrics for Prometheus at http://127.0.0.1:PORT/metrics, or HOST:PORT; 0: a free port`;

export interface ProgramOptions {
  readonly template: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  /** Folders or zips, by any name of their functions. */
  readonly code: Readonly<Record<string, string>>;
  /** Empty when neither the command line nor the environment names any. */
  readonly brokers: readonly string[];
  /** Whether the mappings' access configurations are carried out; by default where the brokers are the template's. */
  readonly access: "template" | "none";
  readonly secretFiles: ReadonlyMap<string, string>;
  /** The schema registry that is in force instead of the template's. */
  readonly registry?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A URL, or `aws` for AWS itself. */
  readonly awsEndpoint?: string;
  readonly only: readonly string[];
  /** Where functions are invoked instead of here. */
  readonly endpoint?: string;
  /** Whether functions run in threads of this process. */
  readonly inProcess: boolean;
  /** What functions are called at the endpoint, by any of their names. */
  readonly namesThere: Readonly<Record<string, string>>;
  readonly hasSchedules: boolean;
  readonly backOffMs: number;
  readonly isolation: "read_committed" | "read_uncommitted";
  readonly switches: Switches;
  readonly faults: FaultPlan;
  readonly replay?: { readonly span: TimeSpan; readonly name: string };
  readonly localFolder: string;
  readonly journal?: string;
  readonly printsStatus: boolean;
  readonly statusFile?: string;
  readonly metricsFile?: string;
  readonly prometheus?: Endpoint;
}

/** Reads the command line; `undefined` when help was asked for. Throws with a sentence for what can't be. */
export function programOptions(args: readonly string[], environment: NodeJS.ProcessEnv): ProgramOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      template: { type: "string" },
      parameter: { type: "string", multiple: true, default: [] },
      import: { type: "string", multiple: true, default: [] },
      code: { type: "string", multiple: true, default: [] },
      brokers: { type: "string" },
      access: { type: "string" },
      secret: { type: "string", multiple: true, default: [] },
      registry: { type: "string" },
      env: { type: "string", multiple: true, default: [] },
      "aws-endpoint": { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      function: { type: "string", multiple: true, default: [] },
      endpoint: { type: "string" },
      "in-process": { type: "boolean", default: false },
      "without-schedules": { type: "boolean", default: false },
      backoff: { type: "string", default: "1s" },
      isolation: { type: "string", default: "read_uncommitted" },
      switch: { type: "string", multiple: true, default: [] },
      fault: { type: "string", default: "" },
      from: { type: "string" },
      to: { type: "string" },
      "local-folder": { type: "string", default: ".local" },
      journal: { type: "string" },
      status: { type: "boolean", default: false },
      "status-file": { type: "string" },
      metrics: { type: "string" },
      prometheus: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  if (values.template === undefined) throw new Error("Which template? Give it with --template FILE (see --help).");
  const brokers = brokersOf(values.brokers, environment.KAFKA_BROKERS);
  return {
    template: values.template,
    brokers,
    access: accessOf(values.access ?? (brokers.length > 0 ? "none" : "template")),
    secretFiles: secretFilesOf(values.secret),
    ...registryOf(values.registry, environment.SCHEMA_REGISTRY_URL),
    environment: pairs("--env", values.env),
    parameters: pairs("--parameter", values.parameter),
    imports: pairs("--import", values.import),
    code: pairs("--code", values.code),
    ...functionsOf(values),
    ...(values["aws-endpoint"] === undefined ? {} : { awsEndpoint: values["aws-endpoint"] }),
    hasSchedules: !values["without-schedules"],
    backOffMs: milliseconds("--backoff", values.backoff),
    isolation: isolationOf(values.isolation),
    switches: switchesOf(values.switch),
    faults: parseFaults(values.fault),
    ...replayOptions(values.from, values.to),
    localFolder: values["local-folder"],
    ...(values.journal === undefined ? {} : { journal: values.journal }),
    printsStatus: values.status,
    ...(values["status-file"] === undefined ? {} : { statusFile: values["status-file"] }),
    ...(values.metrics === undefined ? {} : { metricsFile: values.metrics }),
    ...(values.prometheus === undefined ? {} : { prometheus: parseEndpoint(values.prometheus) }),
  };
}

function replayOptions(from: string | undefined, to: string | undefined): Pick<ProgramOptions, "replay"> {
  if (from === undefined && to !== undefined) throw new Error("--to is the end of a replay: give its --from as well.");
  if (from === undefined) return {};
  return { replay: { span: parseSpan(from, to, Date.now()), name: `replay-${randomUUID().slice(0, 8)}` } };
}

function describeSwitches(): string {
  return Object.entries(switches)
    .map(([name, { values }]) => `${" ".repeat(25)}${name}=${values.join("|")}`)
    .join("\n");
}

/** The entries of a list that is separated by commas. */
export function list(text: string): string[] {
  return text.split(",").filter((item) => item !== "");
}

const BROKER = /^(?:[^\s:/[\]]+|\[[\da-fA-F:.]+\]):\d{1,5}$/;

function brokersOf(given: string | undefined, variable = ""): string[] {
  const brokers = list(given ?? variable).map((broker) => broker.trim());
  const wrong = brokers.find((broker) => !BROKER.test(broker));
  if (wrong === undefined) return brokers;
  const name = given === undefined ? "KAFKA_BROKERS" : "--brokers";
  throw new Error(`${name} lists brokers as HOST:PORT, such as 127.0.0.1:9092: got '${wrong}'`);
}

function accessOf(text: string): ProgramOptions["access"] {
  if (text === "template" || text === "none") return text;
  throw new Error(`--access is template or none, got '${text}'`);
}

function registryOf(given: string | undefined, variable: string | undefined): Pick<ProgramOptions, "registry"> {
  const registry = given ?? (variable || undefined);
  if (registry === undefined) return {};
  if (/^https?:$/.test(URL.parse(registry)?.protocol ?? "")) return { registry };
  const name = given === undefined ? "SCHEMA_REGISTRY_URL" : "--registry";
  throw new Error(`${name} is a schema registry's URL such as http://127.0.0.1:8081: got '${registry}'`);
}

function isolationOf(level: string): ProgramOptions["isolation"] {
  if (level === "read_committed" || level === "read_uncommitted") return level;
  throw new Error(`--isolation is read_committed or read_uncommitted, got '${level}'`);
}

function functionsOf(values: {
  readonly only: readonly string[];
  readonly function: readonly string[];
  readonly endpoint?: string | undefined;
  readonly "in-process": boolean;
}): Pick<ProgramOptions, "only" | "endpoint" | "inProcess" | "namesThere"> {
  const { endpoint, "in-process": inProcess } = values;
  if (inProcess && endpoint !== undefined) {
    throw new Error("--in-process runs functions here, --endpoint calls them elsewhere: give one of the two.");
  }
  const renamed = values.function.filter((text) => text.includes("="));
  if (renamed.length > 0 && endpoint === undefined) {
    throw new Error(`--function ${renamed[0]} says what a function is called at an endpoint: which? Give --endpoint.`);
  }
  const chosen = values.function.filter((text) => !text.includes("="));
  return {
    only: [...values.only.flatMap(list), ...chosen],
    ...(endpoint === undefined ? {} : { endpoint: endpoint === "aws" ? endpoint : addressOf(endpoint) }),
    inProcess,
    namesThere: pairs("--function", renamed),
  };
}

/** The endpoint as a URL. */
function addressOf(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return endpoint.replace(/\/+$/, "");
  throw new Error(`--endpoint is the address of a Lambda API such as http://127.0.0.1:3002, or aws: got '${endpoint}'`);
}

function pairs(option: string, texts: readonly string[]): Record<string, string> {
  const entries = texts.map((text) => {
    const equals = text.indexOf("=");
    if (equals < 1) throw new Error(`${option} takes NAME=VALUE, got '${text}'`);
    return [text.slice(0, equals), text.slice(equals + 1)];
  });
  return Object.fromEntries(entries);
}

function milliseconds(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`${option} takes a time such as 50ms or 1s, got '${text}'`);
  return Number(number) * (unit === "s" ? 1000 : 1);
}
