// A pipeline of one test on the shared broker: topics of its own, instances of its function, and what a committed reader finds.
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, inject, vi } from "vitest";
import { z } from "zod";
import { type KafkaConnection, openConnection } from "../../../lib/kafka/client.ts";
import { consume, type Handler } from "../../../lib/kafka/consume.ts";
import { deadLetterTo } from "../../../lib/kafka/dead-letter.ts";
import type { WireRecord } from "../../../lib/kafka/event.ts";
import { partitionOfKey } from "../../../lib/kafka/partitioner.ts";
import { type TransactionalOutput, transactionalOutput } from "../../../lib/kafka/produce.ts";
import { freshTopic, produce, readAll } from "../../support/kafka.ts";
import { quiet } from "../../support/quiet.ts";
import { wireRecordsOf } from "../../support/topic-events.ts";

export const Input = z.object({ n: z.int() });
export type Input = z.infer<typeof Input>;
export interface Output {
  readonly partition: number;
  readonly offset: number;
}

export interface Instance {
  readonly handler: Handler;
  readonly output: TransactionalOutput<Input, Output>;
  readonly connection: KafkaConnection;
}

export interface Pipeline {
  readonly owner: string;
  readonly source: string;
  readonly output: string;
  readonly deadLetters: string;
}

let open: KafkaConnection[] = [];

/** Closes what each test opened, and keeps log lines off the screen; called once by a suite. */
export function withPipelines(): void {
  beforeEach(() => {
    open = [];
    quiet();
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(open.map((connection) => connection.close()));
  });
}

export async function pipeline(): Promise<Pipeline> {
  const [source, output, deadLetters] = await Promise.all(
    ["source", "output", "dlq"].map((name) => freshTopic({ name })),
  );
  return { owner: `enrich-${randomUUID().slice(0, 8)}`, source: source!, output: output!, deadLetters: deadLetters! };
}

/** An execution environment of the pipeline's function. Odd numbers are left out where `where` says so. */
export function instance(
  { owner, output, deadLetters }: Pipeline,
  where: (n: number) => boolean = () => true,
): Instance {
  const connection = openConnection({ brokers: inject("kafkaBrokers").split(","), owner });
  open.push(connection);
  const out = transactionalOutput<Input, Output>({ topic: output, key: ({ n }) => `key-${n % 10}`, connection });
  const handler = consume({
    input: Input,
    poison: deadLetterTo(deadLetters, connection),
    process: (batch) =>
      out.publish(batch, ({ value, partition, offset }) => (where(value.n) ? { partition, offset } : undefined)),
  });
  return { handler, output: out, connection };
}

export async function fill(
  { source }: Pipeline,
  counts: readonly number[],
): Promise<readonly (readonly WireRecord[])[]> {
  await produce(
    source,
    counts.flatMap((count, partition) =>
      Array.from({ length: count }, (_, n) => ({ partition, key: `k${n}`, value: JSON.stringify({ n }) })),
    ),
  );
  const records = await wireRecordsOf(source);
  return counts.map((_, partition) => records.get(partition) ?? []);
}

/** What a reader of committed records finds: each of `records` once, and in each output partition every source's in its order. */
export async function expectOnceInOrder({ output }: Pipeline, records: readonly WireRecord[]): Promise<void> {
  const found = (await readAll(output)).map(({ partition, key, value }) => ({
    to: partition,
    key: String(key),
    ...(JSON.parse(String(value)) as Output),
  }));
  const name = ({ partition, offset }: Output) => `${partition}:${offset}`;
  expect(found.map(name).sort()).toEqual(records.map(name).sort());
  for (const share of Map.groupBy(found, ({ partition, to }) => `${partition} to ${to}`).values()) {
    expect(share.map(({ offset }) => offset)).toEqual(share.map(({ offset }) => offset).sort((a, b) => a - b));
  }
  for (const { to, key } of found) expect(to).toBe(partitionOfKey(key, 3));
}
