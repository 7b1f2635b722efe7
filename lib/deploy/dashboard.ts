// A stage's dashboard: a row a function, and one for the tables. Pure.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html

import type { Resources, Watched, WatchedFunction } from "./alarms.ts";

type Metric = readonly unknown[];

interface Chart {
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly stat: string;
}

const WIDTH = 6;
const HEIGHT = 5;

/** The dashboard, under the stage's own name. */
export function dashboardOf({ functions, tables, namespace, stack }: Watched): Resources {
  const rows = [...functions.map((watched) => functionRow(watched, namespace)), ...tables.map(tableRow)];
  const widgets = rows.flatMap((charts, row) => charts.map((chart, column) => widget(chart, row, column)));
  return {
    Dashboard: {
      Type: "AWS::CloudWatch::Dashboard",
      // Tables' names and the region are known to CloudFormation alone.
      Properties: { DashboardName: stack, DashboardBody: { "Fn::Sub": JSON.stringify({ widgets }) } },
    },
  };
}

function functionRow(watched: WatchedFunction, namespace: string): readonly Chart[] {
  const { key, name } = watched;
  const ofLambda = (metric: string): Metric => ["AWS/Lambda", metric, "FunctionName", name];
  const own = (metric: string, options?: object): Metric => [
    ...[namespace, metric, "service", name],
    ...(options === undefined ? [] : [options]),
  ];
  const health: Chart = {
    title: `${key}: errors, throttles`,
    metrics: [
      ...[ofLambda("Errors"), ofLambda("Throttles")],
      ...(watched.readsKafka ? [own("batches_failed")] : []),
      ...(watched.answersHttp ? [own("requests_failed")] : []),
      ...(watched.emits ? [own("emissions_failed")] : []),
    ],
    stat: "Sum",
  };
  const running: Chart = {
    title: `${key}: duration`,
    metrics: [
      [...ofLambda("Duration"), { stat: "p50" }],
      [...ofLambda("Duration"), { stat: "p99" }],
    ],
    stat: "p99",
  };
  if (watched.readsKafka) {
    return [
      {
        title: `${key}: records, dead letters, late`,
        metrics: [own("records"), own("records_poison"), own("records_late")],
        stat: "Sum",
      },
      { title: `${key}: offset lag`, metrics: [ofLambda("OffsetLag")], stat: "Maximum" },
      {
        title: `${key}: batch, ms`,
        metrics: [own("batch_ms", { stat: "p50" }), own("batch_ms", { stat: "p99" })],
        stat: "p99",
      },
      health,
    ];
  }
  if (watched.emits) {
    return [
      { title: `${key}: results, revisions`, metrics: [own("results"), own("revisions")], stat: "Sum" },
      { title: `${key}: watermark lag, ms`, metrics: [own("watermark_lag_ms")], stat: "Maximum" },
      {
        title: `${key}: emission delay, ms`,
        metrics: [own("emission_delay_ms", { stat: "p50" }), own("emission_delay_ms", { stat: "p99" })],
        stat: "p99",
      },
      health,
    ];
  }
  return [running, health];
}

function tableRow(table: string): readonly Chart[] {
  const metric = (name: string): Metric => ["AWS/DynamoDB", name, "TableName", reference(table)];
  return [
    {
      title: `${table}: capacity used`,
      metrics: [metric("ConsumedReadCapacityUnits"), metric("ConsumedWriteCapacityUnits")],
      stat: "Sum",
    },
    {
      title: `${table}: throttles`,
      metrics: [metric("ReadThrottleEvents"), metric("WriteThrottleEvents")],
      stat: "Sum",
    },
  ];
}

function widget({ title, metrics, stat }: Chart, row: number, column: number): object {
  return {
    type: "metric",
    ...{ x: column * WIDTH, y: row * HEIGHT, width: WIDTH, height: HEIGHT },
    properties: { title, metrics, stat, period: 60, region: reference("AWS::Region"), view: "timeSeries" },
  };
}

/** What Fn::Sub replaces by the value. */
function reference(name: string): string {
  return `\${${name}}`;
}
