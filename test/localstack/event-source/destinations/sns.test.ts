// What SNS refuses is refused here too, though what stands for it may take more.
import { expect, test } from "vitest";
import { snsTarget } from "../../../../localstack/event-source/destinations/sns.ts";
import type { SourceRecord } from "../../../../localstack/event-source/kafka/record-batch.ts";
import { eventHead, partitionText } from "../../../../localstack/event-source/wire.ts";

test("a message over 256 KB is not sent: a batch of more partitions than fit into one", async () => {
  const source = { kind: "kafka", bootstrapServers: "b:9092" } as const;
  const context = { functionArn: "arn", source, now: () => 0 };
  const arn = "arn:aws:sns:us-east-1:000000000000:failed";
  const target = snsTarget(arn, { kind: "endpoint", url: "http://127.0.0.1:1" }, context);
  const batch = { bytes: Buffer.alloc(0), baseTimestamp: 0, logAppendTime: false, schemas: undefined };
  const record: SourceRecord = { batch, offset: 0, timestampDelta: 0, at: 0, wireSize: 100 };
  const parts = Array.from({ length: 2000 }, (_, i) => ({ text: partitionText("orders", i), records: [record] }));
  const portions = parts.map(({ text, records }) => ({ key: text.key, records }));
  const discard = { portions, condition: "RetryAttemptsExhausted", invokes: 1, requestId: "id" } as const;
  const sent = target.put({ discard, head: eventHead(source), parts }, AbortSignal.timeout(1000));
  await expect(sent).rejects.toThrow(/^SNS takes messages of up to 262144 bytes: this batch's has \d+$/);
  target.destroy();
});
