// Log lines and metrics by Powertools, one JSON object a line: a constant message, facts as fields, never a payload.
// A metric is a line in CloudWatch's embedded metric format, so no call is made for it.
// https://docs.aws.amazon.com/powertools/typescript/latest/features/logger/
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

import { Logger } from "@aws-lambda-powertools/logger";
import type { LogLevel } from "@aws-lambda-powertools/logger/types";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { METRIC_NAMESPACE } from "./metric-namespace.ts";

export type Fields = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;

/** Whole counts, or milliseconds where the name ends in `_ms`. */
export type Measures = Readonly<Record<string, number>>;

/** The same of several things, at most MOST_VALUES of them: a metric counts each of its values. */
export type ManyMeasures = Readonly<Record<string, number | readonly number[]>>;

/** The format takes no more values of a metric in a line. */
export const MOST_VALUES = 100;

const serviceName = process.env.AWS_LAMBDA_FUNCTION_NAME ?? "local";
// As an option, for from its environment Powertools takes it in capitals alone.
const logLevel = process.env.LOG_LEVEL as LogLevel | undefined;
const logger = new Logger({ serviceName, ...(logLevel === undefined ? {} : { logLevel }) });
const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName });

/** LOG_LEVEL sets the least level that is written: debug, info (the default), warn or error. */
export const log = {
  debug: (message: string, fields: Fields = {}) => logger.debug(message, fields),
  info: (message: string, fields: Fields = {}) => logger.info(message, fields),
  warn: (message: string, fields: Fields = {}) => logger.warn(message, fields),
  error: (message: string, fields: Fields = {}) => logger.error(message, fields),
};

/** A log line that is also a metric, so that a batch costs one line: measures are counted by function. */
export function measure(message: string, measures: ManyMeasures, fields: Fields = {}): void {
  for (const [name, value] of Object.entries({ message, ...fields })) {
    if (value !== undefined) metrics.addMetadata(name, value);
  }
  for (const [name, values] of Object.entries(measures)) {
    for (const value of [values].flat()) metrics.addMetric(name, unitOf(name), value);
  }
  metrics.publishStoredMetrics();
}

/** From here on log lines say which invocation they belong to. What is no context of Lambda's says nothing. */
export function begin(context: unknown): void {
  if (isLambdaContext(context)) logger.addContext(context);
}

type LambdaContext = Parameters<Logger["addContext"]>[0];

function isLambdaContext(context: unknown): context is LambdaContext {
  return typeof context === "object" && context !== null && "awsRequestId" in context && "functionName" in context;
}

function unitOf(name: string): "Milliseconds" | "Count" {
  return name.endsWith("_ms") ? "Milliseconds" : "Count";
}
