// What is done on kafkajs's own objects, below its interface, so its version is pinned: waiting before and after a group is joined, saying why
// there is no coordinator, and reading a fetch's bytes without an object per record.
import type { PartitionAssigner } from "kafkajs";
import ConsumerGroupOfKafkajs from "kafkajs/src/consumer/consumerGroup.js";
import { decodeFetchResponse, type FetchResponse } from "./fetch-response.ts";

// kafkajs's ConsumerGroup, as far as it is used here. Checked when the hooks are put in place.
export interface ConsumerGroup {
  assigners: readonly { readonly hooks?: Hooks }[];
  cluster: BrokerPool;
  readonly groupId: string;
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
  findControllerBroker(): Promise<{
    findGroupCoordinator(group: { groupId: string; coordinatorType: number }): Promise<unknown>;
  }>;
  findBroker(node: { nodeId: number }): Promise<object>;
}

export interface Hooks {
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
export function installHooks(): void {
  if (areHooksInstalled) return;
  const prototype = ConsumerGroupOfKafkajs.prototype as ConsumerGroup;
  const { joinAndSync } = prototype;
  if (typeof joinAndSync !== "function") {
    throw new Error("The event source works with kafkajs 2.2.4: install exactly that version.");
  }
  prototype.joinAndSync = async function (this: ConsumerGroup) {
    const hooks = this.assigners[0]?.hooks;
    await hooks?.beforeJoin();
    await joinAndSync.call(this).catch(async (error: Error) => {
      throw hooks === undefined ? error : await whyNoCoordinator(this, error);
    });
    await hooks?.afterJoin(this);
  };
  areHooksInstalled = true;
}

// kafkajs says only that there is no coordinator, also where the broker refuses to name it.
async function whyNoCoordinator({ cluster, groupId }: ConsumerGroup, error: Error): Promise<Error> {
  if (error.name !== "KafkaJSGroupCoordinatorNotFound") return error;
  try {
    const broker = await cluster.findControllerBroker();
    await broker.findGroupCoordinator({ groupId, coordinatorType: 0 });
  } catch (cause) {
    if (cause instanceof Error) return cause;
  }
  return error;
}

export function withHooks(assigner: ReturnType<PartitionAssigner>, hooks: Hooks): ReturnType<PartitionAssigner> {
  return Object.assign(assigner, { hooks });
}

const wrapped = new WeakSet<ConsumerGroup>();

/** Makes the group's fetches answer with bytes: its brokers are asked through objects that decode fetches differently. */
export function readRawBytes(group: ConsumerGroup): void {
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
