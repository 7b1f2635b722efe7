// The keeper looks after every function's places: one that it can't keep must not let those after it expire.
import { randomUUID } from "node:crypto";
import { afterEach, expect, inject, test, vi } from "vitest";
import { createTopics } from "../../../localstack/services/topics.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test("a topic that is gone keeps no other function's places from being kept, and fails the run", async () => {
  const topic = `kept-${randomUUID().slice(0, 8)}`;
  await createTopics(inject("kafkaBrokers"), { [topic]: { partitions: 1 } });
  vi.stubEnv("KAFKA_BROKERS", inject("kafkaBrokers"));
  vi.stubEnv("KEPT_PLACES", `shop-gone=not a topic's name,shop-kept=${topic}`);
  const lines: string[] = [];
  for (const output of [process.stdout, process.stderr]) {
    vi.spyOn(output, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  }
  const { handler } = await import("../../../functions/keeper/handler.ts"); // reads its places when it is loaded
  await expect(handler({}, {})).rejects.toThrow("shop-gone");
  expect(lines.filter((line) => line.includes('"places kept"') && line.includes("shop-kept"))).toHaveLength(1);
});
