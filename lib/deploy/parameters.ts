// A stage's parameters: what each must be, and whether a stage on AWS can do without. Pure: values go in, sentences come out.
// A sentence says which parameter, what would be right and how to give it.

import { kafkaAuths, needsSecret } from "../kafka/auth.ts";
import { plainNumber } from "../plain-number.ts";
import { addressOf } from "../postgres/address.ts";
import { type Deployment, type Given, isLocal, LOCAL_HOST, stageFaults } from "./stage-faults.ts";

/** By name, as serverless.yml and the command line give them; an empty one is missing. */
export type Parameters = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly isNeeded: (given: Given) => boolean;
  readonly isRight: (value: string, given: Given) => boolean;
  /** What would be right, after "must be". */
  readonly right: string;
  readonly example: string;
  /** What was given may be a secret itself, and is never shown. */
  readonly isSecret?: true;
}

const always = () => true;
const never = () => false;
const matches = (pattern: RegExp) => (value: string) => pattern.test(value);
const oneOf = (words: readonly string[]) => (value: string) => words.includes(value);
const listOf = (pattern: RegExp, most: number) => (value: string) => {
  const entries = value.split(",");
  return entries.length <= most && entries.every((entry) => pattern.test(entry));
};

const SECRET = /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@!-]+-\w{6}$/;
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
const RETENTIONS = "1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653".split(" ");
const secretExample = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;

const parameters: readonly Parameter[] = [
  {
    name: "bootstrapServers",
    isNeeded: always,
    isRight: (value) => listOf(/^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i, 10)(value) && value.split(",").every(hasPort),
    right: "Kafka's brokers, one to ten of host:port (1 to 65535), separated by commas",
    example: "b-1.shop.example:9098,b-2.shop.example:9098",
  },
  {
    name: "mskClusterArn",
    isNeeded: never,
    isRight: matches(/^arn:[\w-]+:kafka:[\w-]+:\d{12}:(cluster|vpc-connection)\/[^/]+\/.+$/),
    right: "the ARN of an MSK cluster, or empty for self-managed Kafka",
    example: "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2",
  },
  {
    name: "kafkaAuth",
    isNeeded: always,
    isRight: oneOf(kafkaAuths),
    right: `how Kafka is reached, one of ${kafkaAuths.join(", ")}`,
    example: "scram-512",
  },
  {
    name: "kafkaSecretArn",
    isNeeded: (given) => needsSecret(given("kafkaAuth")),
    isRight: matches(SECRET),
    right:
      "the ARN of the secret that proves to Kafka who reads: {username, password}, or {certificate, privateKey} for mtls",
    example: secretExample("AmazonMSK_shop"),
    isSecret: true,
  },
  {
    name: "kafkaCaSecretArn",
    isNeeded: never,
    isRight: matches(SECRET),
    right: "the ARN of the secret with the {certificate} of the authority that signed the brokers', or empty",
    example: secretExample("kafka-ca"),
  },
  {
    name: "secretsKeyArn",
    // MSK takes no secret under AWS's own key: https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-tutorial.html
    isNeeded: (given) => given("mskClusterArn") !== "" && given("kafkaAuth") === "scram-512",
    isRight: matches(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/),
    right: "the ARN of the KMS key that encrypts the secrets, or empty for AWS's own key, which MSK takes none under",
    example: "arn:aws:kms:eu-west-1:123456789012:key/0d990263-018e-4e65-a703-eff731de951e",
  },
  {
    name: "subnets",
    isNeeded: always,
    isRight: listOf(/^subnet-[\da-f]{8,17}$/, 16),
    right: "the subnets from which Kafka can be reached, separated by commas",
    example: "subnet-0a1b2c3d,subnet-4e5f6a7b",
  },
  {
    name: "securityGroups",
    isNeeded: always,
    isRight: listOf(/^sg-[\da-f]{8,17}$/, 5),
    right: "the security groups that Kafka lets in, separated by commas",
    example: "sg-0a1b2c3d",
  },
  {
    name: "databaseUrl",
    isNeeded: always,
    isRight: (value, given) => SECRET.test(value) || isDatabaseAddress(value, given),
    right:
      "the ARN of a secret that holds {url: postgres://user:password@host:port/database}, or such an address without a password and with no parameter but sslmode",
    example: secretExample("shop-database"),
    isSecret: true,
  },
  {
    name: "schemaRegistryUrl",
    isNeeded: always,
    isRight: (value, given) => SECRET.test(value) || isRegistryAddress(value, given),
    right:
      "the registry's address with no user, password or query in it, or where it asks for a key the ARN of a secret that holds {url: https://key:secret@host}",
    example: "https://schemas.shop.example/apis/ccompat/v7",
    isSecret: true,
  },
  {
    name: "trackApiKey",
    isNeeded: never,
    isRight: (value, given) => SECRET.test(value) || isLocal(given),
    right: "the ARN of a secret that holds {key} as clients show it in x-api-key, or empty: anybody may send",
    example: secretExample("track-api-key"),
    isSecret: true,
  },
  {
    name: "brlPerUsd",
    isNeeded: always,
    isRight: (value) => plainNumber(value) > 0,
    right: "what a US dollar costs in reais, a number above 0",
    example: "5.42",
  },
  {
    name: "currency",
    isNeeded: always,
    isRight: matches(/^[A-Z]{3}$/),
    right: "the three letters of the currency that commerce events are in",
    example: "USD",
  },
  {
    name: "pollers",
    isNeeded: always,
    isRight: oneOf(["provisioned", "on-demand"]),
    right: "provisioned (an hourly price, the failure policy as written) or on-demand",
    example: "on-demand",
  },
  {
    name: "pollerGroup",
    isNeeded: never,
    isRight: matches(/^[\w-]{1,128}$/),
    right: "a name of 1 to 128 letters, digits, '-' and '_', under which mappings share pollers, or empty",
    example: "shop",
  },
  {
    name: "logRetentionDays",
    isNeeded: always,
    isRight: oneOf(RETENTIONS),
    right: `how long logs are kept, days that CloudWatch knows: ${RETENTIONS.join(", ")}`,
    example: "30",
  },
  {
    name: "onRemoval",
    isNeeded: always,
    isRight: oneOf(["Delete", "Retain"]),
    right: "what becomes of tables and queues when the service is removed: Delete or Retain",
    example: "Retain",
  },
  {
    name: "deletionProtection",
    isNeeded: always,
    isRight: oneOf(["true", "false"]),
    right: "whether tables can't be deleted: true or false",
    example: "true",
  },
  {
    name: "alarms",
    isNeeded: always,
    isRight: oneOf(["on", "off"]),
    right: "whether functions and tables have CloudWatch alarms: on or off",
    example: "on",
  },
  {
    name: "alarmTopicArn",
    isNeeded: never,
    isRight: matches(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]{1,256}$/),
    right: "the ARN of the SNS topic that alarms tell (none of the FIFO kind), or empty",
    example: "arn:aws:sns:eu-west-1:123456789012:on-call",
  },
  {
    name: "tracing",
    isNeeded: always,
    isRight: oneOf(["Active", "false"]),
    right: "whether X-Ray traces the functions: Active or false",
    example: "Active",
  },
];

/** What is wrong with a stage's parameters, a sentence each; empty when nothing is. */
export function parameterFaults(values: Parameters, deployment: Deployment): readonly string[] {
  const { stage } = deployment;
  const given: Given = (name) => (name === "stage" ? stage : String(values[name] ?? ""));
  return [...parameters.flatMap((parameter) => faultOf(parameter, given) ?? []), ...stageFaults(given, deployment)];
}

function faultOf(parameter: Parameter, given: Given): string | undefined {
  const { name, isNeeded, isRight, right, example, isSecret } = parameter;
  const value = given(name);
  const howTo = `Give --param="${name}=${example}", or write it under params.${given("stage")} in serverless.yml.`;
  if (value === "") {
    return isNeeded(given) ? `Stage '${given("stage")}' needs parameter ${name}: ${right}. ${howTo}` : undefined;
  }
  // What is given stands in the template as it is, and nothing there takes blanks away.
  if (/\s/.test(value)) return `Parameter ${name} must be without white space, around it and in it. ${howTo}`;
  if (isRight(value, given)) return undefined;
  const isShown = isSecret !== true && !holdsPassword(value);
  const shown = isShown ? JSON.stringify(value) : "something else, not shown for it may be a secret";
  return `Parameter ${name} must be ${right}: got ${shown}. ${howTo}`;
}

function hasPort(server: string): boolean {
  const port = Number(server.slice(server.lastIndexOf(":") + 1));
  return port >= 1 && port <= 65_535;
}

/** What the functions take, and none with a password, for anybody may read it, unless it is of this machine. */
function isDatabaseAddress(value: string, given: Given): boolean {
  try {
    return addressOf(value).password === "" || LOCAL_HOST.test(new URL(value).hostname) || isLocal(given);
  } catch {
    return false;
  }
}

/** Anybody may read it. A key may stand as the user alone, and a query is not sent on. */
function isRegistryAddress(value: string, given: Given): boolean {
  const address = URL.parse(value);
  if (address === null || !/^https?:$/.test(address.protocol) || address.hostname === "") return false;
  return isLocal(given) || (address.username === "" && address.password === "" && address.search === "");
}

function holdsPassword(value: string): boolean {
  return (URL.parse(value)?.password ?? "") !== "";
}
