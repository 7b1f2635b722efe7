// A standard SQS queue: what is known about the batch, not its records.
import { GetQueueUrlCommand, QueueDoesNotExist, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type AwsEndpoint, awsClientSettings } from "../aws/endpoint.ts";
import { eventSize } from "../wire.ts";
import { type AwsTarget, arnParts } from "./aws.ts";
import { batchRecord, type FailureRecordContext } from "./failure-record.ts";

export function sqsTarget(arn: string, endpoint: AwsEndpoint, context: FailureRecordContext): AwsTarget {
  const { region, account, name } = arnParts(arn);
  const client = new SQSClient(awsClientSettings(endpoint, region));
  /** Known once it was found; a queue that was made anew has the same. */
  let url: string | undefined;
  const urlOf = async (abortSignal: AbortSignal): Promise<string | undefined> => {
    const command = new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account });
    url ??= (await client.send(command, { abortSignal })).QueueUrl;
    return url;
  };
  return {
    noun: "queue",
    find: async (signal) => {
      await urlOf(signal);
    },
    isMissing: (error) => error instanceof QueueDoesNotExist,
    async put({ discard, head, parts }, abortSignal) {
      const body = JSON.stringify(batchRecord(discard, eventSize(head, parts), context));
      const command = new SendMessageCommand({ QueueUrl: await urlOf(abortSignal), MessageBody: body });
      await client.send(command, { abortSignal });
    },
    destroy: () => client.destroy(),
  };
}
