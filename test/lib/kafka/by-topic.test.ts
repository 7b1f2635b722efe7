import { expect, it } from "vitest";
import { byTopic } from "../../../lib/kafka/by-topic.ts";
import { kafkaEvent, wireRecord } from "../../support/kafka-event.ts";

const seen: string[] = [];
const handler = byTopic(
  ["orders", "returns"].map((topic) => [
    topic,
    async () => {
      seen.push(topic);
      return { batchItemFailures: [] };
    },
  ]),
);
const share = (topic: string, partition = 0) => [wireRecord({ topic, partition }, { offset: 0, value: "{}" })];

it("an event goes to the handler of its topic, all partitions of it", async () => {
  expect(await handler(kafkaEvent(share("returns"), share("returns", 1)))).toEqual({ batchItemFailures: [] });
  expect(seen.splice(0)).toEqual(["returns"]);
});

it.each([
  { event: kafkaEvent(share("refunds")), got: "refunds", why: "no handler's" },
  { event: kafkaEvent(share("orders"), share("returns")), got: "orders, returns", why: "two handlers'" },
])("an event that is $why is refused by name", async ({ event, got }) => {
  await expect(handler(event)).rejects.toThrow(`one of the topics orders, returns: got ${got}.`);
});

it("what is no Kafka event is left to a handler to refuse", async () => {
  await handler({ source: "aws.events" });
  expect(seen.splice(0)).toEqual(["orders"]);
});
