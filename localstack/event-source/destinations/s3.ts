// An S3 bucket: an object a batch, with the whole event.
import { randomUUID } from "node:crypto";
import { HeadBucketCommand, NoSuchBucket, NotFound, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type AwsEndpoint, awsClientSettings } from "../aws/endpoint.ts";
import { eventBytes } from "../wire.ts";
import { type AwsTarget, arnParts } from "./aws.ts";
import { batchRecord, type FailureRecordContext } from "./failure-record.ts";

export interface S3TargetContext extends FailureRecordContext {
  readonly mappingId: string;
  /** An S3 ARN names none. */
  readonly region: string;
}

export function s3Target(arn: string, endpoint: AwsEndpoint, context: S3TargetContext): AwsTarget {
  const client = new S3Client({
    ...awsClientSettings(endpoint, context.region),
    forcePathStyle: endpoint.kind === "endpoint",
    followRegionRedirects: endpoint.kind === "aws",
  });
  const Bucket = arnParts(arn).name;
  return {
    noun: "bucket",
    find: async (abortSignal) => {
      await client.send(new HeadBucketCommand({ Bucket }), { abortSignal });
    },
    isMissing: (error) => error instanceof NotFound || error instanceof NoSuchBucket,
    async put({ discard, head, parts }, abortSignal) {
      const payload = eventBytes(head, parts).toString("latin1");
      const at = context.now(); // once: the key has the message's time
      const Body = JSON.stringify({ ...batchRecord(discard, payload.length, { ...context, now: () => at }), payload });
      const Key = objectKey(context.mappingId, parts[0]!.text.key, at);
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: "application/json" }), { abortSignal });
    },
    destroy: () => client.destroy(),
  };
}

/**
 * The key that Kinesis and DynamoDB streams are given, with the topic-partition in the shard's place: AWS doesn't document Kafka's.
 * A batch of several partitions goes under its first.
 */
function objectKey(mappingId: string, topicPartition: string, now: number): string {
  const [date = "", time = ""] = new Date(now).toISOString().split(/[T.]/);
  const moment = `${date}T${time.replaceAll(":", ".")}`;
  return `aws/lambda/${mappingId}/${topicPartition}/${date.replaceAll("-", "/")}/${moment}-${randomUUID()}`;
}
