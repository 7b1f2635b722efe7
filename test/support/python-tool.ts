// Python tools for tests, each set in a virtual environment of its own under `.local/python`, made once and used again.
// Callers in several processes at once share one; one whose making was cut off is made anew.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lastLines, run } from "../../localstack/services/command.ts";
import { inTurn } from "../../localstack/stack/turn.ts";
import { root } from "./source-tree.ts";

export interface PythonOptions {
  /** Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Where environments are kept; default `.local/python`. */
  readonly folder?: string;
  /** The only version that will do, such as `3.13`; default: 3.10 or newer. */
  readonly version?: string;
}

interface Wanted {
  readonly environment: NodeJS.ProcessEnv;
  readonly version: string | undefined;
}

const OLDEST = { major: 3, minor: 10 };
const NAMES = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
const INSTALLED_WITHIN_MS = 600_000;

/** The folder with the programs that these packages (`cfn-lint==1.58.0`) bring, installed unless they are there. */
export async function pythonEnvironment(
  requirements: readonly string[],
  { environment = process.env, folder = join(root, ".local", "python"), version }: PythonOptions = {},
): Promise<string> {
  const target = join(folder, nameFor(requirements));
  const isComplete = () => existsSync(join(target, "complete"));
  if (!isComplete()) {
    await mkdir(folder, { recursive: true });
    await inTurn(
      `${target}.turn`,
      async () => isComplete() || (await make(target, requirements, { environment, version })),
      {
        patienceMs: INSTALLED_WITHIN_MS,
      },
    );
  }
  return join(target, "bin");
}

async function make(target: string, requirements: readonly string[], wanted: Wanted): Promise<void> {
  const { environment } = wanted;
  const python = await findPython(wanted);
  await rm(target, { recursive: true, force: true });
  const steps = [
    { command: python, args: ["-m", "venv", target] },
    { command: join(target, "bin", "python"), args: ["-m", "pip", "install", "--quiet", ...requirements] },
  ];
  for (const { command, args } of steps) {
    const { kind, output } = await run(command, args, { environment, timeoutMs: INSTALLED_WITHIN_MS });
    if (kind === "done") continue;
    throw new Error(
      `Could not make a Python environment with ${requirements.join(", ")}: '${[command, ...args].join(" ")}' ended with\n` +
        `${lastLines(output)}\nIt needs Python's venv module (Debian: python3-venv) and a package index that can be reached.`,
    );
  }
  await writeFile(join(target, "complete"), `${requirements.join("\n")}\n`);
}

async function findPython({ environment, version }: Wanted): Promise<string> {
  const seen: string[] = [];
  const names = version === undefined ? NAMES : [`python${version}`, ...NAMES];
  for (const name of environment.PYTHON ? [environment.PYTHON] : names) {
    const { kind, output } = await run(name, ["--version"], { environment });
    const [, major, minor] = /^Python (\d+)\.(\d+)/.exec(output)?.map(Number) ?? [];
    if (kind !== "done" || major === undefined || minor === undefined) continue;
    if (version === undefined ? major === OLDEST.major && minor >= OLDEST.minor : version === `${major}.${minor}`)
      return name;
    seen.push(`${name} is ${major}.${minor}`);
  }
  throw new Error(
    `Python ${version ?? `${OLDEST.major}.${OLDEST.minor} or newer`} is needed, and there is none on PATH${seen.length > 0 ? ` (${seen.join(", ")})` : ""}: ` +
      "install it, or name it in the environment variable PYTHON.",
  );
}

/** Readable, and another one for other versions. */
function nameFor(requirements: readonly string[]): string {
  const hash = createHash("sha256").update(requirements.join("\n")).digest("hex").slice(0, 8);
  return `${requirements[0]?.replace(/[^\w.=-].*$/, "").replaceAll("==", "-")}-${hash}`;
}
