// A schema registry with Confluent's HTTP API: Apicurio, from Maven or in a container. It keeps its schemas in a file, so that they are
// there again after it was killed.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { CannotStart } from "./cannot-start.ts";
import { classArchive, findJava, javaEnding, javaFlags, toInstallJavaAndMaven } from "./java.ts";
import { fetchUnpacked } from "./maven.ts";
import { type Launch, type Place, READY_WITHIN_MS, type ServiceDefinition } from "./service.ts";

/** 3.3 needs Java 21: stay here. */
const version = "3.0.9";
const heapMb = 256;

export const registry = {
  name: "registry",
  title: "Schema registry",
  variable: "SCHEMA_REGISTRY_URL",
  addressName: "schemaRegistryUrl",
  address: (port: number) => `http://127.0.0.1:${port}/apis/ccompat/v7`,
  check: async (url: string) => {
    await request(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) });
  },
  afterStart: refuseIncompatible,
  container: { usualPort: 8081, portVariable: "REGISTRY_PORT" },
  embedded: { usualPort: 8081, toInstall: toInstallJavaAndMaven, prepare },
} as const satisfies ServiceDefinition;

/** Apicurio starts with no rule; Confluent's default, which programs expect, is that new schemas can read old records. */
async function refuseIncompatible(url: string): Promise<void> {
  const body = JSON.stringify({ compatibility: "BACKWARD" });
  const headers = { "content-type": "application/json" };
  // Not tried again, and the first that it writes.
  await request(`${url}/config`, { method: "PUT", headers, body, signal: AbortSignal.timeout(60_000) });
}

async function request(url: string, options: RequestInit): Promise<void> {
  const response = await fetch(url, options);
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${options.method ?? "GET"} ${url} answered ${response.status}: ${text.slice(0, 200)}`);
}

async function prepare(place: Place): Promise<Launch> {
  const java = await findJava(place.environment);
  const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`;
  const folder = await fetchUnpacked(join(place.cacheFolder, `apicurio-${version}`), artifact, place);
  const jar = (await readdir(folder)).find((name) => name.endsWith("-runner.jar"));
  if (jar === undefined)
    throw new CannotStart(`${folder} holds no *-runner.jar: remove the folder, so that it is fetched again`);
  const archive = classArchive(
    join(place.cacheFolder, `apicurio-${version}-java-${java.version}.jsa`),
    place.dataFolder,
  );
  const database = join(place.dataFolder, "schemas");
  return {
    command: {
      command: java.program,
      arguments: [
        ...javaFlags(place.tuning, heapMb, place.dataFolder),
        ...archive.flags,
        "-Dquarkus.http.host=127.0.0.1",
        `-Dquarkus.http.port=${place.port}`,
        `-Dapicurio.datasource.url=jdbc:h2:file:${database};WRITE_DELAY=0`,
        "-Dquarkus.datasource.h2.jdbc.acquisition-timeout=PT5M", // of 5 s it dies at its start on a busy machine
        ...["-jar", join(folder, jar)],
      ],
    },
    ending: javaEnding(archive, place.isDurable),
    readyWithinMs: READY_WITHIN_MS,
  };
}
