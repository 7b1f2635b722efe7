// What resources are called: the property that names one, the ARN it would have, and what a Ref to it gives. Pure.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

interface Named {
  readonly type: string;
  /** The physical name. */
  readonly name: string;
}

interface Place {
  readonly region: string;
  readonly accountId: string;
}

// Without it CloudFormation makes a name up, here the logical id.
const NAME_PROPERTIES: Readonly<Record<string, string>> = {
  "AWS::Lambda::Function": "FunctionName",
  "AWS::DynamoDB::Table": "TableName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::SNS::Topic": "TopicName",
  "AWS::S3::Bucket": "BucketName",
  "AWS::IAM::Role": "RoleName",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::Events::Rule": "Name",
  "AWS::MSK::Cluster": "ClusterName",
  "AWS::MSK::ServerlessCluster": "ClusterName",
  "AWS::SecretsManager::Secret": "Name",
  "AWS::Glue::Registry": "Name",
};

/** What is between the account and the name, and the service where the type doesn't say it. */
const ARN_PARTS: Readonly<Record<string, readonly [service: string, before: string, after?: string]>> = {
  "AWS::Lambda::Function": ["lambda", "function:"],
  "AWS::DynamoDB::Table": ["dynamodb", "table/"],
  "AWS::SQS::Queue": ["sqs", ""],
  "AWS::SNS::Topic": ["sns", ""],
  "AWS::Events::Rule": ["events", "rule/"],
  "AWS::MSK::Cluster": ["kafka", "cluster/", "/local-1"],
  "AWS::MSK::ServerlessCluster": ["kafka", "cluster/", "/local-s1"],
  "AWS::SecretsManager::Secret": ["secretsmanager", "secret:"],
  "AWS::Glue::Registry": ["glue", "registry/"],
};

const REF_IS_ARN: ReadonlySet<string> = new Set([
  "AWS::SNS::Topic",
  "AWS::MSK::Cluster",
  "AWS::MSK::ServerlessCluster",
  "AWS::SecretsManager::Secret",
  "AWS::Glue::Registry",
]);

export function namePropertyOf(type: string): string | undefined {
  return NAME_PROPERTIES[type];
}

/** The ARN a resource would have, as far as a local run needs it. */
export function arnText({ type, name }: Named, { region, accountId }: Place): string {
  if (type === "AWS::S3::Bucket") return `arn:aws:s3:::${name}`;
  if (type === "AWS::IAM::Role") return `arn:aws:iam::${accountId}:role/${name}`;
  const [service, before, after = ""] = ARN_PARTS[type] ?? [type.split("::")[1]?.toLowerCase(), ""];
  return `arn:aws:${service}:${region}:${accountId}:${before}${name}${after}`;
}

/** A resource's Ref, by its type: an ARN, an address, or its name. */
export function refText(named: Named, place: Place): string {
  if (REF_IS_ARN.has(named.type)) return arnText(named, place);
  if (named.type === "AWS::SQS::Queue")
    return `https://sqs.${place.region}.amazonaws.com/${place.accountId}/${named.name}`;
  return named.name;
}
