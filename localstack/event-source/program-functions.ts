// The functions that the program invokes, and where: here, or at the endpoint that it was told.
import type { EndpointOptions } from "./functions/endpoint.ts";
import type { Invoker } from "./invoke.ts";
import type { ProgramOptions } from "./program-options.ts";
import {
  type FunctionDefinition,
  functionElsewhere,
  functionOf,
  selectFunctions,
} from "./template/function-definition.ts";
import type { Template } from "./template/template.ts";

/** Functions with these logical ids, as far as invoking them where the options say needs it. */
export function functionsOf(
  template: Template,
  logicalIds: readonly string[],
  { endpoint, environment, code }: ProgramOptions,
): FunctionDefinition[] {
  if (endpoint !== undefined) return logicalIds.map((id) => functionElsewhere(template, id));
  const paths = byLogicalId(template, code);
  return logicalIds.map((id) => functionOf(template, id, environment, paths.get(id)));
}

/** Calls functions at the endpoint; without one the event source runs them itself. */
export async function invokerOf(
  template: Template,
  { endpoint, namesThere }: ProgramOptions,
  around: Pick<EndpointOptions, "region" | "functions" | "log">,
): Promise<Invoker | undefined> {
  if (endpoint === undefined) return undefined;
  const there = byLogicalId(template, namesThere);
  const names = new Map([...there].map(([id, name]) => [functionElsewhere(template, id).name, name]));
  const { openEndpoint } = await import("./functions/endpoint.ts"); // its client takes 200 ms to load
  return openEndpoint({ endpoint, names, ...around });
}

/** What was said of functions under any of their names. */
function byLogicalId(template: Template, said: Readonly<Record<string, string>>): Map<string, string> {
  const entries = Object.entries(said);
  return new Map(
    entries.flatMap(([name, value]) => selectFunctions(template, [name]).map((id) => [id, value] as const)),
  );
}
