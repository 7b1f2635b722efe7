// A stage's alarms: what each kind watches, from when on it is trouble, and which functions and tables have one. Pure.
// Each has a section in RUNBOOK.md, which says what to do. Metrics: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html

/** A function as far as watching it needs. */
export interface WatchedFunction {
  /** Its key in functions.yml. */
  readonly key: string;
  /** As deployed. */
  readonly name: string;
  readonly readsKafka: boolean;
  /** It emits windows' results. */
  readonly emits: boolean;
  /** It answers requests over HTTP. */
  readonly answersHttp: boolean;
}

/** An event source mapping of Kafka, whose metrics are those that `EventCount` asks for. */
export interface WatchedMapping {
  /** Its logical id. */
  readonly id: string;
  /** Its pollers send given-up records somewhere. */
  readonly hasDestination: boolean;
}

export interface Watched {
  readonly functions: readonly WatchedFunction[];
  /** Logical ids of DynamoDB tables. */
  readonly tables: readonly string[];
  /** Logical ids of the queues where invocations end that failed for good. */
  readonly queues: readonly string[];
  readonly mappings: readonly WatchedMapping[];
  /** The service's name in its stage: what is called after neither a function nor a table is called after it. */
  readonly stack: string;
  /** The namespace of the functions' own metrics. */
  readonly namespace: string;
}

/** CloudFormation resources by logical id. */
export type Resources = Readonly<Record<string, { readonly Type: string; readonly Properties: object }>>;

interface Kind {
  /** The runbook's section, and the end of the alarm's logical id. */
  readonly title: string;
  readonly metric: string;
  /** Ours, or AWS's own for Lambda. */
  readonly isOwn: boolean;
  readonly statistic: "Sum" | "Maximum" | "p99";
  readonly periodSeconds: number;
  /** So many periods are looked at. */
  readonly periods: number;
  /** In so many of them it has to be trouble; all unless told otherwise. */
  readonly ofThem?: number;
  readonly threshold: number;
  /** Trouble is when it falls below the threshold, or when nothing is said at all. */
  readonly isFloor?: boolean;
  readonly says: string;
  applies(watched: WatchedFunction): boolean;
}

const always = () => true;
const aMinute = { periodSeconds: 60 };
/** What is tried again comes back within a minute or so: a batch, and a schedule's invocation one and two minutes later. */
const againAndAgain = { periods: 10, ofThem: 3 };

export const kinds: readonly Kind[] = [
  {
    title: "Errors",
    ...{ metric: "Errors", isOwn: false, statistic: "Sum", ...aMinute, ...againAndAgain, threshold: 0 },
    says: "failed in three of ten minutes",
    applies: always,
  },
  {
    title: "FailedBatches",
    ...{ metric: "batches_failed", isOwn: true, statistic: "Sum", ...aMinute, ...againAndAgain, threshold: 0 },
    says: "had partitions' batches fail in three of ten minutes",
    applies: ({ readsKafka }) => readsKafka,
  },
  {
    title: "FailedRequests",
    ...{ metric: "requests_failed", isOwn: true, statistic: "Sum", ...aMinute, ...againAndAgain, threshold: 0 },
    says: "answered requests with 503 in three of ten minutes",
    applies: ({ answersHttp }) => answersHttp,
  },
  {
    title: "Throttles",
    ...{ metric: "Throttles", isOwn: false, statistic: "Sum", ...aMinute, periods: 5, threshold: 0 },
    says: "has been throttled for five minutes",
    applies: always,
  },
  {
    title: "OffsetLag",
    ...{ metric: "OffsetLag", isOwn: false, statistic: "Maximum", ...aMinute, periods: 10, threshold: 100_000 },
    says: "has been more than 100,000 records behind its topic for ten minutes",
    applies: ({ readsKafka }) => readsKafka,
  },
  {
    title: "DeadLetters",
    ...{ metric: "records_poison", isOwn: true, statistic: "Sum", periodSeconds: 300, periods: 1, threshold: 0 },
    says: "has set records aside that can never succeed",
    applies: ({ readsKafka }) => readsKafka,
  },
  {
    title: "WatermarkLag",
    ...{ metric: "watermark_lag_ms", isOwn: true, statistic: "Maximum", ...aMinute, periods: 5, threshold: 60_000 },
    says: "has had a watermark more than a minute behind for five minutes: windows stay open",
    applies: ({ emits }) => emits,
  },
  {
    title: "EmissionDelay",
    ...{ metric: "emission_delay_ms", isOwn: true, statistic: "p99", ...aMinute, periods: 5, threshold: 5_000 },
    says: "has sent results more than 5 s after they were due for five minutes (500 ms are promised)",
    applies: ({ emits }) => emits,
  },
  {
    title: "FailedEmissions",
    ...{ metric: "emissions_failed", isOwn: true, statistic: "Sum", ...aMinute, ...againAndAgain, threshold: 0 },
    says: "could not send a window's results in three of ten minutes",
    applies: ({ emits }) => emits,
  },
  {
    title: "SilentEmitter",
    ...{ metric: "Invocations", isOwn: false, statistic: "Sum", periodSeconds: 300, periods: 1, threshold: 1 },
    isFloor: true,
    says: "has not been started for five minutes: no window's result goes out",
    applies: ({ emits }) => emits,
  },
];

export const TABLE_THROTTLES = "TableThrottles";
export const FAILED_INVOCATIONS = "FailedInvocations";

/** Every alarm of a stage; they tell the SNS topic, where there is one. */
export function alarmsOf(
  { functions, tables, queues, mappings, namespace, stack }: Watched,
  topicArn: string | undefined,
): Resources {
  const actions = topicArn === undefined ? {} : { AlarmActions: [topicArn], OKActions: [topicArn] };
  const ofFunctions = functions.flatMap((watched) =>
    kinds
      .filter((kind) => kind.applies(watched))
      .map(
        (kind) => [`${capitalized(watched.key)}${kind.title}Alarm`, functionAlarm(watched, kind, namespace)] as const,
      ),
  );
  const ofTables = tables.map((table) => [`${table}ThrottlesAlarm`, tableAlarm(table)] as const);
  const ofQueues = queues.map((queue) => [`${queue}Alarm`, queueAlarm(queue)] as const);
  const ofMappings = mappings.flatMap((mapping) =>
    mappingKinds
      .filter((kind) => kind.applies(mapping))
      .map((kind) => [`${mapping.id}${kind.title}Alarm`, mappingAlarm(mapping.id, kind, stack)] as const),
  );
  return Object.fromEntries(
    [...ofFunctions, ...ofMappings, ...ofQueues, ...ofTables].map(([id, properties]) => [
      id,
      { Type: "AWS::CloudWatch::Alarm", Properties: { ...properties, ...actions } },
    ]),
  );
}

function functionAlarm({ key, name }: WatchedFunction, kind: Kind, namespace: string): object {
  const { metric, isOwn, statistic, periodSeconds, periods, ofThem, threshold, isFloor = false } = kind;
  return {
    AlarmName: `${name} ${kind.title}`,
    AlarmDescription: `${key} ${kind.says}. What to do: lib/deploy/RUNBOOK.md#${anchorOf(kind.title)}`,
    Namespace: isOwn ? namespace : "AWS/Lambda",
    MetricName: metric,
    Dimensions: [{ Name: isOwn ? "service" : "FunctionName", Value: name }],
    ...(statistic === "p99" ? { ExtendedStatistic: statistic } : { Statistic: statistic }),
    Period: periodSeconds,
    EvaluationPeriods: periods,
    ...(ofThem === undefined ? {} : { DatapointsToAlarm: ofThem }),
    Threshold: threshold,
    ComparisonOperator: isFloor ? "LessThanThreshold" : "GreaterThanThreshold",
    TreatMissingData: isFloor ? "breaching" : "notBreaching",
  };
}

/** What must never be more than nothing in five minutes. */
const none = {
  ...{ Period: 300, EvaluationPeriods: 1, Threshold: 0 },
  ...{ ComparisonOperator: "GreaterThanThreshold", TreatMissingData: "notBreaching" },
};

interface MappingKind {
  readonly title: string;
  readonly says: string;
  /** What differs from `none`, and the metric. */
  readonly watches: object;
  applies(mapping: WatchedMapping): boolean;
}

/** Metrics that AWS gives by mapping: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
export const mappingKinds: readonly MappingKind[] = [
  {
    title: "GivenUp",
    says: "has given up records; they are at its failure destination",
    watches: { MetricName: "OnFailureDestinationDeliveredEventCount", Statistic: "Sum" },
    applies: ({ hasDestination }) => hasDestination,
  },
  {
    title: "LostRecords",
    says: "gave up records that its failure destination did not take: they are lost",
    watches: { MetricName: "DroppedEventCount", Statistic: "Sum" },
    applies: ({ hasDestination }) => hasDestination,
  },
  {
    // An empty poll counts too, as 0: nothing at all is said only by pollers that can't read.
    title: "SilentMapping",
    says: "has not polled its topic for ten minutes",
    watches: {
      ...{ MetricName: "PolledEventCount", Statistic: "SampleCount", EvaluationPeriods: 2, Threshold: 1 },
      ...{ ComparisonOperator: "LessThanThreshold", TreatMissingData: "breaching" },
    },
    applies: always,
  },
];

function mappingAlarm(id: string, { title, says, watches }: MappingKind, stack: string): object {
  return {
    AlarmName: `${stack} ${id} ${title}`,
    AlarmDescription: `${id} ${says}. What to do: lib/deploy/RUNBOOK.md#${anchorOf(title)}`,
    Namespace: "AWS/Lambda",
    Dimensions: [{ Name: "EventSourceMappingUUID", Value: { Ref: id } }],
    ...none,
    ...watches,
  };
}

function queueAlarm(queue: string): object {
  return {
    AlarmName: { "Fn::Join": [" ", [{ "Fn::GetAtt": [queue, "QueueName"] }, FAILED_INVOCATIONS]] },
    AlarmDescription: `${queue} holds scheduled invocations that failed for good. What to do: lib/deploy/RUNBOOK.md#${anchorOf(FAILED_INVOCATIONS)}`,
    Namespace: "AWS/SQS",
    MetricName: "ApproximateNumberOfMessagesVisible",
    Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": [queue, "QueueName"] } }],
    Statistic: "Maximum",
    ...none,
  };
}

// Reads and writes are throttled apart, and each operation has a metric of its own: added up here.
function tableAlarm(table: string): object {
  const metric = (id: string, name: string) => ({
    Id: id,
    ReturnData: false,
    MetricStat: {
      Metric: {
        Namespace: "AWS/DynamoDB",
        MetricName: name,
        Dimensions: [{ Name: "TableName", Value: { Ref: table } }],
      },
      Period: 60,
      Stat: "Sum",
    },
  });
  return {
    AlarmName: { "Fn::Join": [" ", [{ Ref: table }, TABLE_THROTTLES]] },
    AlarmDescription: `${table} has been throttled in five of ten minutes. What to do: lib/deploy/RUNBOOK.md#${anchorOf(TABLE_THROTTLES)}`,
    Metrics: [
      metric("reads", "ReadThrottleEvents"),
      metric("writes", "WriteThrottleEvents"),
      { Id: "throttles", Expression: "FILL(reads, 0) + FILL(writes, 0)", ReturnData: true },
    ],
    // The latest minute has come to be 0 while its metric is still on its way, so not all minutes can be asked for:
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html (FILL)
    EvaluationPeriods: 10,
    DatapointsToAlarm: 5,
    Threshold: 0,
    ComparisonOperator: "GreaterThanThreshold",
    TreatMissingData: "notBreaching",
  };
}

/** As GitHub makes it of a heading. */
function anchorOf(title: string): string {
  return title.toLowerCase();
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
