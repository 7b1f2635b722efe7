import { expect, it } from "vitest";
import { allRecords, isValid, type Plan } from "../../../events/generate/generator.ts";
import { addToTruth, transactions, users, WINDOW_MS, type WindowTruth } from "../../../events/generate/transactions.ts";

const plan: Plan = {
  seed: 3,
  start: Date.UTC(2026, 4, 17, 12),
  count: 20_000,
  rate: 1000,
  latePercent: 5,
  badPercent: 5,
};
const sent = [...allRecords(transactions, plan)];

it("ten users pay ten times the digit their id starts with, and 100 for 0", () => {
  expect(users.map((id) => id[0])).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"]);
  for (const record of sent.filter(isValid)) {
    const { user_id, total_paid } = JSON.parse(String(record.value));
    expect(record.key).toBe(user_id);
    expect(total_paid).toBe(user_id[0] === "0" ? 100 : 10 * Number(user_id[0]));
  }
});

it("valid transactions have the contract's fields, and no two the same transaction_id", () => {
  const valid = sent.filter(isValid).map((record) => JSON.parse(String(record.value)));
  for (const transaction of valid) {
    expect(transaction).toEqual({
      event_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/),
      user_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      transaction_id: expect.any(Number),
      total_paid: expect.any(Number),
      status: expect.stringMatching(/^(paid|refused)$/i),
    });
  }
  expect(new Set(valid.map(({ transaction_id }) => transaction_id)).size).toBe(valid.length);
});

it("statuses are written in several ways", () => {
  const statuses = new Set(sent.filter(isValid).map((record) => JSON.parse(String(record.value)).status));
  expect(statuses.size).toBeGreaterThanOrEqual(5);
});

it("the truth of every window is what a reader of the bytes alone adds up", () => {
  const truth = new Map<number, WindowTruth>();
  const read = new Map<number, WindowTruth>();
  for (const record of sent) {
    addToTruth(truth, record);
    if (!isValid(record)) continue;
    const { event_timestamp, total_paid, status } = JSON.parse(String(record.value));
    if (!/^paid$/i.test(status)) continue;
    const time = Date.parse(`${event_timestamp.replace(" ", "T")}Z`);
    const start = time - (time % WINDOW_MS);
    const window = read.get(start) ?? { total: 0, count: 0 };
    read.set(start, { total: window.total + total_paid, count: window.count + 1 });
  }
  expect(truth).toEqual(read);
  expect(truth.size).toBeGreaterThan(6);
});

it("the summary adds up the same truth", () => {
  const tally = transactions.tally!();
  const truth = new Map<number, WindowTruth>();
  for (const record of sent) {
    tally.add(record);
    addToTruth(truth, record);
  }
  const windows = [...truth.values()];
  expect(tally.rows().map(([, value]) => value)).toEqual([
    windows.length,
    windows.reduce((sum, { count }) => sum + count, 0),
    windows.reduce((sum, { total }) => sum + total, 0),
  ]);
});
