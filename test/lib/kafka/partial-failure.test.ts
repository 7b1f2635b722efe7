// One sample, both sides: what a function answers when a partition fails, and what the local event source makes of that answer.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { consume } from "../../../lib/kafka/consume.ts";
import type { KafkaEvent, PartialBatchResponse } from "../../../lib/kafka/event.ts";
import { settle } from "../../../localstack/event-source/settle.ts";
import { AS_AWS_MAY } from "../../../localstack/event-source/switches.ts";
import { quiet } from "../../support/quiet.ts";
import { read } from "../../support/source-tree.ts";

interface PartialFailure {
  readonly event: KafkaEvent;
  readonly failing: { readonly topic: string; readonly partition: number };
  readonly response: PartialBatchResponse;
}

const { event, failing, response }: PartialFailure = JSON.parse(read("events/partial-failure.json"));

beforeEach(() => {
  vi.stubEnv("PARTIAL_BATCH_RESPONSES", "true");
  quiet();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("events/partial-failure.json", () => {
  it("is what a function answers when that partition fails", async () => {
    const handler = consume({
      input: z.object({ n: z.int() }),
      poison: { topic: "dead-letters", async publish() {}, async refresh() {} },
      async process({ topic, partition }) {
        if (topic === failing.topic && partition === failing.partition) throw new Error("the store is down");
      },
    });
    expect(await handler(event)).toEqual(response);
  });

  it("makes the event source send that partition again, and nothing else", () => {
    const portions = Object.entries(event.records).map(([key, records]) => ({ key, records }));
    const policy = {
      maxRetries: 10_000,
      maxAgeMs: Number.POSITIVE_INFINITY,
      bisects: true,
      readsPartialResponses: true,
    };
    const delivery = { portions, failures: 0, invokes: 1, stalls: 0 };
    const decision = settle(
      delivery,
      { kind: "success", response },
      { policy, backOff: { firstMs: 1, capMs: 1 }, switches: AS_AWS_MAY },
    );
    expect(decision).toMatchObject({
      kind: "retry",
      delivery: { portions: [{ key: "input-raw-rides-0", records: event.records["input-raw-rides-0"] }] },
    });
  });
});
