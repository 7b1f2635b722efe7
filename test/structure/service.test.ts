// serverless.yml says what the code relies on, and nothing that no code reads.
import { describe, expect, it } from "vitest";
import { files, handlerFile, read, runtimeClosure, serviceFunctions, yaml } from "../support/source-tree.ts";

const functions = Object.entries(serviceFunctions());
const service = yaml("serverless.yml");
const provided = Object.keys(service.provider.environment);
// Set by lib/deploy/kafka-mapping.ts from the mapping itself, so that the two can't disagree.
const fromMapping = ["PARTIAL_BATCH_RESPONSES"];
// Lambda's own, and Node's.
const fromRuntime = ["AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION"];
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
    expect(readers).toEqual(["lib/config.ts", "lib/telemetry.ts"]);
  });

  it("may do on the windows' table what the store does, and nothing else", () => {
    const statements: { Action: string[] }[] = service.provider.iam.role.statements;
    const granted = statements.flatMap(({ Action }) => Action).filter((action) => action.startsWith("dynamodb:"));
    expect([...granted].sort()).toEqual(commandsOf("dynamodb").map((command) => `dynamodb:${command}`));
  });

  it("may do on the pictures' bucket what lib/objects does, and nothing else", () => {
    const statements: { Action: string[] }[] = service.provider.iam.role.statements;
    const granted = statements.flatMap(({ Action }) => Action).filter((action) => action.startsWith("s3:"));
    // Looking at an object's headers is a right to read it; so is replacing one on condition.
    const needed = commandsOf("s3").map((command) => `s3:${command.replace("HeadObject", "GetObject")}`);
    expect([...granted].sort()).toEqual(needed);
  });
});

/** What is asked of one of AWS's services, in the order of the alphabet. */
function commandsOf(client: string): readonly string[] {
  const callers = files("lib/**/*.ts").filter((path) => read(path).includes(`"@aws-sdk/client-${client}"`));
  const commands = callers.flatMap((path) =>
    [...read(path).matchAll(/new (\w+)Command\(/g)].map(([, name]) => name ?? ""),
  );
  return [...new Set(commands)].sort();
}
