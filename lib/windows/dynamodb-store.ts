// The window store on DynamoDB: one table for every pipeline, keys that spread by source partition, nothing scanned.
//
//   pk                        sk                      what
//   <ns><name>                version#1               definition
//   <ns><name>#1              frontier                published watermark
//   <ns><name>#1              head                    emission number, status, owner
//   <ns><name>#1              progress#00002          a source partition's progress
//   <ns><name>#1              dirty#<start>#…         a window changed after its end was published
//   <ns><name>#1#p2           <start>#<group>         a partial
//   <ns><name>#1#emitted      <start>#<group>         what was last emitted of a window
//   <ns><name>#1#emissions    <number>#<owner>        frozen results
//
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html

import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { inParallel } from "./in-parallel.ts";
import {
  type Definition,
  type DirtyWindow,
  type FrozenResult,
  type Head,
  isSameHead,
  type PipelineKey,
  type StoredPartial,
  type WindowStore,
} from "./store.ts";
import { type Item, startKey, stored, windowKey } from "./stored-items.ts";

export interface DynamoDbStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly pipeline: PipelineKey;
  /** Before every key; keeps a trial run apart from live state. */
  readonly namespace?: string;
  readonly now?: () => number;
  /** State never expires: for totals since the first record, which a silence of two weeks must not wipe out. */
  readonly isKept?: boolean;
}

/** How long after its last change state is kept, seconds: two weeks, twice Kafka's default retention of records and offsets. */
export const KEEP_SECONDS = 14 * 24 * 3600;

/** One pipeline's state in the table. */
export function dynamoDbStore(options: DynamoDbStoreOptions): WindowStore {
  const { client, table, pipeline } = options;
  const family = `${options.namespace ?? ""}${pipeline.name}`;
  const control = `${family}#${pipeline.version}`;
  const partialsOfPartition = (partition: number) => `${control}#p${partition}`;
  const expiry = (): Item => (options.isKept === true ? {} : expiringAt());
  const expiringAt = () => ({
    expiresAt: { N: String(Math.floor((options.now ?? Date.now)() / 1000) + KEEP_SECONDS) },
  });

  async function put(item: Item, condition?: string, values?: Item): Promise<Item | "absent" | undefined> {
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: item,
          ...(condition === undefined
            ? {}
            : { ConditionExpression: condition, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }),
          ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
        }),
      );
      return undefined;
    } catch (thrown) {
      if (thrown instanceof ConditionalCheckFailedException) return thrown.Item ?? "absent";
      throw thrown;
    }
  }

  async function get(pk: string, sk: string): Promise<Item | undefined> {
    const found = await client.send(
      new GetItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: sk } }, ConsistentRead: true }),
    );
    return found.Item;
  }

  /** A key's items, or those in a range: a window's sort after its start's key and before the next start's, whatever its groups are called. */
  async function query(pk: string, between?: readonly [string, string]): Promise<Item[]> {
    const items: Item[] = [];
    let from: Item | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: between === undefined ? "pk = :pk" : "pk = :pk AND sk BETWEEN :from AND :to",
          ExpressionAttributeValues: {
            ":pk": { S: pk },
            ...(between === undefined ? {} : { ":from": { S: between[0] }, ":to": { S: between[1] } }),
          },
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return items;
  }

  /** Remembers what an emission holds. What a later one holds stays: an emitter that has been replaced may come here long after. */
  async function remember(results: readonly FrozenResult[], number: number): Promise<void> {
    const emission = { N: String(number) };
    const rest = { emission, ...expiringAt() };
    const isOlder = "attribute_not_exists(emission) OR emission <= :emission";
    await inParallel(results, (result) =>
      put(stored.emittedItem(`${control}#emitted`, result, rest), isOlder, { ":emission": emission }),
    );
  }

  /** Changes the head if it still is the expected one; number, status and owner are what make it so. */
  async function changeHead(expected: Head, next: Head) {
    const refused = await put(
      stored.headItem(control, next),
      "emission = :number AND stage = :status AND emitter = :owner",
      { ":number": { N: String(expected.number) }, ":status": { S: expected.status }, ":owner": { S: expected.owner } },
    );
    const answer = written(refused, stored.head);
    // The client tries again when an answer is lost, and is refused by its own first write.
    return answer.kind === "refused" && isSameHead(answer.present, next) ? ({ kind: "stored" } as const) : answer;
  }

  return {
    async define(definition: Definition) {
      const item = { ...keys(family, `version#${definition.version}`), definition: { S: JSON.stringify(definition) } };
      const refused = await put(item, "attribute_not_exists(pk)");
      return refused === undefined || refused === "absent" ? definition : stored.definition(refused);
    },
    async definitions() {
      return (await query(family)).map(stored.definition);
    },
    async putPartial(key, expected, next) {
      const item = stored.partialItem(partialsOfPartition(key.partition), key, next, expiry());
      if (expected === undefined) return written(await put(item, "attribute_not_exists(pk)"), stored.partial);
      const seal = expected.lateFrom === undefined ? "attribute_not_exists(lateFrom)" : "lateFrom = :lateFrom";
      const refused = await put(item, `lastOffset = :lastOffset AND ${seal}`, {
        ":lastOffset": { N: String(expected.lastOffset) },
        ...(expected.lateFrom === undefined ? {} : { ":lateFrom": { N: String(expected.lateFrom) } }),
      });
      return written(refused, stored.partial);
    },
    async putProgress(partition, expected, next) {
      const item = stored.progressItem(control, partition, next);
      const refused =
        expected === undefined
          ? await put(item, "attribute_not_exists(pk)")
          : await put(item, "nextOffset = :nextOffset", { ":nextOffset": { N: String(expected.nextOffset) } });
      return written(refused, stored.progress);
    },
    async readProgress(partition) {
      const item = await get(control, stored.progressKey(partition));
      return item && stored.progress(item);
    },
    async markDirty(window) {
      await put({
        ...keys(control, stored.dirtyKey(window)),
        dirty: { S: JSON.stringify(window) },
        ...expiringAt(),
      });
    },
    async readFrontier() {
      const item = await get(control, "frontier");
      return item && Number(item.frontier?.N);
    },

    async control() {
      return stored.control(await query(control));
    },
    async publishFrontier(frontier) {
      await put(
        { ...keys(control, "frontier"), frontier: { N: String(frontier) } },
        "attribute_not_exists(pk) OR frontier < :frontier",
        {
          ":frontier": { N: String(frontier) },
        },
      );
    },
    async partialsBetween(partition, from, to) {
      if (from >= to) return [];
      const items = await query(partialsOfPartition(partition), [startKey(from), startKey(to)]);
      return items.map((item) => stored.storedPartial(partition, item));
    },
    async partialsOf(window, partitions) {
      const found: StoredPartial[] = [];
      for (let at = 0; at < partitions.length; at += 100) {
        const Keys = partitions
          .slice(at, at + 100)
          .map((partition) => keys(partialsOfPartition(partition), windowKey(window)));
        found.push(...(await batchGet(Keys)).map((item) => stored.storedPartial(stored.partitionOf(item), item)));
      }
      return found;
    },
    async emittedBetween(from, to) {
      if (from >= to) return [];
      const items = await query(`${control}#emitted`, [startKey(from), startKey(to)]);
      return items.map(stored.emitted);
    },

    async takeOver(owner) {
      const answer = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keys(control, "head"),
          UpdateExpression:
            "SET emitter = :owner, emission = if_not_exists(emission, :zero), stage = if_not_exists(stage, :done), ledgerAt = if_not_exists(ledgerAt, :zero)",
          ExpressionAttributeValues: { ":owner": { S: owner }, ":zero": { N: "0" }, ":done": { S: "done" } },
          ReturnValues: "ALL_NEW",
        }),
      );
      return stored.head(answer.Attributes ?? {});
    },
    async freeze(head, results) {
      const number = head.number + 1;
      const payload = `${String(number).padStart(16, "0")}#${head.owner}`;
      const item = {
        ...keys(`${control}#emissions`, payload),
        results: { S: JSON.stringify(results) },
        ...expiringAt(),
      };
      await put(item);
      return changeHead(head, { ...head, number, status: "frozen", payload });
    },
    async frozen(head) {
      const item = await get(`${control}#emissions`, head.payload ?? "");
      if (item === undefined)
        throw new Error(`Emission ${head.number} of '${control}' has no frozen results in table '${table}'`);
      return JSON.parse(item.results?.S ?? "[]") as FrozenResult[];
    },
    async finish(head, results, next) {
      await remember(results, head.number);
      const { payload: _, ...rest } = head;
      return changeHead(head, { ...rest, ...next, status: "done" });
    },
    async clearDirty(windows) {
      await Promise.all(windows.map(clearOne));
    },
  };

  async function clearOne(window: DirtyWindow): Promise<void> {
    try {
      await client.send(
        new DeleteItemCommand({
          TableName: table,
          Key: keys(control, stored.dirtyKey(window)),
          ConditionExpression: "dirty = :dirty",
          ExpressionAttributeValues: { ":dirty": { S: JSON.stringify(window) } },
        }),
      );
    } catch (thrown) {
      if (!(thrown instanceof ConditionalCheckFailedException)) throw thrown;
    }
  }

  async function batchGet(Keys: Record<string, AttributeValue>[]): Promise<Item[]> {
    const items: Item[] = [];
    let left: Record<string, AttributeValue>[] | undefined = Keys;
    while (left !== undefined && left.length > 0) {
      const answer: BatchGetItemCommandOutput = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } }),
      );
      items.push(...(answer.Responses?.[table] ?? []));
      left = answer.UnprocessedKeys?.[table]?.Keys;
    }
    return items;
  }
}

function keys(pk: string, sk: string) {
  return { pk: { S: pk }, sk: { S: sk } };
}

function written<T>(refused: Item | "absent" | undefined, decodeItem: (item: Item) => T) {
  if (refused === undefined) return { kind: "stored" } as const;
  return { kind: "refused", present: refused === "absent" ? undefined : decodeItem(refused) } as const;
}
