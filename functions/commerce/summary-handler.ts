// The events of the three topics in pictures. Poison is left to the storing functions, which read the same topics.

import { publishPictures } from "../../lib/charts/publish.ts";
import { optional, required } from "../../lib/config.ts";
import { byTopic } from "../../lib/kafka/by-topic.ts";
import { consume } from "../../lib/kafka/consume.ts";
import { leftTo } from "../../lib/kafka/dead-letter.ts";
import { objectsIn } from "../../lib/objects/environment.ts";
import { environmentRegistry } from "../../lib/registry/client.ts";
import { registryFormat } from "../../lib/registry/format.ts";
import { tableTotals } from "../../lib/windows/table-totals.ts";
import { avroSchemas } from "./avro.ts";
import { type EventType, eventSchema } from "./schema.ts";
import { publication } from "./summary/publication.ts";
import { summarizing } from "./summary/summarize.ts";
import { commerceTotals } from "./summary/totals.ts";

const [order, purchase, delivery] = [required("ORDER_TOPIC"), required("PURCHASE_TOPIC"), required("DELIVERY_TOPIC")];
const published = publication({ namespace: optional("NAMESPACE", ""), currency: required("CURRENCY") });
const objects = objectsIn({ bucket: required("CHARTS_BUCKET"), folder: optional("CHARTS_FOLDER") });
const totals = tableTotals(commerceTotals, {
  table: required("WINDOWS_TABLE"),
  topics: [order, purchase, delivery],
  recordsIn: ({ events }) => events,
  view: (counted, at) => publishPictures(objects, published(counted, at)),
});
const registry = environmentRegistry();
const poison = leftTo(required("DEAD_LETTER_TOPIC"));
const counter = (type: EventType, topic: string) => {
  const format = registryFormat({ registry, schema: avroSchemas[type] });
  return [topic, consume({ ...totals.share(topic, eventSchema(type)), format, poison })] as const;
};

export const handler = summarizing({
  consume: byTopic([counter("order", order), counter("purchase", purchase), counter("delivery", delivery)]),
  refresh: totals.refresh,
});
