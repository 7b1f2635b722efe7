// Reads a compiled CloudFormation template: finds resources and resolves the intrinsic functions that settings use.
// What can't be resolved here (another stack's export) is an error only when a setting needs it.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What stands in for the account that a deployed stack would have. */
export interface Account {
  readonly region: string;
  readonly accountId: string;
  readonly stackName: string;
}

export interface Template {
  /** Where the template lies; functions' zips are found beside it. */
  readonly directory: string;
  readonly account: Account;
  readonly resources: ReadonlyMap<string, Resource>;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export const LOCAL_ACCOUNT: Account = { region: "us-east-1", accountId: "000000000000", stackName: "local" };

/** Thrown for a value that a local run can't know. */
export class UnresolvedError extends Error {}

/** Parses a template file. */
export function readTemplate(file: string, account: Account = LOCAL_ACCOUNT): Template {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new Error(
      `Can't read the template ${file}: it must be the JSON that \`serverless package\` writes to .serverless. Run \`npx serverless package\` first.`,
      { cause },
    );
  }
  return templateOf(document, dirname(resolve(file)), account);
}

/** A template from parsed JSON. */
export function templateOf(document: unknown, directory: string, account: Account = LOCAL_ACCOUNT): Template {
  const { Resources, Parameters } = asObject(document) ?? {};
  const resources = new Map<string, Resource>();
  for (const [logicalId, body] of Object.entries(asObject(Resources) ?? {})) {
    const { Type, Properties } = asObject(body) ?? {};
    resources.set(logicalId, { logicalId, type: String(Type), properties: asObject(Properties) ?? {} });
  }
  const parameters = Object.entries(asObject(Parameters) ?? {}).map(([name, body]) => [name, asObject(body)?.Default]);
  return { directory, account, resources, parameters: Object.fromEntries(parameters) };
}

export function resourcesOfType(template: Template, type: string): Resource[] {
  return [...template.resources.values()].filter((resource) => resource.type === type);
}

/** The value with every intrinsic function carried out; undefined stands for AWS::NoValue. */
export function resolveValue(template: Template, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => resolveValue(template, item)).filter((item) => item !== undefined);
  }
  const object = asObject(value);
  if (object === undefined) return value;
  const [name, ...others] = Object.keys(object);
  if (name !== undefined && others.length === 0) {
    if (name === "Ref") return resolveRef(template, String(object.Ref));
    if (name.startsWith("Fn::")) return resolveFunction(template, name, object[name]);
  }
  const entries = Object.entries(object).map(([key, item]) => [key, resolveValue(template, item)]);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

/** The logical id that a Ref, Fn::GetAtt or a join that contains one points at, when there is one. */
export function referencedLogicalId(template: Template, value: unknown): string | undefined {
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = referencedLogicalId(template, item);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const object = asObject(value);
  if (object === undefined) return undefined;
  if (typeof object.Ref === "string" && template.resources.has(object.Ref)) return object.Ref;
  const attribute = object["Fn::GetAtt"];
  if (attribute !== undefined) return attributeParts(attribute)[0];
  return referencedLogicalId(template, Object.values(object));
}

/** The ARN a resource would have, as far as a local run needs it. */
export function arnOf(template: Template, resource: Resource): string {
  const { region, accountId } = template.account;
  const name = physicalName(template, resource);
  switch (resource.type) {
    case "AWS::Lambda::Function":
      return `arn:aws:lambda:${region}:${accountId}:function:${name}`;
    case "AWS::DynamoDB::Table":
      return `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
    case "AWS::SQS::Queue":
      return `arn:aws:sqs:${region}:${accountId}:${name}`;
    case "AWS::SNS::Topic":
      return `arn:aws:sns:${region}:${accountId}:${name}`;
    case "AWS::S3::Bucket":
      return `arn:aws:s3:::${name}`;
    case "AWS::IAM::Role":
      return `arn:aws:iam::${accountId}:role/${name}`;
    case "AWS::Events::Rule":
      return `arn:aws:events:${region}:${accountId}:rule/${name}`;
    default:
      return `arn:aws:${resource.type.split("::")[1]?.toLowerCase()}:${region}:${accountId}:${name}`;
  }
}

export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

// The property that names a resource, by type; without it CloudFormation makes a name up, here the logical id.
const NAME_PROPERTIES: Readonly<Record<string, string>> = {
  "AWS::Lambda::Function": "FunctionName",
  "AWS::DynamoDB::Table": "TableName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::SNS::Topic": "TopicName",
  "AWS::S3::Bucket": "BucketName",
  "AWS::IAM::Role": "RoleName",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::Events::Rule": "Name",
};

function physicalName(template: Template, resource: Resource): string {
  const property = NAME_PROPERTIES[resource.type];
  const name = property === undefined ? undefined : resource.properties[property];
  return name === undefined ? madeUpName(resource) : String(resolveValue(template, name));
}

// Names that CloudFormation makes up keep to the service's rules too.
function madeUpName({ logicalId, type, properties }: Resource): string {
  if (type === "AWS::S3::Bucket") return logicalId.toLowerCase();
  const isFifo = String(properties.FifoQueue ?? properties.FifoTopic ?? false) === "true";
  return isFifo ? `${logicalId}.fifo` : logicalId;
}

function resolveRef(template: Template, name: string): unknown {
  const { account } = template;
  switch (name) {
    case "AWS::Region":
      return account.region;
    case "AWS::AccountId":
      return account.accountId;
    case "AWS::StackName":
      return account.stackName;
    case "AWS::StackId":
      return `arn:aws:cloudformation:${account.region}:${account.accountId}:stack/${account.stackName}/local`;
    case "AWS::Partition":
      return "aws";
    case "AWS::URLSuffix":
      return "amazonaws.com";
    case "AWS::NoValue":
      return undefined;
  }
  if (template.parameters[name] !== undefined) return template.parameters[name];
  const resource = template.resources.get(name);
  if (resource?.type === "AWS::SNS::Topic") return arnOf(template, resource);
  if (resource !== undefined) return physicalName(template, resource);
  throw new UnresolvedError(`Ref '${name}' names neither a resource nor a parameter with a default`);
}

function resolveFunction(template: Template, name: string, argument: unknown): unknown {
  switch (name) {
    case "Fn::GetAtt":
      return resolveAttribute(template, argument);
    case "Fn::Sub":
      return substitute(template, argument);
    case "Fn::Join": {
      const [separator, items] = listOf(template, name, argument);
      return (Array.isArray(items) ? items : []).map(String).join(String(separator));
    }
    case "Fn::Select": {
      const [index, items] = listOf(template, name, argument);
      return Array.isArray(items) ? items[Number(index)] : undefined;
    }
    case "Fn::Split": {
      const [separator, text] = listOf(template, name, argument);
      return String(text).split(String(separator));
    }
    default:
      throw new UnresolvedError(`${name} ${JSON.stringify(argument)} can't be resolved without the deployed stack`);
  }
}

function resolveAttribute(template: Template, argument: unknown): unknown {
  const [logicalId, attribute] = attributeParts(argument);
  const resource = template.resources.get(logicalId);
  if (resource === undefined) throw new UnresolvedError(`Fn::GetAtt names '${logicalId}', which the template lacks`);
  if (attribute === "Arn" || attribute === "TopicArn") return arnOf(template, resource);
  if (attribute.endsWith("Name")) return physicalName(template, resource);
  throw new UnresolvedError(`Fn::GetAtt ${logicalId}.${attribute} is known only after a deployment`);
}

function attributeParts(argument: unknown): [string, string] {
  if (Array.isArray(argument)) return [String(argument[0]), argument.slice(1).map(String).join(".")];
  const [logicalId = "", ...rest] = String(argument).split(".");
  return [logicalId, rest.join(".")];
}

function substitute(template: Template, argument: unknown): string {
  const [text, own] = Array.isArray(argument)
    ? [String(argument[0]), asObject(argument[1]) ?? {}]
    : [String(argument), {}];
  return text.replace(/\$\{([^}]+)\}/g, (_whole, name: string) => {
    if (name.startsWith("!")) return `\${${name.slice(1)}}`;
    if (own[name] !== undefined) return String(resolveValue(template, own[name]));
    return String(
      name.includes(".") && !name.startsWith("AWS::") ? resolveAttribute(template, name) : resolveRef(template, name),
    );
  });
}

function listOf(template: Template, name: string, argument: unknown): unknown[] {
  const resolved = resolveValue(template, argument);
  if (!Array.isArray(resolved)) throw new UnresolvedError(`${name} needs a list, got ${JSON.stringify(argument)}`);
  return resolved;
}
