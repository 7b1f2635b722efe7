// An event source mapping as the template says it. Every setting is either here or refused by name: none is ignored.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-eventsourcemapping.html
import type { Filter } from "../filter/filter.ts";
import type { FailurePolicy } from "../settle.ts";

/** Where reading starts in a partition for which the group has no committed offset. */
export type StartingPosition =
  | { readonly kind: "TRIM_HORIZON" }
  | { readonly kind: "LATEST" }
  | { readonly kind: "AT_TIMESTAMP"; readonly timestamp: number };

/** Where given-up records go. */
export type Destination =
  | { readonly kind: "kafka"; readonly topic: string }
  | { readonly kind: "sqs" | "sns" | "s3"; readonly arn: string };

/** One entry of SourceAccessConfigurations or of a registry's AccessConfigs. */
export interface AccessConfiguration {
  /** AWS's word, such as `SASL_SCRAM_512_AUTH`. */
  readonly type: string;
  /** A secret's ARN, or what else the type takes; empty for types without one. */
  readonly uri: string;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html */
export interface SchemaRegistry {
  /** A Glue registry's ARN, or a Confluent registry's https URL. */
  readonly uri: string;
  readonly format: "JSON" | "SOURCE";
  /** What of a record is validated and deserialized. */
  readonly attributes: readonly ("KEY" | "VALUE")[];
  readonly access: readonly AccessConfiguration[];
}

export type MetricGroup = "EventCount" | "ErrorCount" | "KafkaMetrics";
export type SystemLogLevel = "DEBUG" | "INFO" | "WARN";

export interface Mapping {
  /** The mapping's UUID: the same for the same function and logical id, so the default consumer group survives restarts. */
  readonly id: string;
  readonly logicalId: string;
  readonly functionLogicalId: string;
  /** The alias or version that is invoked, where an endpoint knows any. */
  readonly functionQualifier?: string;
  readonly kind: "kafka" | "msk";
  /** The cluster's ARN; MSK only. */
  readonly eventSourceArn?: string;
  /** Brokers of the template; empty for MSK, whose brokers only AWS can look up. */
  readonly bootstrapServers: readonly string[];
  readonly topic: string;
  readonly isEnabled: boolean;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly startingPosition: StartingPosition;
  readonly consumerGroup: string;
  readonly mode: "on-demand" | "provisioned";
  /** Pollers that run from the start; with a backlog more are added, up to the maximum and never more than partitions. */
  readonly minimumPollers: number;
  readonly maximumPollers: number;
  readonly policy: FailurePolicy;
  readonly destination?: Destination;
  readonly filters: readonly Filter[];
  readonly access: readonly AccessConfiguration[];
  readonly schemaRegistry?: SchemaRegistry;
  /** Groups of metrics beyond those that every mapping has. */
  readonly metrics: readonly MetricGroup[];
  readonly systemLogLevel?: SystemLogLevel;
}

/** A setting that AWS or this event source refuses. */
export class MappingError extends Error {}
