import { type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

it("an emitter goes on when an answer is lost and the client tries again", async () => {
  const { client: repeating } = await windowsTable();
  repeating.middlewareStack.add(
    (next) => async (args) => {
      if (JSON.stringify(args.input).includes('"sk":{"S":"head"}')) await next(args);
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  const store = dynamoDbStore({ client: repeating, table, pipeline: { name: "repeated", version: 1 } });
  const head = await store.takeOver("a");
  expect(await store.freeze(head, [])).toEqual({ kind: "stored" });
  const frozen = (await store.control()).head ?? head;
  expect(await store.finish(frozen, [], { ledgerAt: 1 })).toEqual({ kind: "stored" });
  expect((await store.control()).head).toMatchObject({ number: 1, status: "done", owner: "a" });
  repeating.destroy();
});

it.each([
  { isKept: false, expires: true, why: "a window's state goes two weeks after its last change" },
  { isKept: true, expires: false, why: "totals since the first record stay through any silence" },
])("$why", async ({ isKept, expires }) => {
  const pipeline = { name: `kept-${isKept}`, version: 1 };
  const store = dynamoDbStore({ client, table, pipeline, isKept });
  await store.putPartial({ partition: 0, start: 0, group: "" }, undefined, { state: { visits: 1 }, lastOffset: 4 });
  const Key = { pk: { S: `${pipeline.name}#1#p0` }, sk: { S: "1000000000000000#" } };
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key }));
  expect(Item?.lastOffset).toBeDefined();
  expect(Item?.expiresAt !== undefined).toBe(expires);
});
