// The service, deployed by its own command to a MiniStack of its own, with Kafka, PostgreSQL and a registry that its functions find through
// the template alone. Everything ends with the test.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { isSeq, parseDocument } from "yaml";
import { awsClientSettings } from "../../localstack/event-source/aws/endpoint.ts";
import { registerSchemas } from "../../localstack/services/schemas.ts";
import { startServices } from "../../localstack/services/services.ts";
import { createTopics } from "../../localstack/services/topics.ts";
import type { CompiledTemplate } from "../../localstack/stack/package-service.ts";
import { startMinistack } from "../support/ministack.ts";
import { copyOfService, remove, serverless } from "../support/packaging.ts";

export interface DeployedService {
  readonly stackName: string;
  readonly aws: string;
  readonly brokers: string;
  readonly schemaRegistryUrl: string;
  /** What was deployed last. */
  readonly templateFile: string;
  /** Runs `serverless deploy`, with other parameters and resources than those the service has where they are given. */
  deploy(change?: Change): Promise<Ran>;
  /** Runs `serverless rollback` to the first deployment, with no parameter given. */
  rollback(): Promise<Ran>;
  /** Makes what a deployment presupposes: topics and schemas. */
  prepare(): Promise<void>;
  /** Runs `serverless remove`. */
  remove(): Promise<Ran>;
  stop(): Promise<void>;
}

export interface Change {
  readonly params?: Readonly<Record<string, string>>;
  /** Added to the template's own, by logical id. */
  readonly resources?: Readonly<Record<string, object>>;
}

export interface Ran {
  readonly code: number;
  readonly output: string;
}

const STAGE = "dev";
const REGION = "us-east-1";

/** What the AWS SDK and the Serverless Framework are told of the account. */
export function accountEnvironment(aws: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: aws,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
}

export async function startDeployment(): Promise<DeployedService> {
  const { KAFKA_BROKERS: _, DATABASE_URL: __, SCHEMA_REGISTRY_URL: ___, ...environment } = process.env;
  const [ministack, services] = await Promise.all([
    startMinistack(),
    startServices({ want: ["kafka", "postgres", "registry"], environment, from: ["container", "embedded"] }),
  ]);
  const { kafkaBrokers: brokers, databaseUrl, schemaRegistryUrl } = services;
  const directory = copyOfService();
  const declaration = readFileSync(join(directory, "serverless.yml"), "utf8");
  const templateFile = join(directory, ".serverless", "cloudformation-template-update-stack.json");
  const always = {
    ...{ bootstrapServers: brokers, kafkaAuth: "none", schemaRegistryUrl },
    databaseUrl: await secret(ministack.address, { url: databaseUrl }),
    ...{ subnets: "subnet-0a1b2c3d", securityGroups: "sg-0a1b2c3d", pollers: "provisioned" },
  };
  const run = (command: string, params: Readonly<Record<string, string>> = {}) => {
    const told = Object.entries({ ...always, ...params }).map(([name, value]) => `--param=${name}=${value}`);
    return serverless(directory, [command, "--stage", STAGE, ...told], accountEnvironment(ministack.address));
  };
  return {
    ...{ stackName: `serverless-kafka-streams-${STAGE}`, aws: ministack.address },
    ...{ brokers, schemaRegistryUrl, templateFile },
    async deploy({ params, resources = {} } = {}) {
      writeFileSync(join(directory, "serverless.yml"), withResources(declaration, resources));
      return run("deploy", params);
    },
    async rollback() {
      const back = (...args: readonly string[]) =>
        serverless(directory, ["rollback", "--stage", STAGE, ...args], accountEnvironment(ministack.address));
      const [, first = ""] = /Timestamp: (\d+)/.exec((await back()).output) ?? [];
      return back("--timestamp", first);
    },
    async prepare() {
      const { Metadata }: CompiledTemplate = JSON.parse(readFileSync(templateFile, "utf8"));
      await createTopics(brokers, Metadata?.KafkaTopics ?? {});
      await registerSchemas(schemaRegistryUrl);
    },
    remove: () => run("remove"),
    async stop() {
      await Promise.all([ministack.stop(), services.stop()]);
      remove(directory);
    },
  };
}

/** The ARN of a new secret. */
async function secret(aws: string, content: object): Promise<string> {
  const client = new SecretsManagerClient(awsClientSettings({ kind: "endpoint", url: aws }, REGION, {}));
  const command = new CreateSecretCommand({ Name: "shop-database", SecretString: JSON.stringify(content) });
  const { ARN } = await client.send(command);
  client.destroy();
  return ARN ?? "";
}

/** The declaration with more resources; its tags and comments stay as they are. */
function withResources(declaration: string, resources: Readonly<Record<string, object>>): string {
  if (Object.keys(resources).length === 0) return declaration;
  const document = parseDocument(declaration, { logLevel: "silent" });
  const own = document.get("resources");
  if (isSeq(own)) own.add(document.createNode({ Resources: resources }));
  else for (const [id, resource] of Object.entries(resources)) document.setIn(["resources", "Resources", id], resource);
  return document.toString();
}
