// Dead letters of commerce events: mended and sent back to their topics, or parked, each of them one way and once.

import { required } from "../../lib/config.ts";
import { consume } from "../../lib/kafka/consume.ts";
import { rerouting } from "../../lib/kafka/reroute.ts";
import { environmentRegistry } from "../../lib/registry/client.ts";
import { registryFormat } from "../../lib/registry/format.ts";
import { correction } from "./correction.ts";
import { eventEncoders } from "./encoders.ts";

const registry = environmentRegistry();
const topics = {
  order: required("ORDER_TOPIC"),
  purchase: required("PURCHASE_TOPIC"),
  delivery: required("DELIVERY_TOPIC"),
};

export const handler = consume(
  rerouting(
    correction({
      format: registryFormat({ registry }),
      encoders: eventEncoders(registry, topics),
      ...{ topics, parkedTopic: required("PARKED_TOPIC") },
      now: () => new Date(),
    }),
  ),
);
