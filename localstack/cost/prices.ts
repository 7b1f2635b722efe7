// List prices in US dollars, us-east-1, each with where it stands and when it was read. The one place for them.

interface Price {
  readonly usd: number;
  readonly per: string;
  readonly source: string;
  /** When it was read. */
  readonly read: string;
}

export const prices = {
  lambdaRequest: {
    usd: 0.2e-6,
    per: "request",
    source: "https://aws.amazon.com/lambda/pricing/",
    read: "2026-11-21",
  },
  /** The first 7.5 billion GB-seconds of a month. */
  lambdaArmGbSecond: {
    usd: 0.0000133334,
    per: "GB-second on Arm",
    source: "https://aws.amazon.com/lambda/pricing/",
    read: "2026-11-21",
  },
  eventPollerUnitHour: {
    usd: 0.185,
    per: "event poller unit and hour",
    source: "https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html",
    read: "2026-11-21",
  },
  dynamodbWriteUnit: {
    usd: 0.625e-6,
    per: "write request unit, on demand",
    source: "https://aws.amazon.com/dynamodb/pricing/on-demand/",
    read: "2026-11-21",
  },
  dynamodbReadUnit: {
    usd: 0.125e-6,
    per: "read request unit, on demand",
    source: "https://aws.amazon.com/dynamodb/pricing/on-demand/",
    read: "2026-11-21",
  },
  logGigabyte: {
    usd: 0.5,
    per: "GB of logs taken in",
    source: "https://aws.amazon.com/cloudwatch/pricing/",
    read: "2026-11-21",
  },
  flinkKpuHour: {
    usd: 0.11,
    per: "Kinesis processing unit and hour",
    source: "https://aws.amazon.com/managed-service-apache-flink/pricing/",
    read: "2026-11-21",
  },
  flinkStorageGbMonth: {
    usd: 0.1,
    per: "GB and month of running application storage",
    source: "https://aws.amazon.com/managed-service-apache-flink/pricing/",
    read: "2026-11-21",
  },
} as const satisfies Readonly<Record<string, Price>>;

/** AWS's own calculators take a month for so long. */
export const HOURS_A_MONTH = 730;
export const SECONDS_A_MONTH = HOURS_A_MONTH * 3600;

/** What a bill has beside what is told here. */
export const notCovered = [
  "the Kafka cluster, NAT gateways, endpoints and data transfer, which both sides need",
  "PostgreSQL for trades and commerce, and POST /track with its API Gateway",
  "storage and backups of the windows' table, buckets, metrics, traces, alarms and the dashboard",
  "batches that come again after failures, dead letters and their correction; free tiers and discounts",
] as const;
