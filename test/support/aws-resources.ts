// Queues, topics and buckets of a test's own, on what stands for AWS, and what has arrived in them.
import { randomUUID } from "node:crypto";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { awsClientSettings } from "../../localstack/event-source/aws/endpoint.ts";
import { MINISTACK_ACCOUNT } from "./ministack.ts";

export const REGION = "us-east-1";

/** Where something arrives, and everything that has arrived since it was asked last. */
export interface Arrivals<T> {
  readonly arn: string;
  take(): Promise<T[]>;
}

export function queueArn(name: string): string {
  return `arn:aws:sqs:${REGION}:${MINISTACK_ACCOUNT}:${name}`;
}

/** The bodies of a queue's messages. */
export async function freshQueue(endpoint: string, name = freshName("queue")): Promise<Arrivals<string>> {
  const client = new SQSClient(settings(endpoint));
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name }));
  return {
    arn: queueArn(name),
    async take() {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { ReceiptHandle } of Messages)
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      return Messages.map(({ Body }) => Body ?? "");
    },
  };
}

/** The messages of a topic, as a queue that is subscribed to it receives them. */
export async function freshSnsTopic(endpoint: string): Promise<Arrivals<string>> {
  const client = new SNSClient(settings(endpoint));
  const queue = await freshQueue(endpoint);
  const { TopicArn = "" } = await client.send(new CreateTopicCommand({ Name: freshName("topic") }));
  await client.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: queue.arn }));
  return { arn: TopicArn, take: async () => (await queue.take()).map((body) => JSON.parse(body).Message) };
}

export interface ArrivedObject {
  readonly key: string;
  readonly text: string;
}

/** A bucket's objects. */
export async function freshBucket(endpoint: string): Promise<Arrivals<ArrivedObject>> {
  const client = new S3Client({ ...settings(endpoint), forcePathStyle: true });
  const Bucket = freshName("bucket");
  const seen = new Set<string>();
  await client.send(new CreateBucketCommand({ Bucket }));
  return {
    arn: `arn:aws:s3:::${Bucket}`,
    async take() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      const fresh = Contents.map(({ Key = "" }) => Key).filter((key) => !seen.has(key));
      for (const key of fresh) seen.add(key);
      return Promise.all(
        fresh.map(async (key) => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
          return { key, text: (await Body?.transformToString()) ?? "" };
        }),
      );
    },
  };
}

/** A name that no other test has. */
export function freshName(what: string): string {
  return `test-${what}-${randomUUID().slice(0, 8)}`;
}

function settings(endpoint: string) {
  return awsClientSettings({ kind: "endpoint", url: endpoint }, REGION);
}
