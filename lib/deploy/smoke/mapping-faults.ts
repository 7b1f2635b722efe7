// Whether a deployed event source mapping is what the template says, and works. Pure.

import { isLiteral, type Resource } from "./stack-template.ts";

/** A mapping as Lambda's API tells it. */
export type DeployedMapping = Readonly<Record<string, unknown>>;

export interface MappingOptions {
  /** Settings that the API leaves out are passed over: emulators know some of them only. */
  readonly isEmulated: boolean;
}

/** Settings that CloudFormation and the API call the same. */
const compared = [
  "Topics",
  "StartingPosition",
  "BatchSize",
  "MaximumBatchingWindowInSeconds",
  "FunctionResponseTypes",
  "BisectBatchOnFunctionError",
  "MaximumRetryAttempts",
  "MaximumRecordAgeInSeconds",
  "ProvisionedPollerConfig",
  "DestinationConfig",
];

/** What is wrong with the mapping, a sentence each; empty when nothing is. */
export function mappingFaults(
  { Properties = {} }: Resource,
  deployed: DeployedMapping,
  { isEmulated }: MappingOptions,
): readonly string[] {
  const faults: string[] = [];
  const wanted = Properties.Enabled === false ? "Disabled" : "Enabled";
  if (deployed.State !== wanted) faults.push(`is ${deployed.State}, and must be ${wanted}`);
  if (String(deployed.LastProcessingResult ?? "").startsWith("PROBLEM")) {
    faults.push(`can't read its topic: ${deployed.LastProcessingResult}`);
  }
  for (const name of compared) {
    const [declared, told] = [Properties[name], deployed[name]];
    if (declared === undefined || !isLiteral(declared) || (told === undefined && isEmulated)) continue;
    if (!contains(told, declared)) faults.push(`has ${name} ${json(told)}, and the template says ${json(declared)}`);
  }
  return faults;
}

/** Everything declared is there; the API may tell more, such as an empty OnSuccess. */
function contains(told: unknown, declared: unknown): boolean {
  if (typeof declared !== "object" || declared === null) return told === declared;
  if (typeof told !== "object" || told === null || Array.isArray(told) !== Array.isArray(declared)) return false;
  const known: Readonly<Record<string, unknown>> = { ...told };
  if (Array.isArray(declared) && Object.keys(known).length !== declared.length) return false;
  return Object.entries(declared).every(([name, value]) => contains(known[name], value));
}

function json(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
