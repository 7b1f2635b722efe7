// What the broker's refusals mean to a transactional producer. kafkajs wraps errors in errors: the innermost ones carry the code.
// https://kafka.apache.org/protocol.html#protocol_error_codes

import { ConfigError } from "../errors.ts";

const fenced = new Set([47, 90]); // INVALID_PRODUCER_EPOCH, PRODUCER_FENCED
// OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE, INVALID_PRODUCER_ID_MAPPING (transactional ids expire after 7 days), UNKNOWN_PRODUCER_ID
const stale = new Set([45, 48, 49, 59]);
const large = new Set([10, 18]); // MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE

/** A newer producer with the same transactional id exists, or the coordinator gave up on a transaction that took too long. */
export function isFenced(error: unknown): boolean {
  return hasCode(error, fenced);
}

/** The broker no longer knows this producer, or a connection broke: a new session goes on where it stopped. */
export function isStale(error: unknown): boolean {
  return hasCode(error, stale) || chain(error).some(({ name }) => name === "KafkaJSConnectionClosedError");
}

/** A record the topic does not take is a matter of the topic's settings. */
export function tooLarge(error: unknown, topic: string): ConfigError | undefined {
  if (!hasCode(error, large)) return undefined;
  return new ConfigError(
    `A record is larger than topic '${topic}' takes. Raise its max.message.bytes above that of the topics it is written from.`,
    { cause: error },
  );
}

function hasCode(error: unknown, codes: ReadonlySet<number>): boolean {
  return chain(error).some((link) => "code" in link && typeof link.code === "number" && codes.has(link.code));
}

function chain(error: unknown): Error[] {
  const links: Error[] = [];
  for (let link = error; link instanceof Error && links.length < 10; link = link.cause) links.push(link);
  return links;
}
