// Which function a mapping's FunctionName means: a Ref or Fn::GetAtt, an alias or version of one, or a name or ARN as text.
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
import {
  arnOf,
  type Resource,
  referencedLogicalId,
  resolveValue,
  resourcesOfType,
  type Template,
  UnresolvedError,
} from "./template.ts";

export interface FunctionReference {
  readonly logicalId: string;
  /** The alias or version that is invoked, where it is known without a deployment. */
  readonly qualifier?: string;
}

/** Name, ARN or partial ARN, and the qualifier at its end. */
const NAME = /^(?:arn:[\w-]+:lambda:[\w-]*:\d*:function:|\d{12}:function:)?([\w-]+)(?::([\w$-]+))?$/;

/** Undefined when the template has no such function. */
export function functionReference(template: Template, functionName: unknown): FunctionReference | undefined {
  const resource = template.resources.get(referencedLogicalId(template, functionName) ?? "");
  switch (resource?.type) {
    case "AWS::Lambda::Alias":
      return behind(template, resource, String(resolveValue(template, resource.properties.Name)));
    case "AWS::Lambda::Version":
      return behind(template, resource); // its number is made up by the deployment
    case "AWS::Lambda::Function":
      return { logicalId: resource.logicalId, ...qualifierOf(template, functionName) };
    default:
      return byName(template, functionName);
  }
}

/** Whether it may be another stack's function: named by text or by an export, not by what this template should have. */
export function isElsewhere(template: Template, functionName: unknown): boolean {
  return textOf(template, functionName) !== "" || JSON.stringify(functionName ?? "").includes('"Fn::ImportValue"');
}

/** AWS's refusal of a function that nobody has, with what was looked for. */
export function doesNotExist(template: Template, functionName: unknown): string {
  const names = resourcesOfType(template, "AWS::Lambda::Function").map(({ logicalId }) => logicalId);
  const has = `The template's functions: ${names.join(", ") || "none"}`;
  return `Function does not exist: ${sought(template, functionName)}. ${has}; what another stack has is left out with --only`;
}

/** The Lambda API's own way of writing both. */
export function qualifiedName(name: string, qualifier: string | undefined): string {
  return qualifier === undefined ? name : `${name}:${qualifier}`;
}

function behind(template: Template, { properties }: Resource, qualifier?: string): FunctionReference | undefined {
  const { logicalId } = functionReference(template, properties.FunctionName) ?? {};
  if (logicalId === undefined) return undefined;
  return { logicalId, ...(qualifier === undefined ? {} : { qualifier }) };
}

function qualifierOf(template: Template, functionName: unknown): { qualifier?: string } {
  const [, , qualifier] = NAME.exec(String(resolveValue(template, functionName))) ?? [];
  return qualifier === undefined ? {} : { qualifier };
}

function byName(template: Template, functionName: unknown): FunctionReference | undefined {
  const [, name, qualifier] = NAME.exec(textOf(template, functionName)) ?? [];
  const found = resourcesOfType(template, "AWS::Lambda::Function").find((resource) =>
    arnOf(template, resource).endsWith(`:function:${name}`),
  );
  if (name === undefined || found === undefined) return undefined;
  return { logicalId: found.logicalId, ...(qualifier === undefined ? {} : { qualifier }) };
}

function sought(template: Template, functionName: unknown): string {
  try {
    return `FunctionName is ${JSON.stringify(resolveValue(template, functionName)) ?? "missing"}`;
  } catch (error) {
    if (error instanceof UnresolvedError) return error.message;
    throw error;
  }
}

/** Another stack's function can't be known here, and is none of this template's. */
function textOf(template: Template, functionName: unknown): string {
  try {
    return String(resolveValue(template, functionName) ?? "");
  } catch (error) {
    if (error instanceof UnresolvedError) return "";
    throw error;
  }
}
