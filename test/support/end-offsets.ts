// The end of each partition as a reader of everything sees it: the high watermark. kafkajs tells the last stable offset only, which stays
// behind for as long as a transaction is open and for a moment after its commit, until the marker is written.
// https://kafka.apache.org/protocol.html#The_Messages_ListOffsets
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { int16, int32 } from "./kafka-bytes.ts";

const listOffsets = { key: 2, version: 2 };
const readUncommitted = 0;
const latest = -1n;
/** A broker that was just started has to hear first what it leads. */
const ledWithinMs = 60_000;

/** The high watermark of every partition, in order of partitions, from a cluster of one broker. */
export async function endOffsets(broker: string, topic: string, partitions: number): Promise<number[]> {
  const deadline = Date.now() + ledWithinMs;
  for (;;) {
    const answers = readAnswer(await ask(broker, request(topic, partitions)));
    const refused = answers.find(({ errorCode }) => errorCode !== 0);
    if (refused === undefined)
      return answers.sort((one, other) => one.partition - other.partition).map(({ end }) => end);
    if (Date.now() > deadline)
      throw new Error(`${broker} does not tell the end of ${topic}-${refused.partition}: error ${refused.errorCode}`);
    await delay(20);
  }
}

function request(topic: string, partitions: number): Buffer {
  const name = Buffer.from(topic);
  const body = Buffer.concat([
    ...[int16(listOffsets.key), int16(listOffsets.version), int32(1), int16(-1)], // the header, with a correlation id and no client id
    ...[int32(-1), Buffer.from([readUncommitted])], // asked by a consumer
    ...[int32(1), int16(name.length), name],
    ...[
      int32(partitions),
      ...Array.from({ length: partitions }, (_, partition) => Buffer.concat([int32(partition), int64(latest)])),
    ],
  ]);
  return Buffer.concat([int32(body.length), body]);
}

interface PartitionEnd {
  readonly partition: number;
  readonly errorCode: number;
  readonly end: number;
}

/** The answer names one topic: correlation id, throttle time, its name and then 22 bytes a partition. */
function readAnswer(answer: Buffer): PartitionEnd[] {
  const nameAt = 4 + 4 + 4;
  const partitionsAt = nameAt + 2 + answer.readInt16BE(nameAt);
  return Array.from({ length: answer.readInt32BE(partitionsAt) }, (_, index) => {
    const at = partitionsAt + 4 + index * 22;
    return {
      partition: answer.readInt32BE(at),
      errorCode: answer.readInt16BE(at + 4),
      end: Number(answer.readBigInt64BE(at + 14)),
    };
  });
}

/** Sends one request and resolves to the answer without its length. */
function ask(broker: string, message: Buffer): Promise<Buffer> {
  const [host = "127.0.0.1", port] = broker.split(":");
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host, port: Number(port) }, () => socket.write(message));
    socket.on("data", (data) => {
      received = Buffer.concat([received, data]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      socket.destroy();
      resolve(received.subarray(4));
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`${broker} closed the connection`)));
  });
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}
