// Usual ports are shared fairly: one starter at a time, never one that is in use.
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { anyFreePort, claimPort, isTaken } from "../../../localstack/services/port.ts";

test("two that start at once never get the same usual port, and its next asker does", async () => {
  // Its claim, 10,000 above, is none that an outgoing connection can have.
  let usual = await anyFreePort();
  while (usual > 22_000) usual = await anyFreePort();
  const claims = await Promise.all([claimPort(usual), claimPort(usual), claimPort(usual)]);
  expect(new Set(claims.map(({ port }) => port)).size).toBe(3);
  expect(claims.filter(({ port }) => port === usual)).toHaveLength(1);
  for (const { release } of claims) release();
  const next = await claimPort(usual);
  expect(next.port).toBe(usual);
  next.release();
});

test("a usual port that somebody listens on is left alone", async () => {
  const usual = await anyFreePort();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(usual, "127.0.0.1", resolve));
  expect(await isTaken(usual)).toBe(true);
  expect((await claimPort(usual)).port).not.toBe(usual);
  other.close();
});

test("without a usual port any free one is given", async () => {
  const { port } = await claimPort(undefined);
  expect(await isTaken(port)).toBe(false);
  expect(port, "never one that an outgoing connection can get").toBeLessThan(32_768);
});
