// An emitter process that a test kills or stops: it serves one window until its time is up, or until it kills itself at its `crashAt`-th
// operation on the store or on Kafka, counted before and after each; with `signal` SIGSTOP it stands still there until it is let go on.

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { openConnection } from "../../lib/kafka/client.ts";
import { dynamoDbStore } from "../../lib/windows/dynamodb-store.ts";
import { emitUntil } from "../../lib/windows/emit-loop.ts";
import { kafkaLedger } from "../../lib/windows/ledger.ts";
import { kafkaSource } from "../../lib/windows/source.ts";

interface Orders {
  readonly brokers: string;
  readonly dynamodb: string;
  readonly table: string;
  readonly name: string;
  readonly topic: string;
  readonly crashAt: number;
  readonly signal?: "SIGKILL" | "SIGSTOP";
  readonly ms: number;
}

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
let left = orders.crashAt;

function step(): void {
  if (--left === 0) process.kill(process.pid, orders.signal ?? "SIGKILL");
}

function killable<T extends object>(edge: T): T {
  return new Proxy(edge, {
    get(target, name) {
      const operation: unknown = Reflect.get(target, name);
      if (typeof operation !== "function") return operation;
      return async (...args: unknown[]) => {
        step();
        const answer: unknown = await Reflect.apply(operation, target, args);
        step();
        return answer;
      };
    },
  });
}

const client = new DynamoDBClient({
  endpoint: orders.dynamodb,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});
const { kafka } = openConnection({ brokers: orders.brokers.split(","), owner: orders.name });

const window = { name: orders.name, version: 1, maxOutOfOrderness: 0, allowedLateness: 3_600_000 };

await emitUntil(Date.now() + orders.ms, [{ window, topic: orders.topic }], {
  store: (pipeline) => killable(dynamoDbStore({ client, table: orders.table, pipeline })),
  ledger: (_definition, topic) => killable(kafkaLedger({ kafka, topic, name: `${orders.name}-ledger` })),
  source: (definition) => kafkaSource(kafka, definition.topic, orders.name),
  now: Date.now,
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  owner: crypto.randomUUID(),
  idleTime: 100,
  tickMs: 20,
  onEmission: (_definition, emission) => process.stdout.write(`${JSON.stringify({ emission })}\n`),
  onTrouble: (_definition, thrown) => process.stderr.write(`${String(thrown)}\n`),
});
process.exit(0);
