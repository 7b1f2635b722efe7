// Kafka's answer to a fetch (version 11), read without touching the records: kafkajs would make objects of every one.
// https://kafka.apache.org/protocol#The_Messages_Fetch
import { type AbortedTransaction, listBatches, type RecordBatch, visibleBatches } from "./record-batch.ts";

/** What one fetch brought of one partition. */
export interface FetchedBytes {
  readonly slab: Buffer;
  /** Batches that a reader may see; none when all that came were markers or aborted records. */
  readonly batches: readonly RecordBatch[];
  /** Offset of the last record or marker, visible or not. */
  readonly lastOffset: number;
}

/** The shape that kafkajs's consumer reads; a partition's bytes pass through it as one message. */
export interface FetchResponse {
  readonly throttleTime: number;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly preferredReadReplica: number;
  /** Empty: aborted transactions have been taken out already. */
  readonly abortedTransactions: readonly [];
  readonly messages: readonly CarrierMessage[];
}

/** One partition's bytes in the shape of a kafkajs message. */
export interface CarrierMessage {
  readonly offset: string;
  readonly isControlRecord: false;
  readonly batchContext: Readonly<Record<string, never>>;
  readonly fetched: FetchedBytes;
}

export function decodeFetchResponse(payload: Buffer): FetchResponse {
  const reader = new Reader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // session id
  const responses = reader.list(() => ({
    topicName: reader.text(),
    partitions: reader.list(() => partitionOf(reader)),
  }));
  return { throttleTime: 0, clientSideThrottleTime, errorCode, responses };
}

function partitionOf(reader: Reader): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = String(reader.int64());
  reader.int64(); // last stable offset
  reader.int64(); // log start offset
  const aborted = reader.list(() => ({ producerId: String(reader.int64()), firstOffset: String(reader.int64()) }));
  const preferredReadReplica = reader.int32();
  const messages = carry(reader.bytes(), aborted);
  return { partition, errorCode, highWatermark, preferredReadReplica, abortedTransactions: [], messages };
}

function carry(slab: Buffer, aborted: readonly AbortedTransaction[]): CarrierMessage[] {
  const all = listBatches(slab);
  const last = all.at(-1);
  if (last === undefined) return [];
  const fetched = { slab, batches: visibleBatches(slab, all, aborted), lastOffset: last.lastOffset };
  return [{ offset: String(last.lastOffset), isControlRecord: false, batchContext: {}, fetched }];
}

class Reader {
  private at = 0;
  private readonly buffer: Buffer;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  int16(): number {
    this.at += 2;
    return this.buffer.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.buffer.readInt32BE(this.at - 4);
  }

  int64(): bigint {
    this.at += 8;
    return this.buffer.readBigInt64BE(this.at - 8);
  }

  text(): string {
    const length = this.int16();
    this.at += length;
    return this.buffer.toString("utf8", this.at - length, this.at);
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    this.at += length;
    return this.buffer.subarray(this.at - length, this.at);
  }

  list<T>(read: () => T): T[] {
    const length = this.int32();
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }
}
