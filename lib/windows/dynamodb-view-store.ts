// A view's state in the windows' table: one item beside its totals' state, changed by conditional writes only.

import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { PipelineKey } from "./store.ts";
import type { Item } from "./stored-items.ts";
import { isSameView, type View, type ViewStore } from "./view.ts";

export interface DynamoDbViewStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** The totals that the view is made from. */
  readonly totals: PipelineKey;
  /** Before every key; keeps a trial run apart from live state. */
  readonly namespace?: string;
}

/** The view of these totals. */
export function dynamoDbViewStore({ client, table, totals, namespace = "" }: DynamoDbViewStoreOptions): ViewStore {
  const Key = { pk: { S: `${namespace}${totals.name}#${totals.version}` }, sk: { S: "view" } };
  return {
    async read() {
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      return Item && viewOf(Item);
    },
    async replace(expected, next) {
      const put = new PutItemCommand({ TableName: table, Item: { ...Key, ...itemOf(next) }, ...ifStill(expected) });
      try {
        await client.send(put);
        return true;
      } catch (thrown) {
        if (!(thrown instanceof ConditionalCheckFailedException)) throw thrown;
        // The client tries again when an answer is lost, and is refused by its own first write.
        return thrown.Item !== undefined && isSameView(viewOf(thrown.Item), next);
      }
    },
  };
}

function ifStill(expected: View | undefined) {
  const ReturnValuesOnConditionCheckFailure = "ALL_OLD" as const;
  if (expected === undefined) {
    return { ConditionExpression: "attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure };
  }
  const { at, maker, until } = expected;
  const end = until === undefined ? "attribute_not_exists(viewUntil)" : "viewUntil = :until";
  return {
    ConditionExpression: `viewAt = :at AND viewMaker = :maker AND ${end}`,
    ExpressionAttributeValues: {
      ":at": { N: String(at) },
      ":maker": { S: maker },
      ...(until === undefined ? {} : { ":until": { N: String(until) } }),
    },
    ReturnValuesOnConditionCheckFailure,
  };
}

function itemOf({ at, records, maker, until }: View): Item {
  return {
    viewAt: { N: String(at) },
    viewRecords: { N: String(records) },
    viewMaker: { S: maker },
    ...(until === undefined ? {} : { viewUntil: { N: String(until) } }),
  };
}

function viewOf(item: Item): View {
  const until = item.viewUntil?.N;
  return {
    at: Number(item.viewAt?.N),
    records: Number(item.viewRecords?.N),
    maker: item.viewMaker?.S ?? "",
    ...(until === undefined ? {} : { until: Number(until) }),
  };
}
