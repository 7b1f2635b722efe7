// What is wrong with a stage as a whole: parameters that don't go together, a name too long, another region's resources, hosts that AWS
// can't reach. Pure: values go in, sentences come out.

import { kafkaAuths, needsSecret } from "../kafka/auth.ts";

/** Every parameter as text, and `stage`. */
export type Given = (name: string) => string;

export interface Deployment {
  readonly stage: string;
  readonly region: string;
  /** As deployed. */
  readonly functionNames: readonly string[];
  /** The command changes an AWS account, and not an emulator on this machine. */
  readonly reachesAws: boolean;
}

export const LOCAL_HOST = /^(127(\.\d+){3}|localhost|\[::1\])$/;

/** The stage of this machine: its parameters are served by `npm run dev`. */
const LOCAL_STAGE = "local";
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
const LONGEST_FUNCTION_NAME = 64;
const regional = [
  ...["mskClusterArn", "kafkaSecretArn", "kafkaCaSecretArn", "secretsKeyArn", "alarmTopicArn"],
  ...["databaseUrl", "schemaRegistryUrl", "trackApiKey"],
];

export function isLocal(given: Given): boolean {
  return given("stage") === LOCAL_STAGE;
}

/** A sentence each; empty when nothing is wrong. */
export function stageFaults(given: Given, deployment: Deployment): readonly string[] {
  return [
    ...combinationFaults(given),
    ...lengthFaults(deployment),
    ...regionFaults(given, deployment),
    ...(deployment.reachesAws ? unreachable(given) : []),
  ];
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
  if (!isMsk && auth === "none" && given("kafkaCaSecretArn") !== "") {
    faults.push(`Parameter kafkaCaSecretArn has no use with kafkaAuth none, which is without TLS. ${change}`);
  }
  if (given("kafkaSecretArn") !== "" && kafkaAuths.some((one) => one === auth) && !needsSecret(auth)) {
    faults.push(`Parameter kafkaSecretArn has no use with kafkaAuth ${auth}. ${change}`);
  }
  return faults;
}

/** A function's name holds the stage's. */
function lengthFaults({ stage, functionNames }: Deployment): readonly string[] {
  const [longest = ""] = functionNames.filter((name) => name.includes(stage)).sort((a, b) => b.length - a.length);
  const excess = longest.length - LONGEST_FUNCTION_NAME;
  if (excess <= 0) return [];
  return [
    `Stage '${stage}' is too long: function '${longest}' would have ${longest.length} characters, and Lambda takes ${LONGEST_FUNCTION_NAME}. The stage may have ${stage.length - excess}.`,
  ];
}

/** Mappings, functions and alarms know clusters, secrets, keys and topics of their own region alone. */
function regionFaults(given: Given, { region }: Deployment): readonly string[] {
  return regional.flatMap((name) => {
    const named = /^arn:[\w-]+:\w+:([\w-]+):/.exec(given(name))?.[1] ?? region;
    if (named === region) return [];
    return [
      `Parameter ${name} names what is in ${named}, and the stage is in ${region}: give --region ${named}, or what is in ${region}.`,
    ];
  });
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
    ...servers.map((server) => ["bootstrapServers", server.replace(/:\d+$/, "")] as const),
    ...["databaseUrl", "schemaRegistryUrl"].map((name) => [name, URL.parse(given(name))?.hostname ?? ""] as const),
  ];
  return hosts
    .filter(([, host]) => LOCAL_HOST.test(host))
    .map(
      ([name, host]) => `Parameter ${name} names ${host}, this machine, which Lambda can't reach: name another host.`,
    );
}
