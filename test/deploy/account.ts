// What an account holds, service by service: to see that a removed stack leaves nothing behind.
import { ApiGatewayV2Client, GetApisCommand } from "@aws-sdk/client-apigatewayv2";
import { CloudFormationClient, ListStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, DescribeAlarmsCommand, ListDashboardsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";

type Names = readonly (string | undefined)[] | undefined;

const kinds: Readonly<Record<string, () => Promise<Names>>> = {
  async stack() {
    const { StackSummaries } = await new CloudFormationClient().send(new ListStacksCommand());
    const there = StackSummaries?.filter(({ StackStatus }) => StackStatus !== "DELETE_COMPLETE");
    return there?.map(({ StackName }) => StackName);
  },
  async function() {
    const { Functions } = await new LambdaClient().send(new ListFunctionsCommand());
    return Functions?.map(({ FunctionName }) => FunctionName);
  },
  async mapping() {
    const { EventSourceMappings } = await new LambdaClient().send(new ListEventSourceMappingsCommand());
    return EventSourceMappings?.map(({ UUID }) => UUID);
  },
  async "log group"() {
    const { logGroups } = await new CloudWatchLogsClient().send(new DescribeLogGroupsCommand());
    return logGroups?.map(({ logGroupName }) => logGroupName);
  },
  async alarm() {
    const { MetricAlarms } = await new CloudWatchClient().send(new DescribeAlarmsCommand());
    return MetricAlarms?.map(({ AlarmName }) => AlarmName);
  },
  async dashboard() {
    const { DashboardEntries } = await new CloudWatchClient().send(new ListDashboardsCommand());
    return DashboardEntries?.map(({ DashboardName }) => DashboardName);
  },
  async role() {
    const { Roles } = await new IAMClient().send(new ListRolesCommand());
    return Roles?.map(({ RoleName }) => RoleName);
  },
  async rule() {
    const { Rules } = await new EventBridgeClient().send(new ListRulesCommand());
    return Rules?.map(({ Name }) => Name);
  },
  async "HTTP API"() {
    const { Items } = await new ApiGatewayV2Client().send(new GetApisCommand());
    return Items?.map(({ Name }) => Name);
  },
  async table() {
    return (await new DynamoDBClient().send(new ListTablesCommand())).TableNames;
  },
  async bucket() {
    const { Buckets } = await new S3Client({ forcePathStyle: true }).send(new ListBucketsCommand());
    return Buckets?.map(({ Name }) => Name);
  },
  async queue() {
    return (await new SQSClient().send(new ListQueuesCommand())).QueueUrls;
  },
  async topic() {
    const { Topics } = await new SNSClient().send(new ListTopicsCommand());
    return Topics?.map(({ TopicArn }) => TopicArn);
  },
};

/**
 * Everything there is, by kind and name: `table serverless-kafka-streams-dev-WindowsTable`. Asks where AWS_ENDPOINT_URL says, and not for
 * the kinds that are lacking there.
 */
export async function inAccount(lacking: readonly string[] = []): Promise<readonly string[]> {
  const asked = Object.entries(kinds).filter(([kind]) => !lacking.includes(kind));
  const lists = asked.map(async ([kind, list]) =>
    ((await list()) ?? []).map((name) => `${kind} ${name ?? "without a name"}`),
  );
  return (await Promise.all(lists)).flat().sort();
}
