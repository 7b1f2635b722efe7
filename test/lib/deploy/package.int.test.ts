// `serverless package` as it is: what each mode's template says, and what is in the zips.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  copyOfService,
  type Package,
  packageService,
  type Resource,
  remove,
  serverless,
} from "../../support/packaging.ts";
import { serviceFunctions } from "../../support/source-tree.ts";

const arn = "arn:aws:kafka:us-east-1:123456789012:cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2";
const names = Object.keys(serviceFunctions());
const consuming = Object.entries(serviceFunctions()).flatMap(([name, { events }]) =>
  events.flatMap(({ kafka }) => (kafka === undefined ? [] : [{ name, topic: String(kafka.topic) }])),
);
/** What starts cold is read whole: issue 6 sets this limit. */
const LARGEST_ZIP = 300_000;
/** With what it draws by: a program, type, and charts. */
const LARGEST_DRAWING_ZIP = 2_600_000;

let provisioned: Package;
let onDemand: Package;

beforeAll(async () => {
  const stale = { ".esbuild/.build/stale.mjs": "left behind by a run that was killed" };
  [provisioned, onDemand] = await Promise.all([
    packageService(copyOfService(stale), { bootstrapServers: "b-1:9092,b-2:9092" }),
    packageService(copyOfService(), { pollers: "on-demand", mskClusterArn: arn }),
  ]);
});

afterAll(() => {
  for (const made of [provisioned, onDemand]) if (made) remove(made.directory);
});

const logicalId = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const functionOf = ({ template }: Package, name: string) =>
  template.Resources[`${logicalId(name)}LambdaFunction`] as Resource;
const mappingsOf = ({ template }: Package) =>
  Object.entries(template.Resources).filter(([, { Type }]) => Type === "AWS::Lambda::EventSourceMapping");

describe("a mapping with provisioned pollers", () => {
  const table = [
    ["EnrichRidesEventSourceMappingKafkaInputrawrides", "input-raw-rides", "rides_failed"],
    ["AggregateTransactionsEventSourceMappingKafkaTransactions", "transactions", "transactions_failed"],
  ] as const;

  it.each(table)("%s carries the whole failure policy", (id, topic, failures) => {
    const { FunctionName, SourceAccessConfigurations, ...properties } =
      provisioned.template.Resources[id]?.Properties ?? {};
    expect(properties).toEqual({
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ["b-1:9092", "b-2:9092"] } },
      Topics: [topic],
      StartingPosition: "TRIM_HORIZON",
      BatchSize: 10_000,
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 10 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10_000,
      MaximumRecordAgeInSeconds: -1,
      DestinationConfig: { OnFailure: { Destination: `kafka://${failures}` } },
    });
  });

  it("there is one for every Kafka event and no other, each to its function", () => {
    const mapped = mappingsOf(provisioned).map(([, { Properties }]) => ({
      name: Properties.FunctionName["Fn::GetAtt"][0],
      topic: Properties.Topics[0],
    }));
    const declared = consuming.map(({ name, topic }) => ({ name: `${logicalId(name)}LambdaFunction`, topic }));
    expect(new Set(mapped)).toEqual(new Set(declared));
    expect(mapped.length).toBe(declared.length);
  });
});

describe("a mapping with on-demand pollers on MSK", () => {
  it.each(consuming)("of $topic has nothing that AWS refuses there", ({ topic }) => {
    const found = mappingsOf(onDemand).find(([, { Properties }]) => Properties.Topics[0] === topic);
    const { FunctionName, ...properties } = found?.[1].Properties ?? {};
    expect(properties).toEqual({
      EventSourceArn: arn,
      Topics: [topic],
      StartingPosition: "TRIM_HORIZON",
      BatchSize: expect.any(Number),
    });
  });

  it("and the command says what was left out", () => {
    expect(onDemand.output).toMatch(
      /Pollers are on-demand in this stage: 'enrichRides' reads 'input-raw-rides' without .*functionResponseTypes/,
    );
    expect(provisioned.output).not.toMatch(/on-demand/);
  });
});

describe("functions", () => {
  it.each(names)("%s runs on Node 24 and arm64, and ends before AWS stops waiting", (name) => {
    const { Runtime, Architectures, Timeout } = functionOf(provisioned, name).Properties;
    expect({ Runtime, Architectures }).toEqual({ Runtime: "nodejs24.x", Architectures: ["arm64"] });
    expect(Timeout).toBeLessThanOrEqual(840);
  });

  it("answer with partial batch responses exactly where their mapping reads them", () => {
    for (const [made, reads] of [
      [provisioned, "true"],
      [onDemand, "false"],
    ] as const) {
      for (const { name } of consuming) {
        expect(functionOf(made, name).Properties.Environment.Variables.PARTIAL_BATCH_RESPONSES).toBe(reads);
      }
    }
  });

  it("emitWindows starts every minute, twice at once at most, and a start that was missed is not made up for", () => {
    const { Resources } = provisioned.template;
    expect(functionOf(provisioned, "emitWindows").Properties.ReservedConcurrentExecutions).toBe(2);
    expect(Resources.EmitWindowsEventsRuleSchedule1?.Properties.ScheduleExpression).toBe("rate(1 minute)");
    expect(Resources.EmitWindowsLambdaEvConf?.Properties).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });
});

describe("the template", () => {
  it("names every topic, so that the local stack can make them", () => {
    expect(provisioned.template.Metadata?.KafkaTopics).toMatchObject({
      "input-raw-rides": {},
      "output-enriched-rides": {},
      rides_dlq: {},
      rides_failed: {},
      transactions: {},
      transactions_aggregate: { cleanupPolicy: "compact" },
      transactions_dlq: {},
      transactions_failed: {},
      transactions_late: {},
    });
  });

  it("names no topic for failures that on-demand pollers can't send", () => {
    const topics = Object.keys(onDemand.template.Metadata?.KafkaTopics ?? {});
    expect(topics).toContain("input-raw-rides");
    expect(topics.filter((topic) => topic.endsWith("_failed"))).toEqual([]);
  });

  it("tells the keeper every function that reads Kafka, and its topic", () => {
    const kept = String(functionOf(provisioned, "keepPlaces").Properties.Environment.Variables.KEPT_PLACES).split(",");
    expect(kept.map((place) => place.replace(/^serverless-kafka-streams-local-/, "")).sort()).toEqual(
      consuming.map(({ name, topic }) => `${name}=${topic}`).sort(),
    );
  });

  it("has the windows' table: paid by use, expiring, recoverable, encrypted", () => {
    expect(provisioned.template.Resources.WindowsTable?.Properties).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
    });
  });
});

describe.each(names)("the zip of %s", (name) => {
  const handler = serviceFunctions()[name]?.handler.replace(/\.\w+$/, ".mjs") ?? "";

  const shipped = serviceFunctions()[name]?.package?.patterns ?? [];

  it("is small and holds one bundle and its source map, what it declares to need, and nothing that lay around", () => {
    const { bytes, files } = provisioned.zip(name);
    expect(Object.keys(files).sort()).toEqual([handler, `${handler}.map`, ...shipped].sort());
    expect(bytes).toBeLessThan(shipped.length > 0 ? LARGEST_DRAWING_ZIP : LARGEST_ZIP);
  });

  it("draws charts only where pictures are made", () => {
    const map = JSON.parse(Buffer.from(provisioned.zip(name).files[`${handler}.map`] ?? []).toString());
    const draws = map.sources.some((source: string) => /node_modules\/(echarts|zrender|@resvg)\//.test(source));
    expect(draws).toBe(name === "summarizeEvents");
  });

  it("maps back to this repository's files, without their text", () => {
    const map = JSON.parse(Buffer.from(provisioned.zip(name).files[`${handler}.map`] ?? []).toString());
    expect(map.sourcesContent?.filter(Boolean) ?? []).toEqual([]);
    expect(map.sources.some((source: string) => source.endsWith(handler.replace(/\.mjs$/, ".ts")))).toBe(true);
  });

  it("takes the AWS SDK as modules, and only where it is used", () => {
    const map = JSON.parse(Buffer.from(provisioned.zip(name).files[`${handler}.map`] ?? []).toString());
    const sdk = map.sources.filter((source: string) => /node_modules\/(@aws-sdk|@smithy)\//.test(source));
    expect(sdk.filter((source: string) => source.includes("dist-cjs"))).toEqual([]);
    // Kafka's secret and MSK's token take a signature, and no client.
    if (name === "enrichRides") {
      expect(sdk.filter((source: string) => /\/client-/.test(source))).toEqual([]);
    }
    expect(sdk.filter((source: string) => /\/(credential-provider|nested-clients)/.test(source))).toEqual([]);
    expect(map.sources.filter((source: string) => /zod\/v4\/locales\/(?!en\b)\w/.test(source))).toEqual([]);
  });

  it("starts under Node with the environment that the template gives it", () => {
    const file = join(provisioned.directory, "unzipped", name, handler);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, provisioned.zip(name).files[handler] ?? "");
    const variables: Record<string, unknown> = functionOf(provisioned, name).Properties.Environment.Variables;
    const env = Object.fromEntries(
      Object.entries(variables).map(([key, value]) => [key, typeof value === "string" ? value : "resolved"]),
    );
    const script = `process.stdout.write(typeof (await import(${JSON.stringify(pathToFileURL(file).href)})).handler); process.exit()`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...env, AWS_LAMBDA_FUNCTION_NAME: name, AWS_REGION: "us-east-1" },
    });
    expect(printed.toString()).toBe("function");
  });
});

describe("serverless deploy", () => {
  const table = [
    {
      why: "the stage of this machine, which is the default",
      args: ["deploy"],
      says: ["Stage 'local' is this machine's: deploy with --stage dev, staging or prod"],
    },
    {
      why: "a stage that was told nothing",
      args: ["deploy", "--stage", "prod"],
      says: [
        "Stage 'prod' needs parameter bootstrapServers: ",
        "Stage 'prod' needs parameter kafkaAuth: ",
        "Stage 'prod' needs parameter subnets: ",
        "Stage 'prod' needs parameter databaseUrl: ",
      ],
    },
    {
      why: "a stage that leaves no room for functions' names",
      args: ["package", "--stage", "feature-branch-1234"],
      says: ["Stage 'feature-branch-1234' is too long: function 'serverless-kafka-streams-", "The stage may have 17."],
    },
    {
      why: "a word that is none",
      args: ["package", "--param=pollers=sometimes"],
      says: [
        'Parameter pollers must be provisioned (an hourly price, the failure policy as written) or on-demand: got "sometimes".',
      ],
    },
  ];
  it.each(table)("is refused with the sentence alone: $why", async ({ args, says }) => {
    const directory = copyOfService();
    try {
      const { code, output } = await serverless(directory, args);
      expect(code).toBe(1);
      for (const sentence of says) expect(output).toContain(sentence);
      expect(output).not.toMatch(/^\s+at /m);
    } finally {
      remove(directory);
    }
  });

  it("can be undone without the parameters: what stops it is that there are no credentials", async () => {
    const directory = copyOfService();
    try {
      const { output } = await serverless(directory, ["remove", "--stage", "prod"]);
      expect(output).toContain("credentials not found");
    } finally {
      remove(directory);
    }
  });
});
