// Reading from a cluster of two brokers, one of which takes its time: what it has is waited for.
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRange } from "../../../lib/kafka/read-range.ts";
import { bytesOf } from "../../../lib/kafka/record.ts";
import { startEmbedded } from "../../../localstack/services/embedded.ts";
import { kafka, prepareBroker } from "../../../localstack/services/kafka.ts";
import { anyFreePort } from "../../../localstack/services/port.ts";
import type { Place, RunningService } from "../../../localstack/services/service.ts";
import { surroundings } from "../../support/secure-kafka.ts";
import { root } from "../../support/source-tree.ts";
import { until } from "../../support/until.ts";

/** Longer than a reader waits for brokers that have nothing. */
const LATE_MS = 3_000;

let folder: string;
const brokers: RunningService[] = [];
let slow: Awaited<ReturnType<typeof slowWay>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "two-brokers-"));
  const [controller, own] = [await anyFreePort(), await anyFreePort()];
  slow = await slowWay(own);
  const quorum = `controller.quorum.voters=1@127.0.0.1:${controller}\n`;
  await start(
    "first",
    (port) => `${quorum}listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}\n`,
  );
  const second = `process.roles=broker\nnode.id=2\nlisteners=PLAINTEXT://127.0.0.1:${own}\n`;
  await start("second", () => `${quorum}${second}advertised.listeners=PLAINTEXT://127.0.0.1:${slow.port}\n`, own);
});

afterAll(async () => {
  for (const broker of brokers.reverse()) await broker.stop();
  slow.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(name: string, settings: (port: number) => string, port?: number): Promise<void> {
  const prepare = (place: Place) =>
    prepareBroker(place, { listeners: [], formatArguments: [], settings: settings(place.port) });
  const usualPort = port ?? (await anyFreePort());
  const definition = { ...kafka, name: `${name}-broker`, embedded: { ...kafka.embedded, usualPort, prepare } };
  const broker = await startEmbedded(definition, {
    ...surroundings,
    logsFolder: join(root, ".local", "logs", "test"),
  });
  brokers.push(broker);
}

/** A way to a port on which every new connection takes as long as it is told. */
async function slowWay(target: number) {
  const way = { port: 0, delayMs: 0, close: () => {} };
  const sockets = new Set<Socket>();
  const server: Server = createServer((incoming) => {
    sockets.add(incoming.on("error", () => {}));
    void wait(way.delayMs).then(() => {
      const outgoing = connect(target, "127.0.0.1");
      sockets.add(outgoing.on("error", () => incoming.destroy()));
      incoming.pipe(outgoing).pipe(incoming);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  way.port = typeof address === "object" ? (address?.port ?? 0) : 0;
  way.close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return way;
}

test("records of a broker that is slow to answer are read, though the other one has nothing more", async () => {
  const client = new Kafka({ brokers: [brokers[0]!.address], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
  const [admin, producer] = [client.admin(), client.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  await until(async () => (await admin.describeCluster()).brokers.length === 2, "both brokers");
  await admin.createTopics({
    topics: [{ topic: "halves", replicaAssignment: [1, 2].map((id, partition) => ({ partition, replicas: [id] })) }],
  });
  const messages = ["here", "there"].map((value, partition) => ({ partition, value }));
  await until(() => producer.send({ topic: "halves", messages }).then(() => true), "the records");
  await Promise.all([admin.disconnect(), producer.disconnect()]);

  slow.delayMs = LATE_MS;
  for (const readUncommitted of [false, true]) {
    const records = await readRange(client, { topic: "halves", name: "reader", readUncommitted });
    expect(records.map(({ value }) => String(bytesOf(value)))).toEqual(["here", "there"]);
  }
});
