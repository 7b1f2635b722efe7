import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe } from "vitest";
import { dynamoDbStore } from "../../../lib/windows/dynamodb-store.ts";
import { windowsTable } from "../../support/windows-table.ts";
import { storeSuite } from "./store-suite.ts";

let client: DynamoDBClient;
let table: string;

beforeAll(async () => {
  ({ client, table } = await windowsTable());
});
afterAll(() => client.destroy());

describe("the window store on DynamoDB", () => {
  storeSuite((name, version = 1) => dynamoDbStore({ client, table, pipeline: { name, version } }));
});
