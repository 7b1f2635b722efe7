// Good and broken events of every kind through real services, delivered again and again: each ends in exactly one of two places, as it was meant.
import { expect, test } from "vitest";
import { commerceKinds, endOf } from "../../../events/generate/commerce-damage.ts";
import { commerce, type Instance, settle } from "../../support/commerce.ts";
import { expectEachInOnePlace, originIn, sendTraffic } from "../../support/commerce-traffic.ts";
import { readAll } from "../../support/kafka.ts";

test("every event ends in exactly one of processed_events and events_parked, however often it is delivered", async () => {
  const pipeline = await commerce();
  const sent = await sendTraffic(pipeline, { count: 600, badPercent: 60 });
  expect(new Set(sent.map(({ kind }) => kind))).toEqual(new Set(["good", ...commerceKinds]));
  const instances = new Map<string, Instance>();
  await settle(pipeline, async (name, event) => {
    const instance = instances.get(name) ?? (await pipeline.start(name));
    instances.set(name, instance);
    expect(await instance.invoke(event)).toMatchObject({ kind: "done" });
  });
  await expectEachInOnePlace(pipeline, sent);

  const letters = await readAll(pipeline.topics.dead);
  const first = letters.find((letter) => String(letter.headers["dead-letter.reason"]) === "unknown-schema")!;
  const origin = originIn(first);
  expect(Object.fromEntries(Object.entries(first.headers).map(([name, value]) => [name, String(value)]))).toEqual({
    "dead-letter.topic": origin.split("/")[0],
    "dead-letter.partition": origin.split("/")[1],
    "dead-letter.offset": origin.split("/")[2],
    "dead-letter.timestamp": expect.stringMatching(/^\d{13}$/),
    "dead-letter.reason": "unknown-schema",
    "dead-letter.message": expect.stringContaining("the registry has no schema"),
    "dead-letter.attempt": "1",
    "dead-letter.time": expect.stringMatching(/^\d{4}-.*Z$/),
    origin,
  });
  const originals = await readAll(origin.split("/")[0]!);
  const original = originals.find(({ partition, offset }) => origin.endsWith(`/${partition}/${offset}`))!;
  expect({ key: first.key, value: first.value }).toEqual({ key: original.key, value: original.value });

  // Nothing went round more than once: what is mended is right.
  const parked = sent.filter(({ kind }) => endOf(kind) === "events_parked").length;
  const mended = letters.length - parked;
  expect(letters.every(({ headers }) => String(headers["dead-letter.attempt"]) === "1")).toBe(true);
  expect(mended).toBeGreaterThan(50);
});
