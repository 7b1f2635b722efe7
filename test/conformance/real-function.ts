// A function of a few lines in a real execution environment of the pool: it writes down every event, then does as its source says.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KafkaEvent } from "../../lib/kafka/event.ts";
import type { EventSourceOptions } from "../../localstack/event-source/event-source.ts";
import { functionOf } from "../../localstack/event-source/template/function-definition.ts";
import { readTemplate } from "../../localstack/event-source/template/template.ts";
import { type FixtureFunction, writeFixture } from "../localstack/event-source/fixture.ts";

export interface RealFunction {
  /** What an event source needs to run it. */
  readonly options: Pick<EventSourceOptions, "functions" | "localFolder">;
  /** What it was invoked with, oldest first. */
  events(): KafkaEvent[];
}

/** The function's body is an expression: `(event, attempt) => …`, where `attempt` counts every invocation from 1, in any environment. */
export function realFunction(body: string, more: Partial<FixtureFunction> = {}): RealFunction {
  const source = `
    const { appendFileSync, readFileSync } = require("node:fs");
    const answer = ${body};
    exports.handler = async (event) => {
      appendFileSync(process.env.SEEN, JSON.stringify(event) + "\\n");
      return answer(event, readFileSync(process.env.SEEN, "utf8").split("\\n").length - 1);
    };`;
  const { template, folder } = writeFixture({ functions: { count: { source, ...more } } });
  const seen = join(folder, "seen.jsonl");
  appendFileSync(seen, "");
  const definition = functionOf(readTemplate(template), "CountLambdaFunction", { SEEN: seen });
  return {
    options: { functions: [definition], localFolder: folder },
    events: () =>
      readFileSync(seen, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
  };
}
