// A standard SNS topic: what is known about the batch, not its records.
import { GetTopicAttributesCommand, NotFoundException, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { type AwsEndpoint, awsClientSettings } from "../aws/endpoint.ts";
import { eventSize } from "../wire.ts";
import { type AwsTarget, arnParts } from "./aws.ts";
import { batchRecord, type FailureRecordContext } from "./failure-record.ts";

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html; what stands for SNS here may take more. */
const MAX_MESSAGE_BYTES = 262_144;

export function snsTarget(TopicArn: string, endpoint: AwsEndpoint, context: FailureRecordContext): AwsTarget {
  const client = new SNSClient(awsClientSettings(endpoint, arnParts(TopicArn).region));
  return {
    noun: "topic",
    find: async (abortSignal) => {
      await client.send(new GetTopicAttributesCommand({ TopicArn }), { abortSignal });
    },
    isMissing: (error) => error instanceof NotFoundException,
    async put({ discard, head, parts }, abortSignal) {
      const Message = JSON.stringify(batchRecord(discard, eventSize(head, parts), context));
      const size = Buffer.byteLength(Message);
      if (size > MAX_MESSAGE_BYTES) {
        throw new Error(`SNS takes messages of up to ${MAX_MESSAGE_BYTES} bytes: this batch's has ${size}`);
      }
      await client.send(new PublishCommand({ TopicArn, Message }), { abortSignal });
    },
    destroy: () => client.destroy(),
  };
}
