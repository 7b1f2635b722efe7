// A poller without a broker: what it is told by the group and the fetches goes in, invocations come out, a test moves the clock.
import { randomUUID } from "node:crypto";
import type { KafkaEvent } from "../../../lib/kafka/event.ts";
import { NO_FAULTS } from "../../../localstack/event-source/faults.ts";
import type { InvokeResult } from "../../../localstack/event-source/invoke.ts";
import { listBatches } from "../../../localstack/event-source/kafka/record-batch.ts";
import { Poller } from "../../../localstack/event-source/poller.ts";
import type { PollerOptions } from "../../../localstack/event-source/poller-options.ts";
import { backOff } from "../../../localstack/event-source/settle.ts";
import { AS_AWS_MAY } from "../../../localstack/event-source/switches.ts";
import { mappingsOf } from "../../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "./fixture.ts";
import { encodeBatch, type TestRecord, TIME } from "./kafka/record-batches.ts";
import { ManualClock, settled } from "./manual-clock.ts";

export interface Call {
  readonly at: number;
  readonly offsets: Readonly<Record<string, readonly number[]>>;
  answer(kind: "success" | "function-error"): Promise<void>;
}

export function pollerOf(
  settings: Readonly<Record<string, unknown>>,
  given: Pick<PollerOptions, "deserializer" | "destination"> = {},
) {
  const lambda = { Type: "AWS::Lambda::Function", Properties: { FunctionName: "f" } };
  const template = templateOf(
    { Resources: { CountLambdaFunction: lambda, M: kafkaMapping("count", "tt", settings) } },
    "/",
  );
  const clock = new ManualClock(TIME);
  const calls: Call[] = [];
  const messages: string[] = [];
  const poller = new Poller({
    mapping: mappingsOf(template)[0]!,
    functionName: "f",
    source: { kind: "kafka", bootstrapServers: "b:9092" },
    index: 0,
    cluster: { brokers: ["b:9092"] },
    isolation: "read_uncommitted",
    invoker: {
      stop: async () => {},
      invoke: ({ payload }) =>
        new Promise<InvokeResult>((resolve) => {
          const event: KafkaEvent = JSON.parse(payload.toString("latin1"));
          const offsets = Object.entries(event.records).map(([key, records]) => [
            key,
            records.map(({ offset }) => offset),
          ]);
          const facts = { requestId: randomUUID(), durationMs: 1 };
          const error = { errorType: "Error", errorMessage: "told to" };
          calls.push({
            at: clock.now() - TIME,
            offsets: Object.fromEntries(offsets),
            answer: async (kind) => {
              resolve(kind === "success" ? { ...facts, kind, response: null } : { ...facts, kind, error });
              await settled();
            },
          });
        }),
    },
    clock,
    backOff: backOff(1000),
    switches: AS_AWS_MAY,
    observe: () => {},
    faults: NO_FAULTS,
    log: (message) => messages.push(message),
    fatal: (error) => {
      throw error;
    },
    ...given,
  });
  const arrive = (partition: number, records: readonly TestRecord[]) => {
    const slab = encodeBatch(records);
    const lastOffset = records.at(-1)!.offset;
    const bytes = { slab, batches: listBatches(slab), lastOffset };
    return poller.fetched(partition, bytes, { from: records[0]!.offset, highWatermark: lastOffset + 1 });
  };
  const fetch = async (partition: number, offsets: readonly number[]) => {
    await arrive(
      partition,
      offsets.map((offset) => ({ offset })),
    );
    await settled();
  };
  const doneTo = () => Object.fromEntries(poller.partitions.map((queue) => [queue.partition, queue.doneTo]));
  return { poller, clock, calls, messages, arrive, fetch, doneTo };
}
