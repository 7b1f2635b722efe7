import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe } from "vitest";
import { dynamoDbOrigins } from "../../../lib/windows/dynamodb-origins.ts";
import { windowsTable } from "../../support/windows-table.ts";
import { originsSuite } from "./origins-suite.ts";

let client: DynamoDBClient;
let table: string;

beforeAll(async () => {
  ({ client, table } = await windowsTable());
});
afterAll(() => client.destroy());

describe("origins on DynamoDB", () => {
  originsSuite(() => dynamoDbOrigins({ client, table, totals: { name: "suite", version: 1 } }));
});
