// Kafka: one real broker. Embedded it is Apache Kafka from its published jars, one node that is broker and controller at once.
import { existsSync } from "node:fs";
import { appendFile, cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CannotStart } from "./cannot-start.ts";
import { lastLines, run } from "./command.ts";
import { classArchive, findJava, javaEnding, javaFlags, toInstallJavaAndMaven } from "./java.ts";
import { type Fetch, fetchJars, moveUnlessThere } from "./maven.ts";
import { anyFreePort } from "./port.ts";
import { type Launch, type Place, READY_WITHIN_MS, type ServiceDefinition } from "./service.ts";

/** 4.4.0's pom names a jar that can't be had: stay here. */
const version = "4.3.1";

export const kafka = {
  name: "kafka",
  title: "Kafka",
  variable: "KAFKA_BROKERS",
  addressName: "kafkaBrokers",
  address: (port: number) => `127.0.0.1:${port}`,
  check: checkBroker,
  container: { usualPort: 9092, portVariable: "KAFKA_PORT" },
  embedded: { usualPort: 9092, toInstall: toInstallJavaAndMaven, prepare: (place: Place) => prepareBroker(place) },
} as const satisfies ServiceDefinition;

export interface Listener {
  readonly name: string;
  readonly protocol: "SSL" | "SASL_SSL" | "SASL_PLAINTEXT";
  /** host:port */
  readonly address: string;
}

/** What a broker has that the usual one has not. */
export interface BrokerExtras {
  readonly listeners: readonly Listener[];
  /** Lines of server.properties; one that the usual broker has too wins over it. */
  readonly settings: string;
  /** For StorageTool's `format`, such as `--add-scram`. */
  readonly formatArguments: readonly string[];
}

/** Metadata with every partition led, and a group coordinator: what a client needs before its first record. */
async function checkBroker(brokers: string): Promise<void> {
  const { Kafka, logLevel } = await import("kafkajs"); // here, so that it loads while the broker starts
  const client = new Kafka({
    clientId: "services",
    brokers: brokers.split(","),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata();
    const leaderless = topics.find(({ partitions }) => partitions.some(({ leader }) => leader < 0));
    if (leaderless) throw new Error(`topic '${leaderless.name}' has a partition without a leader`);
    await admin.describeGroups(["services-check"]);
  } finally {
    await admin.disconnect();
  }
}

/** Makes one node's settings and data ready to be started. */
export async function prepareBroker(place: Place, extras?: BrokerExtras): Promise<Launch> {
  const java = await findJava(place.environment);
  const classPath = await kafkaClassPath(place);
  const settings = join(place.dataFolder, "server.properties");
  const log = join(place.dataFolder, "log");
  await writeFile(settings, `${await brokerSettings(place.port, log, extras?.listeners)}${extras?.settings ?? ""}`);
  const storage = { java: java.program, classPath, place };
  if (extras !== undefined && !existsSync(log)) await formatLog(settings, extras.formatArguments, storage);
  if (!existsSync(log)) await cp(await formattedLog(storage), log, { recursive: true });
  const archive = classArchive(join(place.cacheFolder, `kafka-${version}-java-${java.version}.jsa`), place.dataFolder);
  return {
    command: {
      command: java.program,
      arguments: [
        ...javaFlags(place.tuning, place.kafkaHeapMb, place.dataFolder),
        ...archive.flags,
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
        ...["-cp", classPath, "kafka.Kafka", settings],
      ],
    },
    ending: javaEnding(archive, place.isDurable),
    beforeRestart: () => appendFile(settings, shortSession),
    readyWithinMs: READY_WITHIN_MS,
  };
}

/** A killed broker is let in again only when its old session has ended: 9 s by default, which a busy machine needs to tell busy from dead. */
const shortSession = "broker.session.timeout.ms=2000\nbroker.heartbeat.interval.ms=500\n";

/** Kafka's jars, fetched unless they are there, in a stable order: the class archive fits only the class path it was made with. */
export async function kafkaClassPath(place: Fetch & Pick<Place, "cacheFolder">): Promise<string> {
  const artifacts = [`org.apache.kafka:kafka_2.13:${version}`, "org.slf4j:slf4j-simple:1.7.36"] as const;
  const folder = join(await fetchJars(join(place.cacheFolder, `kafka-${version}`), artifacts, place), "jars");
  const jars = (await readdir(folder)).filter((name) => name.endsWith(".jar")).sort();
  return jars.map((jar) => join(folder, jar)).join(":");
}

interface Storage {
  readonly java: string;
  readonly classPath: string;
  readonly place: Place;
}

/**
 * A log folder as Kafka's own StorageTool formats it, made once and copied for each run, which saves a second. It holds the node's
 * identity and the bootstrap checkpoint, without which newer groups and transactions don't work.
 */
async function formattedLog(storage: Storage): Promise<string> {
  const { place } = storage;
  const formatted = join(place.cacheFolder, `kafka-${version}-formatted`);
  if (existsSync(formatted)) return formatted;
  const target = await mkdtemp(`${formatted}.making-`);
  try {
    const settings = join(place.dataFolder, "format.properties");
    await writeFile(settings, await brokerSettings(place.port, target));
    await formatLog(settings, [], storage);
    await moveUnlessThere(target, formatted);
    return formatted;
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

async function formatLog(
  settings: string,
  more: readonly string[],
  { java, classPath, place }: Storage,
): Promise<void> {
  const clusterId = Buffer.from("local-kafka-node").toString("base64url");
  const format = ["-cp", classPath, "kafka.tools.StorageTool", "format", "-t", clusterId, "-c", settings, ...more];
  const { kind, output } = await run(java, ["-XX:TieredStopAtLevel=1", ...format], place);
  place.signal.throwIfAborted();
  if (kind !== "done") throw new CannotStart(`Kafka's StorageTool could not format ${settings}:\n${lastLines(output)}`);
}

async function brokerSettings(port: number, logFolder: string, more: readonly Listener[] = []): Promise<string> {
  const controllerPort = await anyFreePort();
  const listeners = more.map(({ name, address }) => `,${name}://${address}`).join("");
  const protocols = more.map(({ name, protocol }) => `,${name}:${protocol}`).join("");
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}${listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${logFolder}
# a topic that nobody made is a mistake to be seen
auto.create.topics.enable=false
num.partitions=3
# one node
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
min.insync.replicas=1
# leaves nothing of its session to wait for at the next start with the same data
controlled.shutdown.enable=true
# small and soon ready
offsets.topic.num.partitions=3
transaction.state.log.num.partitions=3
share.coordinator.state.topic.num.partitions=3
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=2097152
log.segment.bytes=268435456
log.index.size.max.bytes=2097152
# samples carry old times: nothing is dropped for its age
log.retention.ms=-1
`;
}
