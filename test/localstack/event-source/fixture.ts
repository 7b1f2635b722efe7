// A compiled template with functions of a few lines each, as `serverless package` would leave it: JSON and one zip a function.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";

export interface FixtureFunction {
  /** CommonJS source of `handler.js`, or a module's when `extension` is `mjs`. */
  readonly source: string;
  readonly extension?: "js" | "mjs" | "cjs";
  /** Where the source lies; `handler` and its extension unless said. */
  readonly file?: string;
  readonly handler?: string;
  readonly environment?: Readonly<Record<string, unknown>>;
  /** The longest that a Kafka mapping takes unless told: a machine that is slow ends no function that works. */
  readonly timeoutSeconds?: number;
  readonly memoryMb?: number;
  readonly properties?: Readonly<Record<string, unknown>>;
}

export interface FixtureTemplate {
  readonly functions: Readonly<Record<string, FixtureFunction>>;
  /** Other resources, by logical id: mappings, rules, tables. */
  readonly resources?: Readonly<Record<string, unknown>>;
}

const LONGEST_SECONDS = 840;

const localFolder = fileURLToPath(new URL("../../../.local/test", import.meta.url));

/** Writes the template and its zips into a folder of their own; answers the template's path. */
export function writeFixture({ functions, resources = {} }: FixtureTemplate): {
  readonly template: string;
  readonly folder: string;
} {
  mkdirSync(localFolder, { recursive: true });
  const folder = mkdtempSync(join(localFolder, "event-source-"));
  const lambdas = Object.entries(functions).map(([key, definition]) => {
    const {
      source,
      extension = "js",
      file = `handler.${extension}`,
      handler = "handler.handler",
      timeoutSeconds = LONGEST_SECONDS,
      memoryMb = 256,
      properties,
    } = definition;
    const zip = zipSync({ [file]: new TextEncoder().encode(source) });
    writeFileSync(join(folder, `${key}.zip`), zip);
    const logicalId = `${key.charAt(0).toUpperCase()}${key.slice(1)}LambdaFunction`;
    const resource = {
      Type: "AWS::Lambda::Function",
      Properties: {
        FunctionName: `fixture-dev-${key}`,
        Handler: handler,
        Code: { S3Bucket: { Ref: "ServerlessDeploymentBucket" }, S3Key: `serverless/fixture/dev/1/${key}.zip` },
        MemorySize: memoryMb,
        Timeout: timeoutSeconds,
        Environment: { Variables: definition.environment ?? {} },
        ...properties,
      },
    };
    return [logicalId, resource] as const;
  });
  const template = join(folder, "cloudformation-template-update-stack.json");
  writeFileSync(template, JSON.stringify({ Resources: { ...Object.fromEntries(lambdas), ...resources } }));
  return { template, folder };
}

/** A self-managed Kafka mapping for the function with this key, with further settings over the least that AWS accepts. */
export function kafkaMapping(key: string, topic: string, settings: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    Type: "AWS::Lambda::EventSourceMapping",
    Properties: {
      FunctionName: { "Fn::GetAtt": [`${key.charAt(0).toUpperCase()}${key.slice(1)}LambdaFunction`, "Arn"] },
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ["broker.example:9092"] } },
      SourceAccessConfigurations: [
        { Type: "VPC_SUBNET", URI: "subnet:subnet-1" },
        { Type: "VPC_SECURITY_GROUP", URI: "security_group:sg-1" },
      ],
      StartingPosition: "TRIM_HORIZON",
      Topics: [topic],
      ...settings,
    },
  };
}
