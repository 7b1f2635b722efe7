// What the broker says of the source topic: how far its partitions reach, and whether what lies there can be seen by a reader at all.

import type { Kafka } from "kafkajs";
import type { PartitionView } from "./watermark.ts";

export type SourceOffsets = Pick<PartitionView, "partition" | "lowOffset" | "endOffset">;

export interface SourceTopic {
  /**
   * How far each partition reaches: to its last stable offset. Records of a transaction that is still open are not there yet,
   * so they hold no watermark back; once they are committed they count, in a revision where their window has been emitted.
   */
  offsets(): Promise<readonly SourceOffsets[]>;
  /**
   * Whether a partition holds nothing but transaction markers (or aborted records) in `[from, end)`.
   * A topic written by transactions ends in markers, which have offsets and which no reader is shown.
   */
  onlyMarkers(partition: number, from: number, end: number): Promise<boolean>;
  close(): Promise<void>;
}

export function kafkaSource(kafka: Kafka, topic: string, name: string): SourceTopic {
  const admin = kafka.admin();
  let connected: Promise<void> | undefined;
  return {
    async offsets() {
      connected ??= admin.connect();
      await connected;
      const partitions = await admin.fetchTopicOffsets(topic);
      return partitions.map(({ partition, low, high }) => ({
        partition,
        lowOffset: Number(low),
        endOffset: Number(high),
      }));
    },
    onlyMarkers: (partition, from, end) => readsNothing(kafka, { topic, partition, from, end, name }),
    async close() {
      if (connected !== undefined) await admin.disconnect();
    },
  };
}

interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly end: number;
  readonly name: string;
}

/** Reads the range as a reader of committed records would, in a group of its own, and says whether nothing was there to be seen. */
async function readsNothing(kafka: Kafka, { topic, partition, from, end, name }: Range): Promise<boolean> {
  const groupId = `${name}-probe-${partition}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  let answer: (nothing: boolean) => void = () => {};
  const answered = new Promise<boolean>((resolve) => {
    answer = resolve;
  });
  const patience = setTimeout(() => answer(false), 10_000);
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.topic !== topic || payload.partition !== partition) return;
    if (payload.batchSize > 0) answer(false);
    else if (Number(payload.lastOffset) + 1 >= end) answer(true);
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    // What is read does not matter, only whether there was something: END_BATCH_PROCESS tells, for batches of markers too.
    await consumer.run({ autoCommit: false, eachBatch: async () => {} });
    consumer.seek({ topic, partition, offset: String(from) });
    return await answered;
  } finally {
    clearTimeout(patience);
    await consumer.disconnect();
  }
}
