// A member of a consumer group that hands over fetched bytes and commits when told to; all that knows how kafkajs consumes.
// Three things are not in kafkajs's interface and are done on its objects, so its version is pinned: waiting before and
// after a group is joined, reading a fetch's bytes without an object per record, and changing the fetch's wait as it runs.
import { type Admin, type Consumer, type PartitionAssigner, PartitionAssigners } from "kafkajs";
import ConsumerGroupOfKafkajs from "kafkajs/src/consumer/consumerGroup.js";
import type { Membership } from "../observe/happening.ts";
import type { StartingPosition } from "../template/mapping.ts";
import { type CarrierMessage, decodeFetchResponse, type FetchedBytes, type FetchResponse } from "./fetch-response.ts";
import { type Cluster, connectTo } from "./kafka-connection.ts";

export interface SourceOptions {
  readonly cluster: Cluster;
  readonly clientId: string;
  readonly groupId: string;
  readonly topic: string;
  readonly startingPosition: StartingPosition;
  readonly isolation: "read_committed" | "read_uncommitted";
  /** True for a batching window of 0: records are wanted as soon as they are there. */
  readonly wantsLowLatency: boolean;
}

/** What the poller does when the group or the topic tells it something. */
export interface SourceListener {
  /** The group is about to be joined, again: settle what can be settled; the answer is awaited. */
  beforeJoin(): Promise<void>;
  /** These partitions are ours from now on. Answers where to read on, given where the group stands. */
  assigned(groupOffsets: ReadonlyMap<number, number>, membership: Membership): ReadonlyMap<number, number>;
  /**
   * Bytes of one partition; what throws is fetched again. `from` is the offset that was asked for. Fetching waits for an answer that
   * is awaited, so whoever takes long keeps the membership meanwhile.
   */
  fetched(
    partition: number,
    bytes: FetchedBytes,
    at: { readonly from: number; readonly highWatermark: number },
  ): void | Promise<void>;
  /** Fetching goes on when this resolves. */
  untilRoom(): Promise<void>;
  failed(error: Error): void;
}

export interface Source {
  commit(offsets: ReadonlyMap<number, number>): Promise<void>;
  pause(partition: number): void;
  resume(partition: number): void;
  /** Keeps the membership while something holds up fetching; throws when the group rebalances. */
  heartbeat(): Promise<void>;
  /** Leaves the group. */
  stop(): Promise<void>;
}

const FETCH_BYTES_PER_PARTITION = 2_097_152;
const FETCH_BYTES = 8_388_608;
/** With records coming in, a fetch waits this long for this much, so that a trickle costs few round trips. */
const GATHER = { maxWaitTime: 25, minBytes: 65_536 };
const IDLE = { maxWaitTime: 250, minBytes: 1 };
const LOW_LATENCY = { maxWaitTime: 100, minBytes: 1 };
const RESTART_AFTER_MS = 1000;
/** How soon the group notices a killed member; a quarter of kafkajs's, for developers kill and start often. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2000;

/** Joins the group and starts fetching; resolves once partitions are assigned. */
export async function openSource(options: SourceOptions, listener: SourceListener): Promise<Source> {
  installHooks();
  const kafka = connectTo(options.cluster, options.clientId);
  const admin = kafka.admin();
  let group: ConsumerGroup | undefined;
  const hooks: Hooks = {
    beforeJoin: () => listener.beforeJoin(),
    async afterJoin(joined) {
      group = joined;
      readRawBytes(joined);
      await takePositions(joined, { admin, options, listener });
    },
  };
  const consumer = kafka.consumer({
    groupId: options.groupId,
    partitionAssigners: [(config) => withHooks(PartitionAssigners.roundRobin(config), hooks)],
    allowAutoTopicCreation: false,
    readUncommitted: options.isolation === "read_uncommitted",
    maxBytesPerPartition: FETCH_BYTES_PER_PARTITION,
    maxBytes: FETCH_BYTES,
    maxWaitTimeInMs: IDLE.maxWaitTime,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    retry: { initialRetryTime: 100, retries: 8 },
  });
  await admin.connect();
  await runConsumer(consumer, { options, listener, groupOf: () => group });
  const partitionsOf = (partition: number) => [{ topic: options.topic, partitions: [partition] }];
  return {
    commit: async (offsets) => {
      const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
      await group?.commitOffsets({ topics: [{ topic: options.topic, partitions }] });
    },
    pause: (partition) => group?.subscriptionState.pause(partitionsOf(partition)),
    resume: (partition) => group?.subscriptionState.resume(partitionsOf(partition)),
    heartbeat: async () => group?.heartbeat({ interval: HEARTBEAT_MS }),
    stop: async () => {
      await Promise.allSettled([consumer.disconnect(), admin.disconnect()]);
    },
  };
}

async function runConsumer(
  consumer: Consumer,
  around: {
    readonly options: SourceOptions;
    readonly listener: SourceListener;
    readonly groupOf: () => ConsumerGroup | undefined;
  },
): Promise<void> {
  const { options, listener, groupOf } = around;
  let sawRecords = false;
  const joined = Promise.withResolvers<void>();
  consumer.on("consumer.group_join", () => joined.resolve());
  consumer.on("consumer.fetch_start", () => {
    const group = groupOf();
    if (group === undefined) return;
    Object.assign(group, options.wantsLowLatency ? LOW_LATENCY : sawRecords ? GATHER : IDLE);
    sawRecords = false;
  });
  const start = async () => {
    await consumer.connect();
    await consumer.subscribe({ topic: options.topic, fromBeginning: options.startingPosition.kind !== "LATEST" });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, resolveOffset }) => {
        const [carrier] = batch.messages as unknown as readonly CarrierMessage[];
        if (carrier === undefined) return;
        sawRecords = true;
        const from = Number((batch as unknown as { readonly fetchedOffset: string }).fetchedOffset);
        await listener.fetched(batch.partition, carrier.fetched, { from, highWatermark: Number(batch.highWatermark) });
        resolveOffset(carrier.offset);
        await listener.untilRoom();
      },
    });
  };
  consumer.on("consumer.crash", ({ payload }) => {
    listener.failed(payload.error);
    if (!payload.restart) setTimeout(() => start().catch((error: Error) => listener.failed(error)), RESTART_AFTER_MS);
  });
  await start();
  await joined.promise;
}

/** Where the group stands in each assigned partition; one without a committed offset is given its start, committed at once. */
async function takePositions(
  group: ConsumerGroup,
  around: { readonly admin: Admin; readonly options: SourceOptions; readonly listener: SourceListener },
): Promise<void> {
  const { admin, options, listener } = around;
  const { topic, groupId } = options;
  const mine = group.assigned().find((assigned) => assigned.topic === topic)?.partitions ?? [];
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const offsets = new Map(
    committed?.partitions
      .filter(({ partition, offset }) => mine.includes(partition) && Number(offset) >= 0)
      .map(({ partition, offset }) => [partition, Number(offset)]),
  );
  const fresh = mine.filter((partition) => !offsets.has(partition));
  if (fresh.length > 0) {
    const starts = await startsOf(admin, topic, options.startingPosition);
    for (const partition of fresh) offsets.set(partition, starts.get(partition) ?? 0);
    const partitions = fresh.map((partition) => ({ partition, offset: String(offsets.get(partition)) }));
    await group.commitOffsets({ topics: [{ topic, partitions }] });
  }
  const membership = { memberId: group.memberId ?? "", generation: group.generationId ?? 0 };
  for (const [partition, offset] of listener.assigned(offsets, membership))
    group.seek({ topic, partition, offset: String(offset) });
}

async function startsOf(admin: Admin, topic: string, position: StartingPosition): Promise<Map<number, number>> {
  if (position.kind === "AT_TIMESTAMP") {
    const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, position.timestamp);
    return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
  }
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(
    offsets.map(({ partition, low, high }) => [partition, Number(position.kind === "LATEST" ? high : low)]),
  );
}

// kafkajs's ConsumerGroup, as far as it is used here. Checked when the hooks are put in place.
interface ConsumerGroup {
  assigners: readonly { readonly hooks?: Hooks }[];
  cluster: BrokerPool;
  readonly memberId: string | null;
  readonly generationId: number | null;
  maxWaitTime: number;
  minBytes: number;
  readonly subscriptionState: {
    pause(topics: readonly { topic: string; partitions: number[] }[]): void;
    resume(topics: readonly { topic: string; partitions: number[] }[]): void;
  };
  assigned(): readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  seek(position: { topic: string; partition: number; offset: string }): void;
  heartbeat(options: { interval: number }): Promise<void>;
  commitOffsets(offsets: {
    topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[];
  }): Promise<void>;
  joinAndSync(): Promise<void>;
}

interface BrokerPool {
  findBroker(node: { nodeId: number }): Promise<object>;
}

interface Hooks {
  beforeJoin(): Promise<void>;
  afterJoin(group: ConsumerGroup): Promise<void>;
}

interface ProtocolRequest {
  readonly request: { readonly apiName: string; readonly apiVersion: number };
  readonly response: { decode(payload: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> };
}

type LookupRequest = (apiKey: number, definition: unknown) => (options: unknown) => ProtocolRequest;

let areHooksInstalled = false;

// Consumers without hooks, such as a test's own, keep kafkajs's behaviour.
function installHooks(): void {
  if (areHooksInstalled) return;
  const prototype = ConsumerGroupOfKafkajs.prototype as ConsumerGroup;
  const { joinAndSync } = prototype;
  if (typeof joinAndSync !== "function") {
    throw new Error("The event source works with kafkajs 2.2.4: install exactly that version.");
  }
  prototype.joinAndSync = async function (this: ConsumerGroup) {
    const hooks = this.assigners[0]?.hooks;
    await hooks?.beforeJoin();
    await joinAndSync.call(this);
    await hooks?.afterJoin(this);
  };
  areHooksInstalled = true;
}

function withHooks(assigner: ReturnType<PartitionAssigner>, hooks: Hooks): ReturnType<PartitionAssigner> {
  return Object.assign(assigner, { hooks });
}

const wrapped = new WeakSet<ConsumerGroup>();

/** Makes the group's fetches answer with bytes: its brokers are asked through objects that decode fetches differently. */
function readRawBytes(group: ConsumerGroup): void {
  if (wrapped.has(group)) return;
  wrapped.add(group);
  const { cluster } = group;
  const brokers = new WeakMap<object, object>();
  group.cluster = Object.create(cluster, {
    findBroker: {
      value: async (node: { nodeId: number }) => {
        const broker = await cluster.findBroker(node);
        if (!brokers.has(broker)) brokers.set(broker, rawReading(broker));
        return brokers.get(broker);
      },
    },
  });
}

function rawReading(broker: object): object {
  const lookup: LookupRequest = (apiKey, definition) => {
    const build = (broker as { readonly lookupRequest: LookupRequest }).lookupRequest(apiKey, definition);
    return (options) => {
      const protocol = build(options);
      if (protocol.request.apiName !== "Fetch") return protocol;
      if (protocol.request.apiVersion !== 11) throw new Error("The event source needs a broker of Kafka 2.3 or later.");
      const decode = async (payload: Buffer): Promise<FetchResponse> => decodeFetchResponse(payload);
      return { ...protocol, response: { ...protocol.response, decode } };
    };
  };
  return Object.create(broker, { lookupRequest: { value: lookup } });
}
