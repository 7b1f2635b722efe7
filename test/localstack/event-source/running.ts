// Event sources for tests: on the shared broker, with an invoker that a test answers for, so that no process is needed.
import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import { inject } from "vitest";
import type { KafkaEvent, WireRecord } from "../../../lib/kafka/event.ts";
import { type EventSource, startEventSource } from "../../../localstack/event-source/event-source.ts";
import type { EventSourceOptions } from "../../../localstack/event-source/event-source-options.ts";
import type { InvokeResult, Invoker } from "../../../localstack/event-source/invoke.ts";
import { mappingsOf } from "../../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "./fixture.ts";

export type Answer =
  | { readonly kind: "success"; readonly response?: unknown }
  | { readonly kind: "function-error" }
  | { readonly kind: "not-delivered" };

export type Answering = (event: KafkaEvent, attempt: number) => Answer | Promise<Answer>;

/** Remembers every event, and fails a test that finds a partition in two invocations at once. */
export class RecordingInvoker implements Invoker {
  readonly events: KafkaEvent[] = [];
  readonly overlaps: string[] = [];
  mostAtOnce = 0;
  private readonly inFlight = new Map<string, number>();
  private running = 0;
  private readonly answer: Answering;

  constructor(answer: Answering = () => ({ kind: "success" })) {
    this.answer = answer;
  }

  async invoke({ payload }: { readonly payload: Buffer }): Promise<InvokeResult> {
    const event: KafkaEvent = JSON.parse(payload.toString("latin1"));
    const attempt = this.events.push(event);
    const keys = Object.keys(event.records);
    for (const key of keys) {
      if (this.inFlight.has(key)) this.overlaps.push(key);
      this.inFlight.set(key, attempt);
    }
    this.running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    const answer = await this.answer(event, attempt);
    this.running -= 1;
    for (const key of keys) this.inFlight.delete(key);
    const facts = { requestId: randomUUID(), durationMs: 1 };
    if (answer.kind === "success") return { ...facts, kind: "success", response: answer.response };
    if (answer.kind === "not-delivered")
      return { ...facts, kind: "not-delivered", isThrottled: true, reason: "throttled" };
    return { ...facts, kind: "function-error", error: { errorType: "Error", errorMessage: "told to fail" } };
  }

  async stop(): Promise<void> {}

  /** Everything that was sent, by partition, in the order of sending. */
  sent(): Record<string, number[]> {
    const offsets: Record<string, number[]> = {};
    for (const event of this.events) {
      for (const [key, records] of Object.entries(event.records))
        offsets[key] = [...(offsets[key] ?? []), ...records.map(({ offset }) => offset)];
    }
    return offsets;
  }
}

export interface RunOptions extends Partial<EventSourceOptions> {
  readonly topic: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly kind?: "kafka" | "msk";
}

const running = new Set<EventSource>();

/** Who is silent is slow, unless a test takes it away. */
const PATIENCE_MS = 120_000;

/** Starts an event source with one mapping of the function `count`; stopped by `stopAll`. */
export async function run({ topic, settings = {}, ...options }: RunOptions): Promise<EventSource> {
  const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:fixture-dev-count";
  const lambda = { Type: "AWS::Lambda::Function", Properties: { FunctionName: "fixture-dev-count" } };
  const template = templateOf(
    { Resources: { CountLambdaFunction: lambda, M: kafkaMapping("count", topic, settings) } },
    "/nowhere",
  );
  const source = await startEventSource({
    mappings: mappingsOf(template),
    functions: [
      {
        logicalId: "CountLambdaFunction",
        name: "fixture-dev-count",
        arn: functionArn,
        handler: "handler.handler",
        code: { directory: "/nowhere" },
        environment: {},
        memoryMb: 128,
        timeoutMs: 3000,
      },
    ],
    brokers: brokers(),
    backOffMs: 20,
    patienceMs: PATIENCE_MS,
    ...options,
  });
  running.add(source);
  return source;
}

export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((source) => source.stop(2000)));
  running.clear();
}

export function brokers(): string[] {
  return inject("kafkaBrokers").split(",");
}

/** What the group has committed, by partition; -1 for nothing. */
export async function committed(groupId: string, topic: string, at = brokers()): Promise<number[]> {
  const admin = new Kafka({ brokers: at, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const sorted = [...(found?.partitions ?? [])].sort((a, b) => a.partition - b.partition);
    return sorted.map(({ offset }) => Number(offset));
  } finally {
    await admin.disconnect();
  }
}

export function recordsOf(event: KafkaEvent): WireRecord[] {
  return Object.values(event.records).flat();
}

export function textOf({ value }: WireRecord): string {
  return Buffer.from(value ?? "", "base64").toString();
}

/** Records numbered from `first`, spread over three partitions by number. */
export function numbered(first: number, count: number): { partition: number; key: string; value: string }[] {
  return Array.from({ length: count }, (_, i) => ({
    partition: (first + i) % 3,
    key: `k${first + i}`,
    value: String(first + i),
  }));
}
