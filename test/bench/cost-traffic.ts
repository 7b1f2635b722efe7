// The traffic that costs are measured with: each pipeline's generator, for commerce the orders alone, as they stand on their topic.

import { commerce } from "../../events/generate/commerce.ts";
import type { CommerceFacts } from "../../events/generate/commerce-facts.ts";
import type { TrafficGenerator } from "../../events/generate/generator.ts";
import { generatorOf } from "../../events/generate/pipelines.ts";
import order from "../../functions/commerce/event_order.avsc.json" with { type: "json" };
import { avroType } from "../../lib/registry/avro.ts";
import { schemaRegistry } from "../../lib/registry/client.ts";
import { encoded } from "../../lib/registry/encoder.ts";

export interface Measured {
  /** Their keys in serverless.yml. */
  readonly consumer: string;
  readonly emitter?: string;
  readonly generator: TrafficGenerator;
}

const orders: TrafficGenerator<CommerceFacts, Parameters<typeof commerce.record>[2]> = {
  ...commerce,
  topic: "event_order",
  record(slot, draw, pools) {
    for (;;) {
      const made = commerce.record(slot, draw, pools);
      if (made.facts.event.event_type === "order") return made;
    }
  },
  async seal({ schemaRegistryUrl }) {
    const id = await schemaRegistry(schemaRegistryUrl).register("event_order-value", JSON.stringify(order));
    const type = avroType(order);
    return (value) => encoded(type, id, JSON.parse(String(value)));
  },
};

export const measured: readonly Measured[] = [
  { consumer: "enrichRides", generator: generatorOf("rides")! },
  { consumer: "aggregateTransactions", emitter: "emitWindows", generator: generatorOf("transactions")! },
  { consumer: "aggregateLogins", emitter: "emitWindows", generator: generatorOf("logins")! },
  { consumer: "storeTrades", generator: generatorOf("trades")! },
  { consumer: "summarizeEvents", generator: orders as unknown as TrafficGenerator },
  { consumer: "storeOrders", generator: orders as unknown as TrafficGenerator },
];
