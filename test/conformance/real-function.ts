// A function of a few lines in a real execution environment of the pool: it writes down every event, then does as its source says.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KafkaEvent } from "../../lib/kafka/event.ts";
import type { EventSourceOptions } from "../../localstack/event-source/event-source-options.ts";
import { functionOf } from "../../localstack/event-source/template/function-definition.ts";
import { readTemplate } from "../../localstack/event-source/template/template.ts";
import { type FixtureFunction, writeFixture } from "../localstack/event-source/fixture.ts";

export interface RealFunction {
  /** What an event source needs to run it. */
  readonly options: Pick<EventSourceOptions, "functions" | "localFolder">;
  /** What it was invoked with, oldest first. */
  events(): KafkaEvent[];
  /** What its body has called `note` with. */
  notes(): unknown[];
}

/**
 * The function's body is an expression: `(event, attempt) => …`, where `attempt` counts every invocation from 1, in any environment.
 * Within it `note(value)` writes something down.
 */
export function realFunction(body: string, more: Partial<FixtureFunction> = {}): RealFunction {
  const source = `
    const { appendFileSync, readFileSync } = require("node:fs");
    const note = (value) => appendFileSync(process.env.SEEN + ".notes", JSON.stringify(value) + "\\n");
    const answer = ${body};
    exports.handler = async (event) => {
      appendFileSync(process.env.SEEN, JSON.stringify(event) + "\\n");
      return answer(event, readFileSync(process.env.SEEN, "utf8").split("\\n").length - 1);
    };`;
  const { template, folder } = writeFixture({ functions: { count: { source, ...more } } });
  const seen = join(folder, "seen.jsonl");
  for (const file of [seen, `${seen}.notes`]) appendFileSync(file, "");
  const definition = functionOf(readTemplate(template), "CountLambdaFunction", { SEEN: seen });
  return {
    options: { functions: [definition], localFolder: folder },
    events: () => linesOf(seen),
    notes: () => linesOf(`${seen}.notes`),
  };
}

function linesOf<T>(file: string): T[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}
