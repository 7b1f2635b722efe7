// A dead letter's outcome as the record that is sent: back to its topic, encoded anew, or to the parked events with its bytes untouched. Pure.

import { messageHeaders } from "../../lib/kafka/message-headers.ts";
import { ATTEMPT_HEADER, ORIGIN_HEADER, type Origin, originText } from "../../lib/kafka/origin.ts";
import { bytesOf } from "../../lib/kafka/record.ts";
import type { Rerouted } from "../../lib/kafka/reroute.ts";
import type { SourceRecord } from "../../lib/kafka/source.ts";
import { MOST_BYTES, type Parked, parked, type SentBack } from "./correct.ts";
import { ownHeaders } from "./letter.ts";
import { type CommerceEvent, keyOf } from "./schema.ts";

export interface SendBackOptions {
  readonly origin: Origin;
  readonly parkedTopic: string;
  readonly encode: (event: CommerceEvent) => Buffer;
  /** ISO 8601. */
  readonly now: string;
}

/** The record that a letter becomes. One that grew too large for its topic is parked after all. */
export function recordOf(letter: SourceRecord, outcome: SentBack | Parked, options: SendBackOptions): Rerouted {
  if (outcome.kind === "parked") return parkedRecord(letter, outcome, options);
  const { origin, encode } = options;
  const value = encode(outcome.event);
  const headers = ownHeaders(letter.headers);
  const bytes = headers.reduce((sum, one) => sum + one.name.length + (one.value?.length ?? 0), value.length);
  if (bytes > MOST_BYTES) {
    return parkedRecord(
      letter,
      parked("too-large", `${bytes} bytes where ${MOST_BYTES} are sent back at most`),
      options,
    );
  }
  const again = { [ORIGIN_HEADER]: originText(origin), [ATTEMPT_HEADER]: String(outcome.attempt) };
  return {
    way: "sent_back",
    topic: outcome.topic,
    message: { key: letter.key ?? keyOf(outcome.event), value, headers: messageHeaders(headers, again) },
  };
}

function parkedRecord(letter: SourceRecord, { reason, message }: Parked, options: SendBackOptions): Rerouted {
  const { parkedTopic, now, origin } = options;
  const hasOrigin = letter.headers.some(({ name }) => name === ORIGIN_HEADER);
  const why = {
    ...(hasOrigin ? {} : { [ORIGIN_HEADER]: originText(origin) }),
    "parked.reason": reason,
    "parked.message": message,
    "parked.time": now,
  };
  const headers = messageHeaders(letter.headers, why);
  return {
    way: "parked",
    topic: parkedTopic,
    message: { key: letter.key, value: bytesOf(letter.wire.value), headers },
  };
}
