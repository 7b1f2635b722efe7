// Where a Docker engine answers, a service is a container: started, killed, started again and removed through `docker compose`.
// No engine is at hand here, so a stand-in notes the commands; compose.yml itself is checked as text.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { definitions, startServices } from "../../../localstack/services/services.ts";

let folder: string;
const usual = { ...process.env };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "container-test-"));
  mkdirSync(join(folder, "bin"));
  const standIn = join(folder, "bin", "docker");
  copyFileSync(fileURLToPath(new URL("docker-stand-in.mjs", import.meta.url)), standIn);
  chmodSync(standIn, 0o755);
  process.env.PATH = `${join(folder, "bin")}${delimiter}${usual.PATH}`;
  process.env.STAND_IN_FOLDER = folder;
  delete process.env.DYNAMODB_ENDPOINT;
});
afterEach(() => {
  Object.assign(process.env, usual);
  rmSync(folder, { recursive: true, force: true });
});

const start = () => startServices({ want: ["dynamodb"], logsFolder: join(folder, "logs") });
const calls = () => readFileSync(join(folder, "calls"), "utf8").split("\n").filter(Boolean);

test("a container is pulled, started, killed, started again and removed", async () => {
  const services = await start();
  expect(services.how).toEqual({ dynamodb: "container" });
  await services.dynamodb.kill();
  await services.dynamodb.restart();
  await services.stop();
  const [engine, compose, ...later] = calls();
  expect([engine, compose].sort()).toEqual(["compose", "info"]);
  expect(later).toEqual(["pull", "up", "kill", "up", "down"]);
  expect(existsSync(join(folder, "running"))).toBe(false);
});

test("where the image can't be had, the embedded service is next", async () => {
  writeFileSync(join(folder, "no-image"), "");
  const services = await start();
  expect(services.how).toEqual({ dynamodb: "embedded" });
  await services.stop();
});

test("compose.yml has every service, pinned, on this machine only, with the port that the code passes", () => {
  const composeFile = new URL("../../../localstack/compose.yml", import.meta.url);
  const { services } = parse(readFileSync(composeFile, "utf8"));
  const declared = Object.values(definitions).map(({ name, container }) => [name, container] as const);
  expect(Object.keys(services).sort()).toEqual(declared.map(([name]) => name).sort());
  for (const [name, { usualPort, portVariable }] of declared) {
    expect(services[name].image).toMatch(/:\d+\.\d+/);
    expect(services[name].ports).toEqual([expect.stringContaining(`127.0.0.1:\${${portVariable}:-${usualPort}}:`)]);
  }
});
