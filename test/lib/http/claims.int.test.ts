// Claims on DynamoDB: one owner at a time, an answer for good, and a clock that the test moves.
import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { type Claim, type Claiming, type Claims, dynamoDbClaims } from "../../../lib/http/claims.ts";
import { windowsTable } from "../../support/windows-table.ts";

let place: Awaited<ReturnType<typeof windowsTable>>;
let clock: number;
let claims: Claims;

beforeAll(async () => {
  place = await windowsTable();
});

beforeEach(() => {
  clock = Date.UTC(2026, 10, 21, 12);
  claims = dynamoDbClaims({ ...place, scope: "test", lockMs: 20_000, keepMs: 3_600_000, now: () => clock });
});

const request = (text = "body", key: string = randomUUID()) => ({ key, body: Buffer.from(text) });

function claimed(claiming: Claiming): Claim {
  expect(claiming.kind).toBe("claimed");
  return claiming as Claim;
}

test("of many who claim at once one gets it, and the others hear for how long", async () => {
  const one = request();
  const all = await Promise.all(Array.from({ length: 20 }, () => claims.claim(one)));
  expect(all.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
  expect(all.filter(({ kind }) => kind === "working")).toHaveLength(19);
  expect(all.find(({ kind }) => kind === "working")).toEqual({ kind: "working", forMs: 20_000 });
});

test("what was settled is the answer, until it expires", async () => {
  const one = request();
  await claims.settle(claimed(await claims.claim(one)), [{ offset: 7 }]);
  expect(await claims.claim(one)).toEqual({ kind: "done", answer: [{ offset: 7 }] });
  clock += 3_600_001;
  expect(await claims.claim(one)).toMatchObject({ kind: "claimed", triedSince: undefined });
});

test("another body under the same key is another request, settled or not", async () => {
  const one = request("one");
  const claim = claimed(await claims.claim(one));
  expect(await claims.claim({ ...one, body: Buffer.from("other") })).toEqual({ kind: "other-request" });
  await claims.settle(claim, []);
  expect(await claims.claim({ ...one, body: Buffer.from("other") })).toEqual({ kind: "other-request" });
});

test("when an owner's time is over one other takes the claim over, and knows since when it was tried", async () => {
  const began = clock;
  const one = request();
  const first = claimed(await claims.claim(one));
  clock += 20_000;
  const all = await Promise.all(Array.from({ length: 10 }, () => claims.claim(one)));
  const next = all.filter(({ kind }) => kind === "claimed");
  expect(next).toEqual([expect.objectContaining({ triedSince: began })]);
  expect(all.filter(({ kind }) => kind === "working")).toHaveLength(9);

  await claims.settle(first, "too late");
  await claims.release(first);
  expect(await claims.claim(one)).toMatchObject({ kind: "working" });
  await claims.settle(claimed(next[0]!), "in time");
  expect(await claims.claim(one)).toEqual({ kind: "done", answer: "in time" });
});

test("an owner who had no effect lets the next one go on at once", async () => {
  const one = request();
  await claims.release(claimed(await claims.claim(one)));
  expect(await claims.claim(one)).toMatchObject({ kind: "claimed", triedSince: clock });
});

test("keys of different scopes don't meet", async () => {
  const one = request();
  await claims.claim(one);
  const other = dynamoDbClaims({ ...place, scope: "other", lockMs: 1 });
  expect(await other.claim(one)).toMatchObject({ kind: "claimed" });
});
