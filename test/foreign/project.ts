// Somebody else's project in a folder of its own, with the event source installed as its README says.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { copyOfService, remove } from "../support/packaging.ts";
import { read, root } from "../support/source-tree.ts";

export interface Project {
  readonly folder: string;
  /** What the functions have written, a line each. */
  seen(): string[];
  /** Empties what they have written. */
  forget(): void;
  /** Runs a command of the project's, as typed into a shell; killed with the project if it still runs. */
  start(command: string, environment?: Readonly<Record<string, string>>): Running;
  /** Runs it to its end, which must be a good one. */
  run(command: string, environment?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

export interface Running {
  readonly child: ChildProcess;
  output(): string;
  readonly ended: Promise<number | null>;
}

/** The commands of the block under this heading of the event source's README. */
export function commandsOf(heading: string): string[] {
  const [, section = ""] = read("localstack/event-source/README.md").split(`\n## ${heading}\n`);
  const [, block = ""] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
  return block.trim().split("\n");
}

/** A copy of the fixture, without anything installed; what it has installed as root may be, Serverless itself, is lent to it. */
export function newProject(): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "foreign-")));
  cpSync(join(root, "test/foreign/service"), folder, { recursive: true });
  const clone = copyOfService();
  cpSync(join(root, "LICENSE"), join(clone, "LICENSE"));
  const seenFile = join(folder, "seen.txt");
  const running = new Set<ChildProcess>();
  const start: Project["start"] = (command, environment = {}) => {
    const child = spawn("sh", ["-c", `exec ${command.replaceAll("../serverless-kafka-streams", clone)}`], {
      cwd: folder,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        HOME: process.env.HOME,
        SEEN_FILE: seenFile,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a signal to the group is what Ctrl-C in a terminal is
    });
    running.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
    return { child, output: () => output, ended };
  };
  return {
    folder,
    seen: () => (existsSync(seenFile) ? readFileSync(seenFile, "utf8").trim().split("\n") : []),
    forget: () => rmSync(seenFile, { force: true }),
    start,
    async run(command, environment) {
      const { ended, output } = start(command, environment);
      const code = await ended;
      if (code !== 0) throw new Error(`'${command}' ended with ${code}:\n${output()}`);
      return output();
    },
    async remove() {
      for (const { pid, exitCode, signalCode } of running) {
        if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGKILL");
      }
      remove(folder);
      remove(clone);
    },
  };
}

/** Packages that are hundreds of megabytes: the repository's own, found under their real paths with all they need. */
export function lend(project: Project, packages: readonly string[]): void {
  for (const name of packages) {
    symlinkSync(join(root, "node_modules", name), join(project.folder, "node_modules", name));
    const { bin = {} } = JSON.parse(read(`node_modules/${name}/package.json`)) as { bin?: Record<string, string> };
    for (const [command, file] of Object.entries(bin)) {
      const link = join(project.folder, "node_modules/.bin", command);
      if (!existsSync(link)) symlinkSync(join(root, "node_modules", name, file), link);
    }
  }
}
