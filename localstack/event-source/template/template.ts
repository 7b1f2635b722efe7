// Reads a compiled CloudFormation template: finds resources and resolves the intrinsic functions that settings use.
// What can't be resolved here (another stack's export that nobody gave) is an error only when a setting needs it.
import { dirname, resolve } from "node:path";
import { holds } from "./conditions.ts";
import { readDocument } from "./document.ts";
import { parametersOf } from "./parameters.ts";
import { arnText, namePropertyOf, refText } from "./resource-names.ts";

export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The name of the condition under which it exists. */
  readonly condition?: string;
}

/** What a deployment would be told besides the template. */
export interface Given {
  readonly parameters?: Readonly<Record<string, string>>;
  /** Other stacks' exports. */
  readonly imports?: Readonly<Record<string, string>>;
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
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly mappings: Readonly<Record<string, unknown>>;
  readonly imports: Readonly<Record<string, string>>;
}

export const LOCAL_ACCOUNT: Account = { region: "us-east-1", accountId: "000000000000", stackName: "local" };

/** Thrown for a value that a local run can't know. */
export class UnresolvedError extends Error {}

/** Reads a template file, JSON or YAML. */
export function readTemplate(file: string, account: Account = LOCAL_ACCOUNT, given: Given = {}): Template {
  return templateOf(readDocument(file), dirname(resolve(file)), account, given);
}

/** A template from parsed JSON. */
export function templateOf(
  document: unknown,
  directory: string,
  account: Account = LOCAL_ACCOUNT,
  given: Given = {},
): Template {
  const { Resources, Parameters, Conditions, Mappings } = asObject(document) ?? {};
  const resources = new Map<string, Resource>();
  for (const [logicalId, body] of Object.entries(asObject(Resources) ?? {})) {
    const { Type, Properties, Metadata, Condition } = asObject(body) ?? {};
    resources.set(logicalId, {
      logicalId,
      type: String(Type),
      properties: asObject(Properties) ?? {},
      metadata: asObject(Metadata) ?? {},
      ...(Condition === undefined ? {} : { condition: String(Condition) }),
    });
  }
  return {
    directory,
    account,
    resources,
    parameters: parametersOf(asObject(Parameters) ?? {}, given.parameters ?? {}),
    conditions: asObject(Conditions) ?? {},
    mappings: asObject(Mappings) ?? {},
    imports: given.imports ?? {},
  };
}

/** Those that exist: a resource whose condition doesn't hold is none. */
export function resourcesOfType(template: Template, type: string): Resource[] {
  return [...template.resources.values()].filter((resource) => {
    if (resource.type !== type) return false;
    if (resource.condition === undefined) return true;
    try {
      return isTrue(template, resource.condition);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Whether '${resource.logicalId}' exists depends on condition '${resource.condition}': ${why}`, {
        cause,
      });
    }
  });
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

/** The value behind an Fn::If, as it stands in the template: what lies within may be known only after a deployment. */
export function branchOf(template: Template, value: unknown): unknown {
  const argument = asObject(value)?.["Fn::If"];
  if (!Array.isArray(argument)) return value;
  const [condition, whenTrue, whenFalse] = argument;
  return branchOf(template, isTrue(template, String(condition)) ? whenTrue : whenFalse);
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
  const object = asObject(branchOf(template, value));
  if (object === undefined) return undefined;
  if (typeof object.Ref === "string" && template.resources.has(object.Ref)) return object.Ref;
  const attribute = object["Fn::GetAtt"];
  if (attribute !== undefined) return attributeParts(attribute)[0];
  return referencedLogicalId(template, Object.values(object));
}

/** The ARN a resource would have, as far as a local run needs it. */
export function arnOf(template: Template, resource: Resource): string {
  return arnText({ type: resource.type, name: physicalName(template, resource) }, template.account);
}

export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function isTrue(template: Template, condition: string): boolean {
  const { conditions } = template;
  return holds(condition, { conditions, resolve: (value) => resolveValue(template, value) });
}

function physicalName(template: Template, resource: Resource): string {
  const property = namePropertyOf(resource.type);
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
  if (resource !== undefined) return refText({ type: resource.type, name: physicalName(template, resource) }, account);
  if (name in template.parameters) {
    throw new UnresolvedError(`Parameter '${name}' has no value: give one with --parameter ${name}=VALUE`);
  }
  throw new UnresolvedError(`Ref '${name}' names neither a resource nor a parameter`);
}

function resolveFunction(template: Template, name: string, argument: unknown): unknown {
  switch (name) {
    case "Fn::GetAtt":
      return resolveAttribute(template, argument);
    case "Fn::Sub":
      return substitute(template, argument);
    case "Fn::Join": {
      const [separator, items] = listOf(template, name, argument);
      if (!Array.isArray(items)) throw new UnresolvedError(`${name} joins a list, got ${JSON.stringify(items)}`);
      return items.map(String).join(String(separator));
    }
    case "Fn::Select": {
      const [index, items] = listOf(template, name, argument);
      return Array.isArray(items) ? items[Number(index)] : undefined;
    }
    case "Fn::Split": {
      const [separator, text] = listOf(template, name, argument);
      return String(text).split(String(separator));
    }
    case "Fn::If":
      return resolveValue(template, branchOf(template, { [name]: argument }));
    case "Fn::FindInMap":
      return findInMap(template, argument);
    case "Fn::ImportValue": {
      const name = String(resolveValue(template, argument));
      if (template.imports[name] !== undefined) return template.imports[name];
      throw new UnresolvedError(`'${name}' is another stack's export: give it with --import ${name}=VALUE`);
    }
    case "Fn::Base64":
      return Buffer.from(String(resolveValue(template, argument))).toString("base64");
    case "Fn::ToJsonString":
      return JSON.stringify(resolveValue(template, argument));
    case "Fn::Length":
      return listOf(template, name, argument).length;
    default:
      throw new UnresolvedError(`${name} ${JSON.stringify(argument)} can't be resolved without the deployed stack`);
  }
}

function findInMap(template: Template, argument: unknown): unknown {
  const [map, first, second, options] = listOf(template, "Fn::FindInMap", argument);
  const found = asObject(asObject(template.mappings[String(map)])?.[String(first)])?.[String(second)];
  if (found !== undefined) return found;
  const { DefaultValue } = asObject(options) ?? {};
  if (DefaultValue !== undefined) return DefaultValue;
  throw new UnresolvedError(`Fn::FindInMap finds no ${map}.${first}.${second} in the template's Mappings`);
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
