// Failure records on a Kafka topic that takes messages of 1 MiB, as topics do unless told otherwise.
import { afterEach, expect, test } from "vitest";
import { AT_ONCE, failureTopic, PROVISIONED, scene } from "../../../conformance/scene.ts";
import { stopAll } from "../running.ts";

const GIVEN_UP = { ...PROVISIONED, ...AT_ONCE, MaximumRetryAttempts: 0 };
const isSmall = "v".repeat(20_000);
/** It fits into a record; its failure record, with it in base64, doesn't. */
const isLarge = "v".repeat(900_000);

afterEach(stopAll);

test("a discarded batch of megabytes is there whole; a record that no message can carry is lost alone, and counted", async () => {
  const failures = await failureTopic();
  const { send, counters, untilCommitted, logged } = await scene({
    records: Array.from({ length: 40 }, () => ({ value: isSmall })),
    settings: { ...GIVEN_UP, ...failures.settings },
    answer: () => ({ kind: "function-error" }),
  });
  await send(...Array.from({ length: 40 }, () => ({ value: isSmall })));
  await send({ value: isLarge });
  await send(...Array.from({ length: 40 }, () => ({ value: isSmall })));
  await untilCommitted(121);
  const kept = (await failures.bodies()).map(({ KafkaBatchInfo }) => Number(KafkaBatchInfo.recordInfo.offset));
  expect(kept).toEqual(Array.from({ length: 121 }, (_, offset) => offset).filter((offset) => offset !== 80));
  expect(counters()).toMatchObject({ onFailureDestinationDeliveredEventCount: 120, droppedEventCount: 1 });
  const dropped = logged.filter(({ message }) => message.startsWith("records dropped"));
  expect(dropped).toMatchObject([
    { firstOffset: 80, lastOffset: 80, error: expect.stringContaining("max message size") },
  ]);
});
