// AWS Glue's schema registry, at the AWS endpoint in force. Schema versions are looked up by the id that stands in the records.
// https://docs.aws.amazon.com/glue/latest/webapi/API_GetSchemaVersion.html
import type { GlueClient } from "@aws-sdk/client-glue";
import {
  type AwsEndpoint,
  type AwsEndpointOptions,
  awsClientSettings,
  awsEndpointFor,
  howToSetEndpoint,
} from "../aws/endpoint.ts";
import type { RegisteredSchema, Registry } from "./registry.ts";

/** The registry with this ARN. Throws when nothing says where AWS is. */
export function glueRegistry(arn: string, options: AwsEndpointOptions): Registry {
  const endpoint = awsEndpointFor("glue", options);
  if (endpoint === undefined) {
    throw new Error(`The schema registry ${arn} is AWS Glue's: ${howToSetEndpoint("glue")}.`);
  }
  let client: Promise<GlueClient> | undefined;
  return {
    kind: "glue",
    address: endpoint.kind === "aws" ? arn : `${arn} at ${endpoint.url}`,
    async schema(id) {
      client ??= clientFor(arn, endpoint, options);
      return await versionOf(await client, id);
    },
    close() {
      client?.then((made) => made.destroy()).catch(() => {});
    },
  };
}

async function clientFor(arn: string, endpoint: AwsEndpoint, options: AwsEndpointOptions): Promise<GlueClient> {
  const { GlueClient } = await import("@aws-sdk/client-glue"); // large, and most mappings have none
  return new GlueClient(awsClientSettings(endpoint, arn.split(":")[3] ?? "us-east-1", options.environment));
}

async function versionOf(client: GlueClient, id: string): Promise<RegisteredSchema | undefined> {
  const { EntityNotFoundException, GetSchemaVersionCommand } = await import("@aws-sdk/client-glue");
  try {
    const { DataFormat, SchemaDefinition, Status } = await client.send(
      new GetSchemaVersionCommand({ SchemaVersionId: id }),
    );
    // Others are being checked, were refused or are being deleted: Glue's own deserializer takes none of them.
    if (Status !== "AVAILABLE" || DataFormat === undefined || SchemaDefinition === undefined) return undefined;
    return { dataFormat: DataFormat, text: SchemaDefinition, references: [] };
  } catch (error) {
    if (error instanceof EntityNotFoundException) return undefined;
    throw error;
  }
}
