// Creates the DynamoDB tables that a compiled CloudFormation template declares. Doing it again changes nothing.
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ResourceInUseException,
  type TimeToLiveSpecification,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { CannotStart } from "./cannot-start.ts";
import { localCredentials } from "./dynamodb.ts";

/** The part of a template's resource that is read here. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** Creates every `AWS::DynamoDB::Table` that doesn't exist and waits until all are active. Returns table names by logical id. */
export async function createTables(
  endpoint: string,
  resources: Readonly<Record<string, TemplateResource>>,
): Promise<Readonly<Record<string, string>>> {
  const client = new DynamoDBClient({ endpoint, ...localCredentials() });
  try {
    const tables = Object.entries(resources).filter(([, { Type }]) => Type === "AWS::DynamoDB::Table");
    const names = await Promise.all(
      tables.map(
        async ([logicalId, { Properties }]) =>
          [logicalId, await createTable(client, logicalId, Properties ?? {})] as const,
      ),
    );
    return Object.fromEntries(names);
  } finally {
    client.destroy();
  }
}

/** Properties that shape what a program sees; the rest (backups, encryption, tags, alarms) has no meaning on a laptop. */
const shaping = [
  "AttributeDefinitions",
  "KeySchema",
  "BillingMode",
  "ProvisionedThroughput",
  "GlobalSecondaryIndexes",
  "LocalSecondaryIndexes",
] as const;

async function createTable(
  client: DynamoDBClient,
  logicalId: string,
  properties: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { TableName: name = logicalId, TimeToLiveSpecification: timeToLive, StreamSpecification: stream } = properties;
  if (typeof name !== "string") {
    throw new CannotStart(
      `Table ${logicalId} has a TableName that isn't plain text (${JSON.stringify(name)}): give it a literal name`,
    );
  }
  const input = {
    TableName: name,
    ...Object.fromEntries(shaping.filter((key) => key in properties).map((key) => [key, properties[key]])),
    ...(stream === undefined ? {} : { StreamSpecification: { StreamEnabled: true, ...(stream as object) } }),
  } as CreateTableCommandInput; // the template was compiled for the same API, which checks it
  try {
    await client.send(new CreateTableCommand(input));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    await checkKeys(client, input);
  }
  await waitUntilTableExists({ client, maxWaitTime: 120, minDelay: 0.05, maxDelay: 0.5 }, { TableName: name });
  if (timeToLive !== undefined) await expireBy(client, name, timeToLive as TimeToLiveSpecification);
  return name;
}

async function checkKeys(client: DynamoDBClient, { TableName, KeySchema }: CreateTableCommandInput): Promise<void> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  const keys = (schema: CreateTableCommandInput["KeySchema"]) =>
    (schema ?? []).map((key) => `${key.KeyType} ${key.AttributeName}`).join(", ");
  if (keys(Table?.KeySchema) === keys(KeySchema)) return;
  throw new CannotStart(
    `Table '${TableName}' exists with the key ${keys(Table?.KeySchema)}, not ${keys(KeySchema)}: delete it to have it made anew`,
  );
}

async function expireBy(client: DynamoDBClient, name: string, wanted: TimeToLiveSpecification): Promise<void> {
  const { TimeToLiveDescription: present } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }));
  const isEnabled = present?.TimeToLiveStatus === "ENABLED" || present?.TimeToLiveStatus === "ENABLING";
  if (isEnabled === wanted.Enabled && (!isEnabled || present?.AttributeName === wanted.AttributeName)) return;
  await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: wanted }));
}
