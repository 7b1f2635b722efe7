// What a function's role may do, made from what the function declares: its logs, network, topics, secrets, tables, buckets and queues. Pure.
// `*` stands only where AWS takes no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

import { kafkaStatements } from "./kafka-policy.ts";
import type { EventSource } from "./service-mappings.ts";
import { allow, type KafkaSubject, type Statement } from "./statement.ts";

/** A function as far as its rights are concerned. */
export interface RoleSubject extends KafkaSubject {
  /** What it does to the template's resources: `WindowsTable: [GetItem]`, `ChartsBucket/folder/*: [PutObject]`. */
  readonly uses: Readonly<Record<string, readonly string[]>>;
  /** Where an asynchronous invocation that failed goes. */
  readonly failedInvocationsTo?: unknown;
}

export interface RoleContext {
  readonly source: EventSource;
  /** The KMS key of the secrets; absent or empty: AWS's own, to which no right is needed. */
  readonly secretsKeyArn?: string | undefined;
  readonly isInVpc: boolean;
  readonly isTraced: boolean;
  /** The type of each of the template's resources, by logical id. */
  readonly typeOf: (logicalId: string) => string | undefined;
}

/** The statements of a function's role, none with more than the function needs. */
export function policyOf(subject: RoleSubject, context: RoleContext): readonly Statement[] {
  return [
    logs(subject),
    ...(context.isInVpc ? network(subject) : []),
    ...(context.isTraced ? [allow("Traces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")] : []),
    ...secrets(subject, context),
    ...kafkaStatements(subject, context.source),
    ...Object.entries(subject.uses).map(([resource, actions], index) =>
      use(`Uses${index + 1}`, { resource, actions }, context),
    ),
    ...destinations(subject, context),
  ];
}

/** What is wrong with what a function says it uses, a sentence each; empty when nothing is. */
export function usesFaults(name: string, uses: RoleSubject["uses"], typeOf: RoleContext["typeOf"]): readonly string[] {
  return Object.entries(uses).flatMap(([resource, actions]) => {
    const at = `Function '${name}', uses.${resource}`;
    const type = typeOf(logicalIdIn(resource));
    const service = services[type ?? ""];
    if (service === undefined) {
      return [
        `${at}: must be the logical id of a table, bucket or queue of this template: that is ${type ?? "not there"}.`,
      ];
    }
    const isRight = Array.isArray(actions) && actions.length > 0 && actions.every((one) => /^[A-Z]\w+$/.test(one));
    return isRight
      ? []
      : [`${at}: must list ${service}'s actions by name, such as [GetItem]: got ${JSON.stringify(actions)}.`];
  });
}

/** The log group is the template's own, so that making one is no right that is needed. */
function logs({ name }: RoleSubject): Statement {
  const group = `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${name}:*`;
  return allow("Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], [{ "Fn::Sub": group }]);
}

/**
 * Lambda makes the function's network interfaces with its role, and so do Kafka's pollers. The function's own code has no use for these
 * rights, and is denied them: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
function network({ name, events }: RoleSubject): readonly Statement[] {
  const looking = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"];
  const pollers = events.length > 0 ? ["ec2:DescribeVpcs", "ec2:DescribeSecurityGroups"] : [];
  const making = [
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
  ];
  const own = { "Fn::Sub": `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}` };
  return [
    allow("NetworkSeen", [...looking, ...pollers], "*"),
    allow("NetworkMade", making, [{ "Fn::Sub": `arn:\${AWS::Partition}:ec2:\${AWS::Region}:\${AWS::AccountId}:*/*` }]),
    {
      ...{ Sid: "NetworkNotByCode", Effect: "Deny", Action: [...looking, ...pollers, ...making], Resource: "*" },
      Condition: { ArnEquals: { "lambda:SourceFunctionArn": [own] } },
    },
  ];
}

const SECRET = /^arn:[\w-]+:secretsmanager:/;

/** Every setting that names a secret is a right to read it. */
function secrets({ environment }: RoleSubject, { secretsKeyArn }: RoleContext): readonly Statement[] {
  const named = Object.values(environment).filter((value) => typeof value === "string" && SECRET.test(value));
  if (named.length === 0) return [];
  const read = allow("Secrets", ["secretsmanager:GetSecretValue"], [...new Set(named)].sort());
  if (!secretsKeyArn) return [read];
  const bySecretsManager = { "kms:ViaService": { "Fn::Sub": `secretsmanager.\${AWS::Region}.\${AWS::URLSuffix}` } };
  return [
    read,
    { ...allow("SecretsKey", ["kms:Decrypt"], [secretsKeyArn]), Condition: { StringEquals: bySecretsManager } },
  ];
}

const services: Readonly<Record<string, string>> = {
  "AWS::DynamoDB::Table": "dynamodb",
  "AWS::S3::Bucket": "s3",
  "AWS::SQS::Queue": "sqs",
};

function use(
  sid: string,
  { resource, actions }: { resource: string; actions: readonly string[] },
  { typeOf }: RoleContext,
): Statement {
  const id = logicalIdIn(resource);
  const path = resource.slice(id.length);
  const arn = path === "" ? { "Fn::GetAtt": [id, "Arn"] } : { "Fn::Sub": `\${${id}.Arn}${path}` };
  return allow(
    sid,
    actions.map((action) => `${services[typeOf(id) ?? ""]}:${action}`),
    [arn],
  );
}

/** Where failures go that are no topic: those of mappings and those of asynchronous invocations. */
function destinations({ events, failedInvocationsTo }: RoleSubject, { typeOf }: RoleContext): readonly Statement[] {
  const declared = events.map(({ onFailureDestination }) => onFailureDestination);
  const arns = [...declared, failedInvocationsTo].filter(
    (one) => one != null && !(typeof one === "string" && one.startsWith("kafka://")),
  );
  const distinct = [...new Map(arns.map((arn) => [JSON.stringify(arn), arn])).values()];
  return distinct.flatMap((arn, index) => destination(`Failures${index + 1}`, arn, serviceOf(arn, typeOf)));
}

function destination(sid: string, arn: unknown, service: string): readonly Statement[] {
  switch (service) {
    case "sqs":
      return [allow(sid, ["sqs:SendMessage"], [arn])];
    case "sns":
      return [allow(sid, ["sns:Publish"], [arn])];
    case "s3":
      return [
        allow(sid, ["s3:ListBucket"], [arn]),
        allow(`${sid}Objects`, ["s3:PutObject"], [{ "Fn::Join": ["", [arn, "/*"]] }]),
      ];
    default:
      return [];
  }
}

function serviceOf(arn: unknown, typeOf: RoleContext["typeOf"]): string {
  if (typeof arn === "string") return arn.split(":")[2] ?? "";
  const [attribute] = Object.values(arn ?? {});
  const id = Array.isArray(attribute) ? String(attribute[0]) : String(attribute).split(".")[0];
  return services[typeOf(id ?? "") ?? ""] ?? "";
}

function logicalIdIn(resource: string): string {
  return resource.split("/")[0] ?? resource;
}
