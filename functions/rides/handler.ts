// Rides come in raw and go out enriched, each once and in its partition's order.

import { required, requiredNumber } from "../../lib/config.ts";
import { consume } from "../../lib/kafka/consume.ts";
import { deadLetterTo } from "../../lib/kafka/dead-letter.ts";
import { transactionalOutput } from "../../lib/kafka/produce.ts";
import { enrich, microseconds } from "./enrich.ts";
import { type EnrichedRide, RawRide } from "./schema.ts";

const brlPerUsd = requiredNumber("BRL_PER_USD");
const enriched = transactionalOutput<RawRide, EnrichedRide>({
  topic: required("ENRICHED_TOPIC"),
  key: (ride) => ride.id,
});

export const handler = consume({
  input: RawRide,
  poison: deadLetterTo(required("DEAD_LETTER_TOPIC")),
  async process(batch) {
    const context = { brlPerUsd, processingTime: microseconds(Date.now()) };
    await enriched.publish(batch, ({ value }) => enrich(value, context));
  },
});
