// Which record counts for an origin, in the windows' table: one item an origin, written once.

import { ConditionalCheckFailedException, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { KEEP_SECONDS } from "./dynamodb-store.ts";
import type { DynamoDbViewStoreOptions } from "./dynamodb-view-store.ts";
import type { Origins } from "./origins.ts";

export interface DynamoDbOriginsOptions extends DynamoDbViewStoreOptions {
  readonly now?: () => number;
}

/** The origins of what these totals count. They are forgotten after two weeks, when Kafka has forgotten the dead letters. */
export function dynamoDbOrigins(options: DynamoDbOriginsOptions): Origins {
  const { client, table, totals, namespace = "", now = Date.now } = options;
  const pk = { S: `${namespace}${totals.name}#${totals.version}#origins` };
  return {
    async claim(origin, record) {
      const expiresAt = { N: String(Math.floor(now() / 1000) + KEEP_SECONDS) };
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: { pk, sk: { S: origin }, countedAs: { S: record }, expiresAt },
            ConditionExpression: "attribute_not_exists(pk) OR countedAs = :record",
            ExpressionAttributeValues: { ":record": { S: record } },
          }),
        );
        return true;
      } catch (thrown) {
        if (thrown instanceof ConditionalCheckFailedException) return false;
        throw thrown;
      }
    },
  };
}
