// Kills this process with SIGKILL at a step of the Kafka protocol, named by the environment: KILL_AT=`before EndTxn` or `after Produce 2`
// (the second of its kind). Before: the request is never sent. After: it is in the broker's hands, its answer is never read.
import { Socket } from "node:net";

/** https://kafka.apache.org/protocol.html#protocol_api_keys */
const apiKeys: Readonly<Record<string, number>> = {
  Produce: 0,
  OffsetFetch: 9,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
};

const [when, step, nth = "1"] = (process.env.KILL_AT ?? "").split(" ");

if (step !== undefined) {
  const apiKey = apiKeys[step];
  if (apiKey === undefined) throw new Error(`KILL_AT names no step that is known here: ${step}`);
  killAt(apiKey, when === "before", Number(nth));
}

function killAt(apiKey: number, isBefore: boolean, nth: number): void {
  const write = Socket.prototype.write;
  let seen = 0;
  Socket.prototype.write = function (this: Socket, ...args: unknown[]) {
    const isStep = apiKeyOf(args[0]) === apiKey && ++seen === nth;
    if (isStep && isBefore) die();
    const written = Reflect.apply(write, this, args);
    // The bytes are the kernel's once they have left Node's own buffer.
    if (isStep) this.writableLength === 0 ? die() : this.once("drain", die);
    return written;
  };
}

/** kafkajs writes one request at a time: its length, then its API key. */
function apiKeyOf(chunk: unknown): number | undefined {
  return Buffer.isBuffer(chunk) && chunk.length > 8 && chunk.readInt32BE(0) === chunk.length - 4
    ? chunk.readInt16BE(4)
    : undefined;
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}
