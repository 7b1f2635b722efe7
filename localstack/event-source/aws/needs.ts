// What mappings ask of AWS. A mapping that needs a service for which no endpoint is in force is refused before anything starts.
import { type Mapping, MappingError } from "../template/mapping.ts";
import { type AwsEndpointOptions, type AwsService, awsEndpointFor, howToSetEndpoint } from "./endpoint.ts";

export interface AwsNeed {
  readonly service: AwsService;
  /** Ends "it needs …". */
  readonly what: string;
}

const DESTINATIONS = { sqs: "the SQS queue", sns: "the SNS topic", s3: "the S3 bucket" } as const;

/** The services of AWS that a mapping uses here, and for what. One that is not enabled uses none. */
export function awsNeeds({ destination, schemaRegistry, isEnabled }: Mapping): AwsNeed[] {
  if (!isEnabled) return [];
  const needs: AwsNeed[] = [];
  if (destination !== undefined && destination.kind !== "kafka") {
    const { kind, arn } = destination;
    needs.push({ service: kind, what: `${DESTINATIONS[kind]} ${arn}, where its failed records go` });
  }
  if (schemaRegistry?.uri.startsWith("arn:")) {
    needs.push({ service: "glue", what: `the schema registry ${schemaRegistry.uri}` });
  }
  return needs;
}

/** Throws one error that lists every need that can't be met. */
export function refuseUnmetNeeds(mappings: readonly Mapping[], options: AwsEndpointOptions): void {
  const refusals = mappings.flatMap((mapping) =>
    awsNeeds(mapping)
      .filter(({ service }) => awsEndpointFor(service, options) === undefined)
      .map(
        ({ service, what }) =>
          `Mapping '${mapping.logicalId}': it needs ${what}, and no AWS endpoint is in force: ${howToSetEndpoint(service)}.`,
      ),
  );
  if (refusals.length > 0) throw new MappingError(refusals.join("\n"));
}
