// Rows that the database refuses leave after the batch's poison, and from below it: both must be among the dead letters, each once.
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import * as z from "zod";
import { openConnection } from "../../../lib/kafka/client.ts";
import { consume } from "../../../lib/kafka/consume.ts";
import { deadLetterTo, refusedTo } from "../../../lib/kafka/dead-letter.ts";
import type { SideOutput } from "../../../lib/kafka/side-output.ts";
import { sink } from "../../../lib/postgres/sink.ts";
import { freshTopic, produce, readAll } from "../../support/kafka.ts";
import { kafkaEvent } from "../../support/kafka-event.ts";
import { ownPostgres } from "../../support/postgres.ts";
import { quiet } from "../../support/quiet.ts";
import { wireRecordsOf } from "../../support/topic-events.ts";

const server = ownPostgres();
const columns = { n: "integer" } as const;
const migrations = [{ name: "even-1", sql: "CREATE TABLE even (n integer PRIMARY KEY CHECK (n % 2 = 0))" }];

beforeEach(() => {
  quiet();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Fails the first time, before or after its records are written. */
function failingOnce(output: SideOutput, when: "before" | "after"): SideOutput {
  let hasFailed = false;
  const fail = () => {
    if (hasFailed) return;
    hasFailed = true;
    throw new Error("crashed here");
  };
  return {
    ...output,
    async publish(source, items) {
      if (when === "before") fail();
      await output.publish(source, items);
      if (when === "after") fail();
    },
  };
}

test.each(["before", "after"] as const)(
  "a crash %s refused rows are written changes nothing in what there is in the end",
  async (when) => {
    const [source, deadLetters] = await Promise.all([freshTopic({ name: "numbers" }), freshTopic({ name: "dlq" })]);
    const connection = openConnection({ brokers: inject("kafkaBrokers").split(","), owner: `store-${randomUUID()}` });
    const database = server.open({ migrations });
    const handler = consume({
      input: z.object({ n: z.int() }),
      poison: deadLetterTo(deadLetters, connection),
      process: sink<{ n: number }, typeof columns>({
        database,
        ...{ table: "even", columns, identity: ["n"] },
        row: ({ value }) => value,
        refused: failingOnce(refusedTo(deadLetters, connection), when),
      }).store,
    });
    const values = ['{"n":0}', '{"n":1}', "poison", '{"n":2}', '{"n":3}', "poison too", '{"n":4}'];
    await produce(
      source,
      values.map((value) => ({ partition: 0, value })),
    );
    const event = kafkaEvent((await wireRecordsOf(source)).get(0)!);
    await expect(handler(event)).rejects.toThrow("crashed here");
    await handler(event);
    await handler(event);
    const letters = (await readAll(deadLetters)).map(({ value, headers }) => [
      String(value),
      String(headers["dead-letter.reason"]),
    ]);
    expect(Object.fromEntries(letters)).toEqual({
      poison: "not-json",
      "poison too": "not-json",
      '{"n":1}': "not-stored",
      '{"n":3}': "not-stored",
    });
    expect(letters).toHaveLength(4);
    expect((await database.query("SELECT n FROM even ORDER BY n")).rows).toEqual([{ n: 0 }, { n: 2 }, { n: 4 }]);
    await connection.close();
  },
);
