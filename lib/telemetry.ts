// Log lines and metrics, one JSON object a line on standard output: a constant message, facts as fields, never a payload.
// A metric is a line in CloudWatch's embedded metric format, so no call is made for it.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Whole counts, or milliseconds where the name ends in `_ms`. */
export type Measures = Readonly<Record<string, number>>;

type Level = "debug" | "info" | "warn" | "error";

const severity: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const namespace = "serverless-kafka-streams";
// The one setting read outside a handler: it must hold from the first line on, and a missing one stops nothing.
const threshold = severityOf(process.env.LOG_LEVEL);

export const log = {
  debug: (message: string, fields?: Fields) => line("debug", message, fields),
  info: (message: string, fields?: Fields) => line("info", message, fields),
  warn: (message: string, fields?: Fields) => line("warn", message, fields),
  error: (message: string, fields?: Fields) => line("error", message, fields),
};

/** A log line that is also a metric, so that a batch costs one line: measures are counted by function. */
export function measure(message: string, measures: Measures, fields: Fields = {}): void {
  const pipeline = process.env.AWS_LAMBDA_FUNCTION_NAME ?? "local";
  const timestamp = Date.now();
  const metrics = Object.keys(measures).map((name) => ({
    Name: name,
    Unit: name.endsWith("_ms") ? "Milliseconds" : "Count",
  }));
  const _aws = {
    Timestamp: timestamp,
    CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [["pipeline"]], Metrics: metrics }],
  };
  write({ level: "info", time: timestamp, message, pipeline, ...fields, ...measures, _aws });
}

function line(level: Level, message: string, fields?: Fields): void {
  if (severity[level] < threshold) return;
  write({ level, time: Date.now(), message, ...fields });
}

function write(entry: object): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`);
}

function severityOf(name: string | undefined): number {
  const level = name?.toLowerCase();
  return level !== undefined && level in severity ? severity[level as Level] : severity.info;
}
