// Where given-up records go, by the kind of destination that the mapping names.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
import { type AwsEndpointOptions, awsEndpointFor } from "../aws/endpoint.ts";
import type { Cluster } from "../kafka/kafka-connection.ts";
import type { Switches } from "../switches.ts";
import type { Destination, Mapping } from "../template/mapping.ts";
import { awsDestination, limitsFor } from "./aws.ts";
import type { FailureDestination } from "./failure-destination.ts";
import type { FailureRecordContext } from "./failure-record.ts";
import { kafkaDestination } from "./kafka.ts";

export interface DestinationContext extends FailureRecordContext {
  readonly cluster: Cluster;
  readonly region: string;
  readonly switches: Switches;
  readonly aws: AwsEndpointOptions;
  log(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** The mapping's destination, when it has one; one that can't take anything as things stand is said now. */
export async function openDestination(
  mapping: Mapping,
  context: DestinationContext,
): Promise<FailureDestination | undefined> {
  const { destination, isEnabled, id } = mapping;
  if (destination === undefined || !isEnabled) return undefined;
  const opened = await open(destination, { ...context, mappingId: id });
  const whyNot = await opened.whyNot();
  if (whyNot !== undefined) {
    context.log(`${whyNot}: while that is so, failed records are dropped`, { destination: addressOf(destination) });
  }
  return opened;
}

/** As the template writes it. */
export function addressOf(destination: Destination): string {
  return destination.kind === "kafka" ? `kafka://${destination.topic}` : destination.arn;
}

// The clients of AWS's services are loaded by those who use them.
async function open(
  destination: Destination,
  context: DestinationContext & { readonly mappingId: string },
): Promise<FailureDestination> {
  if (destination.kind === "kafka") return kafkaDestination({ ...context, topic: destination.topic });
  const { kind, arn } = destination;
  const endpoint = awsEndpointFor(kind, context.aws);
  if (endpoint === undefined) throw new Error(`No AWS endpoint is in force for the failure destination ${arn}`);
  const limits = limitsFor(endpoint.patienceMs);
  switch (kind) {
    case "sqs":
      return awsDestination((await import("./sqs.ts")).sqsTarget(arn, endpoint, context), context, limits);
    case "sns":
      return awsDestination((await import("./sns.ts")).snsTarget(arn, endpoint, context), context, limits);
    case "s3":
      return awsDestination((await import("./s3.ts")).s3Target(arn, endpoint, context), context, limits);
    default:
      return kind satisfies never;
  }
}
