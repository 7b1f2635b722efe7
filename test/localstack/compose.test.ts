// compose.yml is what the Compose Specification allows, and has what a deployment of stage `local` needs. No engine is asked.
// compose-spec/ holds the specification's own schema, unchanged, at commit 170098b of compose-spec/compose-spec.
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const { $schema: _, ...schema } = JSON.parse(read("compose-spec/compose-spec.json"));
const isCompose = new Ajv({ strict: false, validateFormats: false }).compile(schema);
const compose = parse(read("../../localstack/compose.yml"));
const { dynamodb: localstack, ...others } = compose.services;

/** What the specification says against it. */
function faultsOf(document: unknown): readonly string[] {
  isCompose(document);
  return (isCompose.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe("compose.yml", () => {
  it("is what the Compose Specification allows", () => {
    expect(faultsOf(compose)).toEqual([]);
  });

  it.each([
    ["an unknown word", { ...compose.services.kafka, imag: "apache/kafka" }],
    ["ports that are no list", { ...compose.services.kafka, ports: "9092:9092" }],
    ["a variable that is a list", { ...compose.services.kafka, environment: { KAFKA_NODE_ID: [1] } }],
  ])("would not be with %s", (_why, kafka) => {
    expect(faultsOf({ services: { kafka } })).not.toEqual([]);
  });

  it("interpolates only variables that have a default, and the project's name, which Compose sets", () => {
    const interpolated = [...JSON.stringify(compose).matchAll(/\$\{(\w+)(:-\w+)?\}/g)];
    const bare = interpolated.filter(([, , byDefault]) => byDefault === undefined).map(([, name]) => name);
    expect(new Set(bare)).toEqual(new Set(["COMPOSE_PROJECT_NAME"]));
  });
});

describe("LocalStack's functions", () => {
  it("are containers of this machine's engine, also where it is not arm64", () => {
    expect(localstack.volumes).toEqual(["/var/run/docker.sock:/var/run/docker.sock"]);
    expect(localstack.environment.LAMBDA_IGNORE_ARCHITECTURE).toBe(1);
  });

  it("are in the network that the other services are in, under their own names", () => {
    expect(localstack.environment.LAMBDA_DOCKER_NETWORK).toMatch(/^\$\{COMPOSE_PROJECT_NAME\}_default$/);
    expect(compose.networks).toBeUndefined();
    expect(
      Object.values<object>(others).filter((service) => "networks" in service || "network_mode" in service),
    ).toEqual([]);
  });

  it("are told of Kafka's listener for containers, by which brokers answer them too", () => {
    const { KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS } = compose.services.kafka.environment;
    expect(KAFKA_LISTENERS.split(",")).toContain("CONTAINERS://:19092");
    expect(KAFKA_ADVERTISED_LISTENERS.split(",")).toContain("CONTAINERS://kafka:19092");
  });
});
