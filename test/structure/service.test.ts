// serverless.yml says what the code relies on, and nothing that no code reads.
import { describe, expect, it } from "vitest";
import { files, handlerFile, read, runtimeClosure, serviceFunctions, yaml } from "../support/source-tree.ts";

const functions = Object.entries(serviceFunctions());
const service = yaml("serverless.yml");
const provided = Object.keys(service.provider.environment);
// Set by lib/deploy/kafka-mapping.ts from the mapping itself, so that the two can't disagree.
const fromMapping = ["PARTIAL_BATCH_RESPONSES"];
// Lambda's own, and Node's.
const fromRuntime = ["AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
const forNode = ["NODE_OPTIONS"];

describe.each(functions)("%s", (_name, declaration) => {
  const declared = Object.keys(declaration.environment ?? {});
  const kafkaEvents = declaration.events.flatMap(({ kafka, msk }) =>
    [kafka, msk].filter((event) => event !== undefined),
  );
  const code = [...runtimeClosure(handlerFile(declaration))].filter((path) => path.endsWith(".ts")).map(read);
  const names = (pattern: RegExp) => code.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? ""));

  it("is given every setting that its code requires", () => {
    const required = names(/\brequired(?:Number|List|OneOf)?\("(\w+)"/g);
    const given = [...declared, ...provided, ...fromRuntime, ...(kafkaEvents.length > 0 ? fromMapping : [])];
    expect(required.filter((name) => !given.includes(name))).toEqual([]);
  });

  it("is given no setting that its code doesn't read", () => {
    const read = names(/\b(?:required(?:Number|List|OneOf)?|optional)\("(\w+)"/g);
    expect(declared.filter((name) => !read.includes(name) && !forNode.includes(name))).toEqual([]);
  });

  it("asks for partial batch responses on every Kafka event", () => {
    for (const event of kafkaEvents) expect(event.functionResponseTypes).toEqual(["ReportBatchItemFailures"]);
  });

  it("has room for a record of a megabyte and what is added to it, where records go as they came", () => {
    const topics = ["DEAD_LETTER_TOPIC", "LATE_TOPIC"].flatMap((name) => String(declaration.environment?.[name] ?? []));
    const settings = topics.filter((topic) => topic !== "").map((topic) => declaration.topics?.[topic]);
    const tight = settings.filter((one) => one?.access !== "none" && (one?.maxMessageBytes ?? 0) < 1_114_112);
    expect(tight).toEqual([]);
  });

  it("declares every topic that its settings name", () => {
    const topics = Object.entries(declaration.environment ?? {}).filter(([name]) => name.endsWith("_TOPIC"));
    expect(topics.filter(([, topic]) => !(String(topic) in (declaration.topics ?? {})))).toEqual([]);
  });
});

describe("the service", () => {
  const deployed = files("{functions,lib}/**/*.ts").filter((path) => !path.startsWith("lib/deploy/"));

  it("includes every pipeline's declaration, one line each", () => {
    const includes = files("functions/*/functions.yml").map((path) => `\${file(${path})}`);
    expect([...service.functions].sort()).toEqual([...includes].sort());
  });

  it("reads its environment at the top of handlers, and where a setting holds for every handler", () => {
    const readers = deployed.filter((path) => /\bprocess\.env\b/.test(read(path)));
    expect(readers).toEqual(["lib/config.ts", "lib/telemetry.ts", "lib/tracing.ts"]);
  });

  it.each(["dynamodb", "s3"])(
    "its roles may do at %s what code asks for there, each what its own code does",
    (client) => {
      const rights = functions.map(([name, declaration]) => ({
        name,
        granted: rightsAt(client, declaration.uses ?? {}),
        asked: commandsIn(client, [...runtimeClosure(handlerFile(declaration))]),
      }));
      const everything = new Set(rights.flatMap(({ granted }) => granted));
      expect([...everything].sort()).toEqual(commandsIn(client, files("lib/**/*.ts")));
      // A file that several functions share asks for more than each of them does: its own test is rights.int.test.ts.
      for (const { name, granted, asked } of rights) {
        expect(
          granted.filter((right) => !asked.includes(right)),
          name,
        ).toEqual([]);
        expect(granted.length > 0, name).toBe(asked.length > 0);
      }
    },
  );
});

const resourceOf: Readonly<Record<string, string>> = { dynamodb: "AWS::DynamoDB::Table", s3: "AWS::S3::Bucket" };

/** What a function may do on the resources of one of AWS's services. */
function rightsAt(client: string, uses: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const typeOf = (resource: string) => service.resources.Resources[resource.split("/")[0] ?? ""]?.Type;
  return Object.entries(uses).flatMap(([resource, actions]) =>
    typeOf(resource) === resourceOf[client] ? actions : [],
  );
}

/** What files ask of one of AWS's services, as rights. Looking at an object's headers is a right to read it. */
function commandsIn(client: string, paths: readonly string[]): readonly string[] {
  const callers = paths.filter((path) => path.endsWith(".ts") && read(path).includes(`"@aws-sdk/client-${client}"`));
  const commands = callers.flatMap((path) =>
    [...read(path).matchAll(/new (\w+)Command\(/g)].map(([, name]) => (name ?? "").replace("HeadObject", "GetObject")),
  );
  return [...new Set(commands)].sort();
}
