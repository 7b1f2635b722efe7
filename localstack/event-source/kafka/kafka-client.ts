// A member of a consumer group that hands over fetched bytes and commits when told to; all that knows how kafkajs consumes.
import { type Admin, type Consumer, PartitionAssigners } from "kafkajs";
import { problemOf } from "../access/problem.ts";
import type { Membership } from "../observe/happening.ts";
import type { StartingPosition } from "../template/mapping.ts";
import { type ConsumerGroup, type Hooks, installHooks, readRawBytes, withHooks } from "./consumer-group.ts";
import type { CarrierMessage, FetchedBytes } from "./fetch-response.ts";
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
  /** How soon the group notices a member that is silent; by default a third of kafkajs's 30 s, for developers kill and start often. */
  readonly sessionMs?: number;
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
  /** Whether ends of partitions are wanted that no fetch brings: those that are paused. */
  readonly wantsEnds: boolean;
  /** The end of each of the topic's partitions. */
  ended(ends: ReadonlyMap<number, number>): void;
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
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2000;
/** How often the ends of partitions that are not fetched are asked for. */
const ENDS_MS = 1000;

/** Joins the group and starts fetching; resolves once partitions are assigned. */
export async function openSource(options: SourceOptions, listener: SourceListener): Promise<Source> {
  installHooks();
  const kafka = connectTo(options.cluster, options.clientId);
  const admin = kafka.admin();
  let group: ConsumerGroup | undefined;
  let isStopped = false;
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
    sessionTimeout: options.sessionMs ?? SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    retry: { initialRetryTime: 100, retries: 8 },
  });
  let isAsking = false;
  const askForEnds = setInterval(async () => {
    if (isAsking || !listener.wantsEnds) return;
    isAsking = true;
    const offsets = await admin.fetchTopicOffsets(options.topic).catch(() => []); // a broker that is away says it later
    isAsking = false;
    listener.ended(new Map(offsets.map(({ partition, high }) => [partition, Number(high)])));
  }, ENDS_MS).unref();
  const stop = async () => {
    isStopped = true;
    clearInterval(askForEnds);
    await Promise.allSettled([consumer.disconnect(), admin.disconnect()]);
  };
  try {
    await admin.connect();
    await runConsumer(consumer, { options, listener, groupOf: () => group, isStopped: () => isStopped });
  } catch (error) {
    await stop();
    throw error;
  }
  const partitionsOf = (partition: number) => [{ topic: options.topic, partitions: [partition] }];
  return {
    commit: async (offsets) => {
      const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
      await group?.commitOffsets({ topics: [{ topic: options.topic, partitions }] });
    },
    pause: (partition) => group?.subscriptionState.pause(partitionsOf(partition)),
    resume: (partition) => group?.subscriptionState.resume(partitionsOf(partition)),
    heartbeat: async () => group?.heartbeat({ interval: HEARTBEAT_MS }),
    stop,
  };
}

async function runConsumer(
  consumer: Consumer,
  around: {
    readonly options: SourceOptions;
    readonly listener: SourceListener;
    readonly groupOf: () => ConsumerGroup | undefined;
    readonly isStopped: () => boolean;
  },
): Promise<void> {
  const { options, listener, groupOf, isStopped } = around;
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
  const startAgainAfter = (error: Error) => {
    listener.failed(error);
    setTimeout(() => isStopped() || start().catch(startAgainAfter), RESTART_AFTER_MS);
  };
  let hasJoined = false;
  consumer.on("consumer.crash", ({ payload: { error, restart } }) => {
    // What the cluster refuses at the first attempt is for a person to see; later it may have been taken away for a while.
    if (!hasJoined && problemOf(error) !== undefined) joined.reject(error);
    else if (restart) listener.failed(error);
    else startAgainAfter(error);
  });
  await Promise.all([start(), joined.promise]);
  hasJoined = true;
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
