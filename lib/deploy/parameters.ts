// A stage's parameters: what each must be, and whether a stage on AWS can do without. Pure: values go in, sentences come out.
// A sentence says which parameter, what would be right and how to give it.

import { kafkaAuths, needsSecret } from "../kafka/auth.ts";

/** By name, as serverless.yml and the command line give them; an empty one is missing. */
export type Parameters = Readonly<Record<string, unknown>>;

export interface Deployment {
  readonly stage: string;
  /** The command changes an AWS account, and not an emulator on this machine. */
  readonly reachesAws: boolean;
}

/** The stage of this machine: its parameters are served by `npm run dev`. */
export const LOCAL_STAGE = "local";

interface Parameter {
  readonly name: string;
  readonly isNeeded: (given: Given) => boolean;
  readonly isRight: (value: string, given: Given) => boolean;
  /** What would be right, after "must be". */
  readonly right: string;
  readonly example: string;
}

/** Every parameter as text. */
type Given = (name: string) => string;

const always = () => true;
const never = () => false;
const matches = (pattern: RegExp) => (value: string) => pattern.test(value);
const oneOf = (words: readonly string[]) => (value: string) => words.includes(value);
const listOf = (pattern: RegExp, most: number) => (value: string) => {
  const entries = value.split(",").map((entry) => entry.trim());
  return entries.length <= most && entries.every((entry) => pattern.test(entry));
};

const SECRET = /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@!-]+-\w{6}$/;
const LOCAL_HOST = /^(127(\.\d+){3}|localhost|\[::1\])$/;
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
const RETENTIONS = "1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653".split(" ");
const secretExample = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;

const parameters: readonly Parameter[] = [
  {
    name: "bootstrapServers",
    isNeeded: always,
    isRight: listOf(/^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i, 10),
    right: "Kafka's brokers, one to ten of host:port, separated by commas",
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
    isRight: (value, given) => SECRET.test(value) || isAddress(value, /^postgres(ql)?:$/, given),
    right: "the ARN of a secret that holds {url: postgres://user:password@host:port/database}",
    example: secretExample("shop-database"),
  },
  {
    name: "schemaRegistryUrl",
    isNeeded: always,
    isRight: (value, given) => SECRET.test(value) || isAddress(value, /^https?:$/, given),
    right:
      "the registry's address, or where it asks for a key the ARN of a secret that holds {url: https://key:secret@host}",
    example: "https://schemas.shop.example/apis/ccompat/v7",
  },
  {
    name: "trackApiKey",
    isNeeded: never,
    isRight: (value, given) => SECRET.test(value) || isLocal(given),
    right: "the ARN of a secret that holds {key} as clients show it in x-api-key, or empty: anybody may send",
    example: secretExample("track-api-key"),
  },
  {
    name: "brlPerUsd",
    isNeeded: always,
    isRight: (value) => Number(value) > 0 && Number.isFinite(Number(value)),
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
export function parameterFaults(values: Parameters, { stage, reachesAws }: Deployment): readonly string[] {
  const given: Given = (name) => (name === "stage" ? stage : String(values[name] ?? "").trim());
  const howTo = ({ name, example }: Parameter) =>
    `Give --param="${name}=${example}", or write it under params.${stage} in serverless.yml.`;
  const single = parameters.flatMap((parameter) => {
    const { name, isNeeded, isRight, right } = parameter;
    const value = given(name);
    if (value === "") {
      return isNeeded(given) ? [`Stage '${stage}' needs parameter ${name}: ${right}. ${howTo(parameter)}`] : [];
    }
    const shown = holdsPassword(value) ? "one with a password in it" : JSON.stringify(value);
    return isRight(value, given) ? [] : [`Parameter ${name} must be ${right}: got ${shown}. ${howTo(parameter)}`];
  });
  return [...single, ...combinationFaults(given), ...(reachesAws ? unreachable(given) : [])];
}

function combinationFaults(given: Given): readonly string[] {
  const faults: string[] = [];
  const auth = given("kafkaAuth");
  const msk = given("mskClusterArn");
  const isMsk = msk !== "";
  const change = "Change one of the two.";
  if (auth === "iam" && !isMsk) {
    faults.push("Parameter kafkaAuth is iam, by which only Amazon MSK knows its clients: give mskClusterArn too.");
  }
  if (auth === "iam" && msk.includes(":vpc-connection/")) {
    faults.push(
      "Parameter kafkaAuth is iam, whose rights name the cluster: mskClusterArn must be the cluster's own ARN.",
    );
  }
  if (isMsk && (auth === "plain" || auth === "scram-256")) {
    faults.push(
      `Parameter kafkaAuth is ${auth}, which Amazon MSK does not have: it has iam, scram-512, mtls and none.`,
    );
  }
  if (isMsk && given("kafkaCaSecretArn") !== "") {
    faults.push(`Parameter kafkaCaSecretArn has no use with mskClusterArn: MSK's authority is known. ${change}`);
  }
  if (given("kafkaSecretArn") !== "" && kafkaAuths.some((one) => one === auth) && !needsSecret(auth)) {
    faults.push(`Parameter kafkaSecretArn has no use with kafkaAuth ${auth}. ${change}`);
  }
  return faults;
}

/** What can't be reached from AWS. */
function unreachable(given: Given): readonly string[] {
  if (isLocal(given)) {
    return [
      `Stage '${LOCAL_STAGE}' is this machine's: deploy with --stage dev, staging or prod, or to an emulator by AWS_ENDPOINT_URL.`,
    ];
  }
  const servers = given("bootstrapServers").split(",");
  const hosts = [
    ...servers.map((server) => ["bootstrapServers", server.trim().replace(/:\d+$/, "")] as const),
    ...["databaseUrl", "schemaRegistryUrl"].map((name) => [name, URL.parse(given(name))?.hostname ?? ""] as const),
  ];
  return hosts
    .filter(([, host]) => LOCAL_HOST.test(host))
    .map(
      ([name, host]) => `Parameter ${name} names ${host}, this machine, which Lambda can't reach: name another host.`,
    );
}

/** An address that anybody may read: none with a password, unless it is of this machine. */
function isAddress(value: string, protocol: RegExp, given: Given): boolean {
  const address = URL.parse(value);
  if (address === null || !protocol.test(address.protocol) || address.hostname === "") return false;
  return address.password === "" || LOCAL_HOST.test(address.hostname) || isLocal(given);
}

function isLocal(given: Given): boolean {
  return given("stage") === LOCAL_STAGE;
}

function holdsPassword(value: string): boolean {
  return (URL.parse(value)?.password ?? "") !== "";
}
