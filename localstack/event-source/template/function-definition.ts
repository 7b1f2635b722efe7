// The functions of a template, as far as running them locally needs: code, handler, environment, limits.
import { type Code, codeOf } from "./code.ts";
import {
  arnOf,
  asObject,
  branchOf,
  type Resource,
  resolveValue,
  resourcesOfType,
  type Template,
  UnresolvedError,
} from "./template.ts";

export interface FunctionDefinition {
  readonly logicalId: string;
  /** The deployed name, such as `service-stage-enrichRides`. */
  readonly name: string;
  readonly arn: string;
  /** `path/to/file.export`, without the file's extension. */
  readonly handler: string;
  readonly code: Code;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** Invocations at once beyond which AWS answers with a throttle; undefined means no limit of its own. */
  readonly reservedConcurrency?: number;
}

const DEFAULT_MEMORY_MB = 128;
const DEFAULT_TIMEOUT_SECONDS = 3;
const TIMEOUT = { unit: " of seconds", least: 1, most: 900 };
const MEMORY = { unit: " of MB", least: 128, most: 10_240 };
const CONCURRENCY = { unit: "", least: 0, most: Number.MAX_SAFE_INTEGER };

/**
 * One function. `overrides` win over the template's environment, which may then stay unresolved; `codePath` is a folder or a zip that
 * is its code whatever the template says.
 */
export function functionOf(
  template: Template,
  logicalId: string,
  overrides: Readonly<Record<string, string>> = {},
  codePath?: string,
): FunctionDefinition {
  const resource = functionResource(template, logicalId);
  const { properties } = resource;
  const { name } = limits(template, resource);
  if (properties.PackageType === "Image") {
    throw new Error(
      `Function '${name}' is a container image: only zip packages run locally. Start it elsewhere and give --endpoint, or leave it out with --only.`,
    );
  }
  const runtime = resolveValue(template, properties.Runtime);
  if (runtime !== undefined && !String(runtime).startsWith("nodejs")) {
    throw new Error(
      `Function '${name}' is for ${runtime}: only Node.js runs here. Start it elsewhere and give --endpoint, or leave it out with --only.`,
    );
  }
  const reserved = properties.ReservedConcurrentExecutions;
  const handler = resolveValue(template, properties.Handler);
  if (handler === undefined)
    throw new Error(`Function '${name}' has no Handler: give FILE.EXPORT, such as index.handler.`);
  return {
    ...limits(template, resource),
    handler: String(handler),
    code: codeOf(template, resource, { name, codePath }),
    environment: environmentOf(template, name, properties, overrides),
    ...(reserved === undefined
      ? {}
      : {
          reservedConcurrency: wholeOf("ReservedConcurrentExecutions", resolveValue(template, reserved), {
            of: resource,
            ...CONCURRENCY,
          }),
        }),
  };
}

/** One function that runs elsewhere, with its code and its environment: only how it is called matters. */
export function functionElsewhere(template: Template, logicalId: string): FunctionDefinition {
  const resource = functionResource(template, logicalId);
  return { ...limits(template, resource), handler: "", code: "elsewhere", environment: {} };
}

function functionResource(template: Template, logicalId: string): Resource {
  const resource = template.resources.get(logicalId);
  if (resource?.type === "AWS::Lambda::Function") return resource;
  throw new Error(
    `The template has no function '${logicalId}'. Functions: ${functionIds(template).join(", ") || "none"}.`,
  );
}

function limits(template: Template, resource: Resource) {
  const { MemorySize } = resource.properties;
  const arn = arnOf(template, resource);
  return {
    logicalId: resource.logicalId,
    name: nameOf(arn),
    arn,
    memoryMb: wholeOf("MemorySize", resolveValue(template, MemorySize) ?? DEFAULT_MEMORY_MB, {
      of: resource,
      ...MEMORY,
    }),
    timeoutMs: timeoutSecondsOf(template, resource) * 1000,
  };
}

/** A function's Timeout. Throws for what Lambda doesn't take. */
export function timeoutSecondsOf(template: Template, resource: Resource): number {
  const given = resolveValue(template, resource.properties.Timeout) ?? DEFAULT_TIMEOUT_SECONDS;
  return wholeOf("Timeout", given, { of: resource, ...TIMEOUT });
}

function wholeOf(
  property: string,
  given: unknown,
  {
    of,
    unit,
    least,
    most,
  }: { readonly of: Resource; readonly unit: string; readonly least: number; readonly most: number },
): number {
  const number = typeof given === "boolean" ? Number.NaN : Number(given);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(
    `Function '${of.logicalId}': ${property} is a whole number${unit} from ${least} to ${most}: got ${JSON.stringify(given)}`,
  );
}

/** The functions that a user means by deployed name, logical id or key in serverless.yml; all when no name is given. */
export function selectFunctions(template: Template, names: readonly string[]): string[] {
  const functions = resourcesOfType(template, "AWS::Lambda::Function");
  const ids = names.map((name) => {
    const found = functions.find((resource) => namesOf(template, resource).includes(name));
    if (found === undefined) {
      throw new Error(
        `No function is called '${name}'. Functions: ${functions.map((f) => namesOf(template, f)[0]).join(", ")}.`,
      );
    }
    return found.logicalId;
  });
  return names.length === 0 ? functions.map(({ logicalId }) => logicalId) : ids;
}

function namesOf(template: Template, resource: Resource): string[] {
  const key = resource.logicalId.replace(/LambdaFunction$/, "");
  return [key.charAt(0).toLowerCase() + key.slice(1), key, resource.logicalId, nameOf(arnOf(template, resource))];
}

function functionIds(template: Template): string[] {
  return resourcesOfType(template, "AWS::Lambda::Function").map(({ logicalId }) => logicalId);
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(":") + 1);
}

function environmentOf(
  template: Template,
  name: string,
  properties: Readonly<Record<string, unknown>>,
  overrides: Readonly<Record<string, string>>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  const within = (value: unknown) => asObject(branchOf(template, value));
  for (const [variable, value] of Object.entries(within(within(properties.Environment)?.Variables) ?? {})) {
    if (overrides[variable] !== undefined) continue;
    try {
      const resolved = resolveValue(template, value);
      if (String(resolved).includes("{{resolve:")) throw new UnresolvedError(`${resolved} is resolved inside AWS only`);
      if (resolved !== undefined) environment[variable] = String(resolved);
    } catch (cause) {
      if (!(cause instanceof UnresolvedError)) throw cause;
      throw new Error(
        `Environment variable '${variable}' of '${name}': ${cause.message}. Give it with --env ${variable}=VALUE.`,
        {
          cause,
        },
      );
    }
  }
  return { ...environment, ...overrides };
}
