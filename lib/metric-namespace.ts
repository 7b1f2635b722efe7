// Where CloudWatch keeps the functions' own metrics: they write there, and dashboards and alarms look there.
export const METRIC_NAMESPACE = "serverless-kafka-streams";
