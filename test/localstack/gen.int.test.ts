// `npm run gen` that is ended by Ctrl-C: it sends no more, and says what it has sent.
import { expect, inject, test } from "vitest";
import { transactions } from "../../events/generate/transactions.ts";
import { createTopics } from "../../localstack/services/topics.ts";
import { runCommand } from "../support/command.ts";
import { readAll } from "../support/kafka.ts";
import { until } from "../support/until.ts";

test.each([
  ["at a rate", "--rate", "1000"],
  ["paced so slowly that it waits", "--rate", "1"],
])("%s, Ctrl-C stops it, and its summary counts what is in the topic", async (_, ...pace) => {
  const brokers = inject("kafkaBrokers");
  await createTopics(brokers, { [transactions.topic]: {} });
  const before = (await readAll(transactions.topic)).length;
  const inTopic = async () => (await readAll(transactions.topic)).length - before;
  const gen = runCommand("localstack/gen.ts", ["transactions", "--count", "1000000", ...pace], {
    KAFKA_BROKERS: brokers,
  });
  await until(async () => (await inTopic()) > 0, "the first record");
  gen.child.kill("SIGINT");
  expect(await gen.ended).toBe(130);
  const sent = await inTopic();
  const figure = sent.toLocaleString("en-US");
  expect(sent).toBeLessThan(1_000_000);
  expect(gen.output()).toMatch(new RegExp(`all +${figure}\\b`));
  expect(gen.output()).toContain(`  ${figure} of 1,000,000 records to transactions in `);
  expect(gen.output()).toContain("  all of them: npm run gen -- transactions --count 1000000 --seed 1 ");
  expect(gen.errors()).toBe("\nInterrupted: whatever was started here is stopped.\n");
});
