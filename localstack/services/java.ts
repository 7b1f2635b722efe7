// The Java that runs the embedded services: found, checked, and started faster with an archive of loaded classes.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CannotStart } from "./cannot-start.ts";
import { lastLines, run } from "./command.ts";
import type { Ending } from "./guard.ts";
import type { Tuning } from "./service.ts";

export interface Java {
  readonly program: string;
  /** As it names itself, such as `17.0.15`. */
  readonly version: string;
}

const oldestMajor = 17;
export const toInstallJava =
  "install Java 17 (Debian, Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17)";
export const toInstallJavaAndMaven =
  "install Java 17 and Maven (Debian, Ubuntu: apt-get install openjdk-17-jre-headless maven; macOS: brew install openjdk@17 maven)";

const found = new Map<string, Promise<Java>>();

/** The Java of JAVA_HOME, else of PATH, version 17 or newer. */
export function findJava(environment: NodeJS.ProcessEnv): Promise<Java> {
  const { JAVA_HOME, PATH } = environment;
  const inHome = JAVA_HOME ? join(JAVA_HOME, "bin", "java") : "";
  const program = inHome && existsSync(inHome) ? inHome : "java";
  const key = `${program}|${PATH}`;
  const java = found.get(key) ?? askJava(program, environment);
  found.set(key, java);
  return java;
}

async function askJava(program: string, environment: NodeJS.ProcessEnv): Promise<Java> {
  const { kind, output } = await run(program, ["-version"], { environment });
  if (kind === "missing")
    throw new CannotStart(`it needs Java ${oldestMajor} or newer, and there is no 'java' on PATH or in JAVA_HOME`);
  const version = /version "([^"]+)"/.exec(output)?.[1];
  if (kind === "failed" || version === undefined) {
    throw new CannotStart(
      `it needs Java ${oldestMajor} or newer, and '${program} -version' failed:\n${lastLines(output)}`,
    );
  }
  const major = Number.parseInt(version, 10);
  if (major < oldestMajor) throw new CannotStart(`it needs Java ${oldestMajor} or newer: '${program}' is ${version}`);
  return { program, version };
}

/** Flags for one service in one small process; `heapMb` is its most. What libraries unpack goes with the data folder. */
export function javaFlags(tuning: Tuning, heapMb: number, dataFolder: string): string[] {
  const compiler = tuning === "fast-start" ? ["-XX:TieredStopAtLevel=1", "-Xms64m"] : [`-Xms${heapMb}m`];
  return [...compiler, `-Xmx${heapMb}m`, "-XX:+UseSerialGC", "-XX:-UsePerfData", `-Djava.io.tmpdir=${dataFolder}`];
}

/** Loaded classes kept in a file: used where it exists, else written when the process ends. */
export interface ClassArchive {
  readonly flags: readonly string[];
  /** Set when this run writes the archive, which takes a normal end and a few seconds. */
  readonly keep?: { readonly from: string; readonly to: string };
}

/** The archive at `path`, or one in the making inside `dataFolder`. */
export function classArchive(path: string, dataFolder: string): ClassArchive {
  // An archive that doesn't fit, after `npm ci` or an update, is left unused without a word.
  const quiet = ["-Xshare:auto", "-Xlog:disable", "-Xlog:all=error:stderr"];
  if (existsSync(path)) return { flags: [...quiet, `-XX:SharedArchiveFile=${path}`] };
  const inMaking = join(dataFolder, "classes.jsa");
  return { flags: [...quiet, `-XX:ArchiveClassesAtExit=${inMaking}`], keep: { from: inMaking, to: path } };
}

/** How a Java service ends: at once when there is nothing to save, else as it wishes to. */
export function javaEnding(archive: ClassArchive, isDurable: boolean): Pick<Ending, "signal" | "graceMs" | "keep"> {
  if (archive.keep !== undefined) return { signal: "SIGTERM", graceMs: 20_000, keep: archive.keep };
  return { signal: isDurable ? "SIGTERM" : "SIGKILL", graceMs: 20_000 };
}
