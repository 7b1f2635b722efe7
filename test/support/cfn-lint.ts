// cfn-lint, pinned, and what it knows of AWS: which actions there are, and which of them take a resource.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../localstack/services/command.ts";
import { pythonEnvironment } from "./python-tool.ts";

const REQUIREMENTS = ["cfn-lint==1.58.0"];
/** osls makes routes and functions wait for what they refer to anyway, which is no fault. */
const IGNORED = ["W3005"];

/** What cfn-lint finds in a template; empty when nothing. */
export async function lint(templateFile: string): Promise<string> {
  const bin = await pythonEnvironment(REQUIREMENTS);
  const { kind, output } = await run(join(bin, "cfn-lint"), ["--ignore-checks", ...IGNORED, "--", templateFile]);
  return kind === "done" ? "" : output || "cfn-lint could not be run";
}

export interface ServiceActions {
  /** By name in lower case; with the types of resources that a policy may name for it, where there are any. */
  readonly Actions: Readonly<Record<string, { readonly Resources?: readonly string[] }>>;
}

/** AWS's Service Authorization Reference as cfn-lint carries it, by service prefix. */
export async function serviceActions(): Promise<Readonly<Record<string, ServiceActions>>> {
  const bin = await pythonEnvironment(REQUIREMENTS);
  const [file] = globSync(join(bin, "../lib/python3*/site-packages/cfnlint/data/AdditionalSpecs/Policies.json"));
  return JSON.parse(readFileSync(file ?? "", "utf8"));
}
