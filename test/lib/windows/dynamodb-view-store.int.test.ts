import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe } from "vitest";
import { dynamoDbViewStore } from "../../../lib/windows/dynamodb-view-store.ts";
import { windowsTable } from "../../support/windows-table.ts";
import { viewStoreSuite } from "./view-suite.ts";

let client: DynamoDBClient;
let table: string;

beforeAll(async () => {
  ({ client, table } = await windowsTable());
});
afterAll(() => client.destroy());

describe("a view's state on DynamoDB", () => {
  viewStoreSuite((name) => dynamoDbViewStore({ client, table, totals: { name, version: 1 } }));
});
