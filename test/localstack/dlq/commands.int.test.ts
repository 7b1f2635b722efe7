// What is typed wrong at the desk is refused: nothing that was asked for is left undone in silence.
import { expect, inject, test } from "vitest";
import { topics } from "../../../localstack/dlq/commands.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { runCommand } from "../../support/command.ts";
import { schemaRegistryUrl } from "../../support/on-demand.ts";

async function dlq(...args: string[]) {
  await createTopics(inject("kafkaBrokers"), Object.fromEntries(Object.values(topics).map((topic) => [topic, {}])));
  const environment = { KAFKA_BROKERS: inject("kafkaBrokers"), SCHEMA_REGISTRY_URL: await schemaRegistryUrl() };
  const { ended, output, errors } = runCommand("localstack/dlq.ts", args, environment);
  return { code: await ended, output: output(), errors: errors() };
}

test.each([[["show"]], [["replay"]], [["replay", "--dry-run"]]])(
  "%j of an id that was never refused says so",
  async (command) => {
    const { code, output, errors } = await dlq(...command, "event_order/0/987654321");
    expect(errors).toContain("No event 'event_order/0/987654321' was ever refused.");
    expect(errors).not.toContain("    at ");
    expect(output).toBe("");
    expect(code).toBe(1);
  },
);

test.each(["list", "log"])("%s refuses words that it has no use for", async (command) => {
  const { code, errors } = await dlq(command, "event_order/0/17");
  expect(errors).toContain(`'${command}' takes no ids: what is 'event_order/0/17'?`);
  expect(code).toBe(1);
});
