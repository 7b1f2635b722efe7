// What each function's role allows, on MSK by role, where AWS has a say in every topic: what the function needs and nothing else.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyWithoutBundles, type Package, packageService, type Resource, remove } from "../../support/packaging.ts";
import { serviceFunctions } from "../../support/source-tree.ts";
import { everywhere, inRegion, msk, secret, statementsOf } from "../../support/stage-parameters.ts";

let made: Package;
beforeAll(async () => {
  const params = { ...everywhere, mskClusterArn: msk, kafkaAuth: "iam" };
  made = await packageService(copyWithoutBundles(), params, "prod", inRegion);
});
afterAll(() => {
  if (made) remove(made.directory);
});

const ofType = (type: string) => Object.entries(made.template.Resources).filter(([, { Type }]) => Type === type);
const resource = (id: string) => made.template.Resources[id] as Resource;
const roleOf = (name: string) => resource(`${name.charAt(0).toUpperCase()}${name.slice(1)}Role`);

interface Needs {
  readonly name: string;
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly table?: readonly string[];
  readonly bucket?: readonly string[];
  /** Where its scheduled invocations that failed for good are kept. */
  readonly isQueued?: boolean;
}

describe("what each function may do, on MSK by role", () => {
  const owner = "serverless-kafka-streams-prod-";
  const emits = ["transactions_aggregate", "user-login-processed"];
  const events = ["event_delivery", "event_order", "event_purchase"];
  const consuming = Object.entries(serviceFunctions()).filter(([, declared]) =>
    declared.events.some(({ kafka }) => kafka),
  );
  const sources = new Set(
    consuming.flatMap(([, declared]) => declared.events.map(({ kafka }) => String(kafka?.topic ?? ""))),
  );
  sources.delete("");
  const partials = ["GetItem", "PutItem"];
  const storing = (topic: string) => ({
    ...{ reads: [topic], writes: ["events_dlq", "events_failed"], secrets: ["database", "schemas"] },
  });
  const table: readonly Needs[] = [
    { name: "enrichRides", reads: ["input-raw-rides"], writes: ["output-enriched-rides", "rides_dlq", "rides_failed"] },
    {
      name: "aggregateTransactions",
      ...{ reads: ["transactions"], writes: ["transactions_dlq", "transactions_failed", "transactions_late"] },
      table: partials,
    },
    {
      name: "aggregateLogins",
      ...{ reads: ["user-login"], writes: ["logins_dlq", "logins_failed", "logins_late"] },
      table: partials,
    },
    {
      name: "emitWindows",
      ...{ reads: ["transactions", ...emits, "user-login"].sort(), writes: emits },
      table: ["BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"],
    },
    { name: "storeOrders", ...storing("event_order") },
    { name: "storePurchases", ...storing("event_purchase") },
    { name: "storeDeliveries", ...storing("event_delivery") },
    {
      name: "storeTrades",
      reads: ["trades"],
      writes: ["trades_dlq", "trades_failed"],
      secrets: ["database", "schemas"],
    },
    {
      name: "correctEvents",
      ...{ reads: ["events_dlq"], writes: [...events, "events_failed", "events_parked"].sort(), secrets: ["schemas"] },
    },
    {
      name: "summarizeEvents",
      ...{
        reads: events,
        writes: ["events_failed"],
        secrets: ["schemas"],
        table: ["BatchGetItem", "GetItem", "PutItem", "Query"],
        isQueued: true,
      },
      bucket: ["GetObject", "PutObject"],
    },
    {
      name: "track",
      ...{ reads: events, writes: events, secrets: ["schemas", "track"], table: ["PutItem", "UpdateItem"] },
    },
    { name: "keepPlaces", reads: [...sources].sort(), isQueued: true },
    { name: "migrateDatabases", secrets: ["database"] },
  ];

  it("the table has every function", () => {
    expect(table.map(({ name }) => name).sort()).toEqual(Object.keys(serviceFunctions()).sort());
  });

  it.each(table)("$name", ({ name, ...needs }) => {
    const { reads = [], writes = [], secrets = [], table: tableActions = [], bucket = [], isQueued = false } = needs;
    const allowed = statementsOf(roleOf(name)).filter(({ Effect }) => Effect === "Allow");
    const resourcesFor = (action: string) =>
      allowed.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource);
    const actionsOf = (prefix: string) =>
      allowed.flatMap(({ Action }) =>
        Action.filter((action) => action.startsWith(prefix)).map((action) => action.slice(prefix.length)),
      );
    const topics = (names: readonly string[]) =>
      names.map((topic) => msk.replace(":cluster/", ":topic/").concat(`/${topic}`));

    expect(resourcesFor("kafka-cluster:ReadData")).toEqual(topics(reads));
    expect(resourcesFor("kafka-cluster:WriteData")).toEqual(topics(writes));
    expect(new Set(resourcesFor("kafka-cluster:DescribeTopic"))).toEqual(new Set(topics([...reads, ...writes])));
    expect(resourcesFor("secretsmanager:GetSecretValue")).toEqual(secrets.map(secret));
    expect(actionsOf("dynamodb:").sort()).toEqual(tableActions);
    expect(actionsOf("s3:").sort()).toEqual(bucket);
    expect(resourcesFor("s3:PutObject")).toEqual(
      bucket.length > 0 ? [{ "Fn::Sub": `\${ChartsBucket.Arn}/commerce-summary/*` }] : [],
    );
    expect(resourcesFor("sqs:SendMessage")).toEqual(isQueued ? [{ "Fn::GetAtt": ["FailedInvocations", "Arn"] }] : []);
    const logGroup = `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${owner}${name}:*`;
    expect(resourcesFor("logs:PutLogEvents")).toEqual([{ "Fn::Sub": logGroup }]);

    const groups = name === "keepPlaces" ? ["*"] : [name, `${name}-*`];
    const named = (kind: string) => groups.map((group) => `${msk.replace(":cluster/", `:${kind}/`)}/${owner}${group}`);
    const usesKafka = reads.length + writes.length > 0;
    expect(resourcesFor("kafka-cluster:AlterGroup")).toEqual(usesKafka ? named("group") : []);
    expect(resourcesFor("kafka-cluster:AlterTransactionalId")).toEqual(usesKafka ? named("transactional-id") : []);
    expect(resourcesFor("kafka-cluster:Connect")).toEqual(usesKafka ? [msk] : []);
  });

  it("code is denied what Lambda does with its role to the network", () => {
    for (const [id, role] of ofType("AWS::IAM::Role")) {
      const made = statementsOf(role).filter(({ Sid }) => /^Network(Seen|Made)$/.test(Sid));
      const denied = statementsOf(role).find(({ Effect }) => Effect === "Deny");
      expect([...(denied?.Action ?? [])].sort(), id).toEqual(made.flatMap(({ Action }) => Action).sort());
    }
  });

  it("a mapping's consumer group is one that its role names", () => {
    for (const [id, { Properties }] of ofType("AWS::Lambda::EventSourceMapping")) {
      const reader = resource(Properties.FunctionName["Fn::GetAtt"][0]).Properties.FunctionName;
      expect(Properties.AmazonManagedKafkaEventSourceConfig.ConsumerGroupId, id).toBe(
        `${reader}-mapping-${Properties.Topics[0]}`,
      );
    }
  });
});
