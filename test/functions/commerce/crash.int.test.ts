// kill -9 of the storing and the correcting function at every step of their transactions, and at any moment: each event still ends in exactly
// one of two places. What aborted transactions leave behind is delivered too.
import { expect, test } from "vitest";
import { type EventType, eventTypes } from "../../../functions/commerce/schema.ts";
import { type Answer, type Commerce, commerce, eventsOf, type Instance, settle } from "../../support/commerce.ts";
import { expectEachInOnePlace, type SentEvent, sendBroken, sendTraffic } from "../../support/commerce-traffic.ts";
import { until } from "../../support/until.ts";

/** Environments that are replaced when they have died, as the event source does, which delivers the batch again. */
function fleet(pipeline: Commerce) {
  const instances = new Map<string, Instance>();
  return {
    instances,
    async run(name: EventType | "correct", event: unknown): Promise<void> {
      for (;;) {
        const instance = instances.get(name) ?? (await pipeline.start(name));
        instances.set(name, instance);
        const answer = await instance.invoke(event);
        if (answer?.kind === "done") return;
        if (answer === undefined) instances.delete(name);
        else expect(answer).toMatchObject({ kind: "failed" });
      }
    },
    async end(): Promise<void> {
      await Promise.all([...instances.values()].map((instance) => instance.kill()));
    },
  };
}

const steps = ["InitProducerId", "AddPartitionsToTxn", "Produce", "TxnOffsetCommit", "EndTxn"].flatMap((step) => [
  `before ${step} 1`,
  `after ${step} 1`,
]);

test("correction killed at every step of its transactions", async () => {
  const pipeline = await commerce();
  const { run, end } = fleet(pipeline);
  const sent: SentEvent[] = [];
  for (const [seed, killAt] of steps.entries()) {
    sent.push(...(await sendBroken(pipeline, { count: 12, seed })));
    for (const type of eventTypes) for (const event of await eventsOf(pipeline.topics[type])) await run(type, event);
    expect(await diesAt(pipeline, "correct", { killAt, topic: pipeline.topics.dead })).toBe(true);
  }
  await settle(pipeline, run);
  await end();
  await expectEachInOnePlace(pipeline, sent);
});

test("storing killed at every step of its transactions", async () => {
  const pipeline = await commerce();
  const { run, end } = fleet(pipeline);
  const sent: SentEvent[] = [];
  for (const [seed, killAt] of steps.entries()) {
    sent.push(...(await sendBroken(pipeline, { count: 20, seed })));
    expect(await diesAt(pipeline, "purchase", { killAt, topic: pipeline.topics.purchase })).toBe(true);
    for (const event of await eventsOf(pipeline.topics.dead)) await run("correct", event);
  }
  await settle(pipeline, run);
  await end();
  await expectEachInOnePlace(pipeline, sent);
});

/** Whether an environment of the function that is handed all of the topic dies there. */
async function diesAt(
  pipeline: Commerce,
  name: EventType | "correct",
  { killAt, topic }: { readonly killAt: string; readonly topic: string },
): Promise<boolean> {
  const doomed = await pipeline.start(name, { killAt });
  for (const event of await eventsOf(topic)) {
    let answer: Answer | undefined;
    await until(async () => {
      answer = await doomed.invoke(event);
      return answer?.kind !== "failed";
    }, `the end of ${name}'s batch`);
    if (answer === undefined) return true;
  }
  await doomed.kill();
  return false;
}

test("all of them killed at any moment, again and again", async () => {
  const pipeline = await commerce();
  const sent = await sendTraffic(pipeline, { count: 300, badPercent: 50, seed: 7 });
  const { instances, run, end } = fleet(pipeline);
  let kills = 0;
  const killer = setInterval(() => {
    const victims = [...instances.values()];
    const victim = victims[Math.floor(Math.random() * victims.length)];
    if (victim === undefined || kills >= 12) return;
    kills += 1;
    victim.process.kill("SIGKILL");
  }, 100);
  try {
    await settle(pipeline, run);
  } finally {
    clearInterval(killer);
  }
  await settle(pipeline, run);
  await end();
  expect(kills).toBeGreaterThan(3);
  await expectEachInOnePlace(pipeline, sent);
});
