// Tables come out as a compiled template declares them, once.
import { randomUUID } from "node:crypto";
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, expect, inject, test } from "vitest";
import { localCredentials } from "../../../localstack/services/dynamodb.ts";
import { createTables } from "../../../localstack/services/tables.ts";

const endpoint = inject("dynamodbEndpoint");
const client = new DynamoDBClient({ endpoint, ...localCredentials() });
afterAll(() => client.destroy());

function windowsTable(name: string, sortKey = "window") {
  return {
    Type: "AWS::DynamoDB::Table",
    DeletionPolicy: "Retain",
    Properties: {
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["pipeline", sortKey].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [
        { AttributeName: "pipeline", KeyType: "HASH" },
        { AttributeName: sortKey, KeyType: "RANGE" },
      ],
      TimeToLiveSpecification: { AttributeName: "expires", Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: "NEW_IMAGE" },
      Tags: [{ Key: "service", Value: "streams" }],
    },
  };
}

test("every table of a template is made with its key, billing, expiry and stream, and again changes nothing", async () => {
  const name = `windows-${randomUUID()}`;
  const resources = { WindowsTable: windowsTable(name), Queue: { Type: "AWS::SQS::Queue" } };
  expect(await createTables(endpoint, resources)).toEqual({ WindowsTable: name });
  expect(await createTables(endpoint, resources)).toEqual({ WindowsTable: name });
  const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
  expect(Table).toMatchObject({
    TableStatus: "ACTIVE",
    KeySchema: resources.WindowsTable.Properties.KeySchema,
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  });
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }));
  expect(TimeToLiveDescription).toEqual({ AttributeName: "expires", TimeToLiveStatus: "ENABLED" });
});

test("a table without a name is called by its logical id", async () => {
  const logicalId = `Table${randomUUID().replaceAll("-", "")}`;
  const { TableName: _, ...Properties } = windowsTable("").Properties;
  expect(await createTables(endpoint, { [logicalId]: { Type: "AWS::DynamoDB::Table", Properties } })).toEqual({
    [logicalId]: logicalId,
  });
});

test("an existing table with another key is refused", async () => {
  const name = `windows-${randomUUID()}`;
  await createTables(endpoint, { WindowsTable: windowsTable(name) });
  await expect(createTables(endpoint, { WindowsTable: windowsTable(name, "bucket") })).rejects.toThrow(
    `Table '${name}' exists with the key HASH pipeline, RANGE window, not HASH pipeline, RANGE bucket: delete it to have it made anew`,
  );
});

test("a name that CloudFormation would compute is refused", async () => {
  const TableName = { "Fn::Join": ["-", [{ Ref: "AWS::StackName" }, "windows"]] };
  const Properties = { ...windowsTable("").Properties, TableName };
  const create = createTables(endpoint, { WindowsTable: { Type: "AWS::DynamoDB::Table", Properties } });
  await expect(create).rejects.toThrow("Table WindowsTable has a TableName that isn't plain text");
});
