// Jars from Maven, fetched once into the cache folder. A fetch that was cut off leaves nothing that looks complete.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { CannotStart } from "./cannot-start.ts";
import { lastLines, run } from "./command.ts";

/** group:artifact:version */
export type Coordinates = `${string}:${string}:${string}`;

export interface Fetch {
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  onProgress(line: string): void;
}

/** The folder with these artifacts and all they need at run time, fetched unless it is there. */
export function fetchJars(folder: string, artifacts: readonly Coordinates[], fetch: Fetch): Promise<string> {
  return fetchOnce(folder, fetch, async (target) => {
    const pom = join(target, "pom.xml");
    await writeFile(pom, pomFor(artifacts));
    const jars = join(target, "jars");
    return [
      ["-f", pom, `${dependencyPlugin}:copy-dependencies`, "-DincludeScope=runtime", `-DoutputDirectory=${jars}`],
    ];
  });
}

/** The folder with this artifact's archive unpacked, fetched unless it is there. */
export function fetchUnpacked(folder: string, artifact: string, fetch: Fetch): Promise<string> {
  return fetchOnce(folder, fetch, async (target) => {
    const options = [`-Dartifact=${artifact}`, `-DoutputDirectory=${target}`];
    return [oldDependencyPlugin, dependencyPlugin].map((plugin) => [`${plugin}:unpack`, ...options]);
  });
}

const dependencyPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
/** Fetches an artifact without its parent's description, which mirrors may lack; Maven 4 no longer runs it. */
const oldDependencyPlugin = "org.apache.maven.plugins:maven-dependency-plugin:2.10";

/** Each of the ways is a Maven command line; the first that works is enough. */
type Ways = (target: string) => Promise<readonly (readonly string[])[]>;

async function fetchOnce(folder: string, fetch: Fetch, waysTo: Ways): Promise<string> {
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const target = await mkdtemp(`${folder}.fetching-`);
  const directory = await mkdtemp(join(tmpdir(), "maven-")); // the old plugin leaves its markers where it runs
  fetch.onProgress(`fetching ${basename(folder)} from Maven, once`);
  try {
    let failure = "";
    for (const way of await waysTo(target)) {
      const { kind, output } = await run("mvn", ["-q", "-B", ...way], { ...fetch, directory });
      fetch.signal.throwIfAborted();
      if (kind === "missing") throw new CannotStart(missingMaven(basename(folder)));
      if (kind === "done") {
        await moveUnlessThere(target, folder);
        return folder;
      }
      failure = output;
    }
    throw new CannotStart(`Maven could not fetch ${basename(folder)}:\n${causeIn(failure)}\n${whatItNeeds}`);
  } finally {
    for (const left of [target, directory]) await rm(left, { recursive: true, force: true });
  }
}

const whatItNeeds = "  Maven needs a way to its repository, or a mirror in ~/.m2/settings.xml.";

/** Why Maven failed: its first error says so, and those after it only how to call Maven again. */
export function causeIn(output: string): string {
  const plain = stripVTControlCharacters(output);
  const first = /^\[ERROR\] (.+)/m.exec(plain)?.[1];
  return first === undefined ? lastLines(plain) : `  ${first.slice(0, LONGEST_CAUSE)}`;
}

const LONGEST_CAUSE = 400;

function missingMaven(what: string): string {
  return `it needs Maven to fetch ${what} once, and there is no 'mvn' on PATH`;
}

/** Two runs may fetch at the same time: the first to finish wins, both go on with its folder. */
export async function moveUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function pomFor(artifacts: readonly Coordinates[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>jars</artifactId><version>1</version>
<dependencies>${dependencies.join("\n")}</dependencies></project>
`;
}
