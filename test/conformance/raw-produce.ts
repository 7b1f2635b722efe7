// Writes what no client here can: records by their bytes, in one produce request on a connection of its own.
// https://kafka.apache.org/protocol.html#The_Messages_Produce
import { once } from "node:events";
import { connect } from "node:net";
import { crc32c } from "../../lib/kafka/crc32c.ts";
import { encodeBatch, type TestRecord } from "../localstack/event-source/kafka/record-batches.ts";
import { int16, int32 } from "../support/kafka-bytes.ts";

const PRODUCE = 0;
const VERSION = 3;
const ALL_REPLICAS = -1;

/** Appends the records to partition 0 of a topic that the first broker leads; they are there when this resolves. */
export async function produceRaw(brokers: readonly string[], topic: string, records: readonly TestRecord[]) {
  const batch = encodeBatch(records);
  batch.writeInt16BE(-1, 51); // neither a producer's epoch
  batch.writeInt32BE(-1, 53); // nor a sequence
  batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
  const partition = [int32(0), int32(batch.length), batch];
  const body = [int16(-1), int16(ALL_REPLICAS), int32(10_000), int32(1), text(topic), int32(1), ...partition];
  const request = Buffer.concat([int16(PRODUCE), int16(VERSION), int32(1), text("raw"), ...body]);
  const [host, port] = (brokers[0] ?? "").split(":");
  const socket = connect(Number(port), host);
  try {
    socket.write(Buffer.concat([int32(request.length), request]));
    const [response]: Buffer[] = await once(socket, "data");
    // Length, correlation, one topic and its name, one partition and its number: then the error.
    const error = response!.readInt16BE(4 + 4 + 4 + 2 + Buffer.byteLength(topic) + 4 + 4);
    if (error !== 0) throw new Error(`The broker refused the records for ${topic} with error ${error}`);
  } finally {
    socket.destroy();
  }
}

function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}
