// A transactional Produce request as bytes, written straight into one buffer: no object a record, which is where kafkajs's encoder spends its time.
// https://kafka.apache.org/documentation/#recordbatch  https://kafka.apache.org/protocol.html#The_Messages_Produce

import type { Message } from "kafkajs";
import { crc32c } from "./crc32c.ts";

/** What kafkajs knows of a request when it is to be encoded. */
export interface ProduceFields {
  readonly acks: number;
  readonly timeout: number;
  readonly compression?: number;
  readonly transactionalId?: string | null;
  /** A 64-bit number, as text or as an object whose text it is. */
  readonly producerId?: { toString(): string };
  readonly producerEpoch?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number;
      readonly messages: readonly Message[];
    }[];
  }[];
}

/** Whether `encodeProduceRequest` takes this request: transactional, not compressed, records without headers and times of their own. */
export function isPlain({ compression = 0, transactionalId, producerId, topicData }: ProduceFields): boolean {
  if (compression !== 0 || transactionalId == null || producerId === undefined) return false;
  return topicData.every(({ partitions }) => partitions.every(({ messages }) => messages.every(isPlainMessage)));
}

/** The request's body, versions 3 to 7 (which differ in their answers only). All records carry the time `now`, epoch ms. */
export function encodeProduceRequest(fields: ProduceFields, now: number): Buffer {
  const { acks, timeout, transactionalId, topicData } = fields;
  const out = new Writer(roomFor(fields));
  out.text(transactionalId ?? "");
  out.int16(acks);
  out.int32(timeout);
  out.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    out.text(topic);
    out.int32(partitions.length);
    for (const { partition, messages, firstSequence = 0 } of partitions) {
      out.int32(partition);
      const sizeAt = out.skip(4);
      writeBatch(out, messages, { fields, firstSequence, now });
      out.setInt32(sizeAt, out.at - sizeAt - 4);
    }
  }
  return out.written();
}

function isPlainMessage({ headers, timestamp }: Message): boolean {
  return timestamp == null && (headers === undefined || Object.keys(headers).length === 0);
}

const TRANSACTIONAL = 16;
const MAGIC = 2;

interface BatchFields {
  readonly fields: ProduceFields;
  readonly firstSequence: number;
  readonly now: number;
}

function writeBatch(out: Writer, messages: readonly Message[], { fields, firstSequence, now }: BatchFields): void {
  out.int64(0n); // base offset: the broker's to give
  const lengthAt = out.skip(4);
  out.int32(0); // partition leader epoch
  out.byte(MAGIC);
  const crcAt = out.skip(4);
  out.int16(TRANSACTIONAL);
  out.int32(messages.length - 1);
  out.int64(BigInt(now));
  out.int64(BigInt(now));
  out.int64(BigInt(String(fields.producerId)));
  out.int16(fields.producerEpoch ?? 0);
  out.int32(firstSequence);
  out.int32(messages.length);
  for (let index = 0; index < messages.length; index++) writeRecord(out, index, messages[index]!);
  out.setInt32(lengthAt, out.at - lengthAt - 4);
  out.setUint32(crcAt, crc32c(out.bytes, crcAt + 4, out.at));
}

/** Attributes, time delta, offset delta, key, value, no headers; lengths first. */
function writeRecord(out: Writer, index: number, { key, value }: Message): void {
  const [keyLength, valueLength] = [lengthOf(key), lengthOf(value)];
  const body =
    3 + sizeOf(index) + sizeOf(keyLength) + Math.max(0, keyLength) + sizeOf(valueLength) + Math.max(0, valueLength);
  out.room(body + 5);
  out.varint(body);
  out.byte(0);
  out.byte(0);
  out.varint(index);
  out.varint(keyLength);
  out.content(key, keyLength);
  out.varint(valueLength);
  out.content(value, valueLength);
  out.byte(0);
}

/** Bytes of a key or a value; -1 for none. */
function lengthOf(content: string | Buffer | null | undefined): number {
  return content == null ? -1 : typeof content === "string" ? Buffer.byteLength(content) : content.length;
}

/** Bytes of a number's zigzag varint. */
function sizeOf(value: number): number {
  let left = (value << 1) ^ (value >> 31);
  let size = 1;
  while ((left & ~127) !== 0) {
    left >>>= 7;
    size += 1;
  }
  return size;
}

/** Enough for text of ASCII; the writer grows for more. */
function roomFor({ topicData }: ProduceFields): number {
  let room = 1024;
  for (const { partitions } of topicData) {
    for (const { messages } of partitions) {
      room += 128;
      for (const { key, value } of messages) room += 24 + (key?.length ?? 0) + (value?.length ?? 0);
    }
  }
  return room;
}

/** Writes big-endian numbers and varints one after the other. A buffer a request: another request may be encoded before this one is sent. */
class Writer {
  at = 0;
  bytes: Buffer;

  constructor(room: number) {
    this.bytes = Buffer.allocUnsafe(room);
  }

  written(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  room(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + size));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  /** Leaves room for what is known later; answers where. */
  skip(size: number): number {
    this.room(size);
    this.at += size;
    return this.at - size;
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  int16(value: number): void {
    this.bytes.writeInt16BE(value, this.skip(2));
  }

  int32(value: number): void {
    this.setInt32(this.skip(4), value);
  }

  setInt32(at: number, value: number): void {
    this.bytes.writeInt32BE(value, at);
  }

  setUint32(at: number, value: number): void {
    this.bytes.writeUInt32BE(value, at);
  }

  int64(value: bigint): void {
    this.bytes.writeBigInt64BE(value, this.skip(8));
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.int16(length);
    this.room(length);
    this.content(value, length);
  }

  /** Zigzag; the caller has made room. */
  varint(value: number): void {
    let left = (value << 1) ^ (value >> 31);
    while ((left & ~127) !== 0) {
      this.bytes[this.at++] = (left & 127) | 128;
      left >>>= 7;
    }
    this.bytes[this.at++] = left;
  }

  /** The caller has made room. */
  content(content: string | Buffer | null | undefined, length: number): void {
    if (length <= 0 || content == null) return;
    if (typeof content !== "string") content.copy(this.bytes, this.at);
    else this.bytes.write(content, this.at, length, length === content.length ? "latin1" : "utf8");
    this.at += length;
  }
}
