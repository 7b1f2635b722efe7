import { describe, expect, it } from "vitest";
import { isValid } from "../../../events/generate/generator.ts";
import { checkDeadLetters } from "../../../localstack/demo/check-dead-letters.ts";
import { checkRides, enrichedFields } from "../../../localstack/demo/check-rides.ts";
import { checkWindows, missing } from "../../../localstack/demo/check-windows.ts";
import type { Received } from "../../../localstack/demo/records.ts";
import {
  BRL_PER_USD,
  deadTransactions,
  enrichedRides,
  lateTransactions,
  received,
  sentRides,
  sentTransactions,
  windowResults,
} from "./run.ts";

/** The records with one of them changed, or taken out when the change is to nothing. */
function with1(records: readonly Received[], at: number, change: (record: Received) => Partial<Received> | undefined) {
  return records.flatMap((record, index) => {
    if (index !== at) return [record];
    const changed = change(record);
    return changed ? [{ ...record, ...changed }] : [];
  });
}

function withField(record: Received, name: string, value: unknown): Partial<Received> {
  return { value: Buffer.from(JSON.stringify({ ...JSON.parse(String(record.value)), [name]: value })) };
}

describe("enriched rides", () => {
  const check = (outputs: readonly Received[]) => checkRides(sentRides, outputs, BRL_PER_USD);

  it("a flawless run has no differences", () => {
    expect(check(enrichedRides)).toEqual([]);
  });

  it.each<[name: string, outputs: readonly Received[], difference: RegExp]>([
    ["a lost ride", enrichedRides.slice(1), /^ride .* sent as input-raw-rides-\d at 0, never came out$/],
    ["a doubled ride", [...enrichedRides, { ...enrichedRides[9]!, offset: 9999 }], /came out 2 times/],
    [
      "a ride nobody sent",
      [...enrichedRides, received("output-enriched-rides", { key: "x", offset: 9999 })],
      /never sent/,
    ],
    ["another price", with1(enrichedRides, 5, (ride) => withField(ride, "price", 1)), /has price 1: it should be/],
    ["a price that is a text", with1(enrichedRides, 5, (ride) => withField(ride, "price", "1")), /has price 1/],
    [
      "miles left as they were",
      with1(enrichedRides, 5, (ride) => withField(ride, "distance", 0.39)),
      /has distance 0.39/,
    ],
    ["a field too many", with1(enrichedRides, 5, (ride) => withField(ride, "cpf", "1")), /has the fields .*cpf/],
    ["no JSON", with1(enrichedRides, 5, () => ({ value: Buffer.from("{") })), /is no JSON object/],
    ["a tombstone", with1(enrichedRides, 5, () => ({ value: null })), /is no JSON object/],
    [
      "a time without microseconds",
      with1(enrichedRides, 5, (r) => withField(r, "processing_time", "2026")),
      /processing_time 2026/,
    ],
  ])("%s is found", (_, outputs, difference) => {
    expect(check(outputs)).toContainEqual(expect.stringMatching(difference));
  });

  it("two rides of a partition that changed places are found", () => {
    const [first, second] = enrichedRides.filter(({ partition }) => partition === 1) as [Received, Received];
    const swapped = enrichedRides.map((ride) => {
      if (ride === first) return { ...first, offset: second.offset };
      return ride === second ? { ...second, offset: first.offset } : ride;
    });
    expect(check(swapped)).toEqual([expect.stringMatching(/out of order/)]);
  });

  it.each([
    [10, 5.42, 54.2, "whole cents"],
    [12.5, 5.43, 67.88, "67.875 rounds away from zero"],
    [0.5, 5.01, 2.51, "2.505 is below itself as a binary fraction, and rounds up all the same"],
    [0, 5.42, 0, "a ride for nothing"],
  ])("%d USD at %d is %d BRL: %s", (usd, rate, brl) => {
    const ride = JSON.parse(String(sentRides.find(isValid)!.value));
    expect(enrichedFields({ ...ride, price: usd }, rate).price).toBe(brl);
  });
});

describe("dead letters", () => {
  const check = (letters: readonly Received[]) => checkDeadLetters("transactions", sentTransactions, letters);
  const good = sentTransactions.find(isValid)!;
  const ofGood = {
    "dead-letter.topic": "transactions",
    "dead-letter.partition": String(good.partition),
    "dead-letter.offset": String(good.offset),
  };

  it("a flawless run has no differences", () => {
    expect(deadTransactions.length).toBeGreaterThan(50);
    expect(check(deadTransactions)).toEqual([]);
  });

  it.each<[name: string, letters: readonly Received[], difference: RegExp]>([
    ["a lost one", deadTransactions.slice(1), /is not in the dead-letter topic$/],
    ["a doubled one", [...deadTransactions, deadTransactions[3]!], /is in the dead-letter topic 2 times/],
    ["other bytes", with1(deadTransactions, 3, () => ({ value: Buffer.from("{}") })), /has not the bytes of/],
    ["another key", with1(deadTransactions, 3, () => ({ key: null })), /has the key null/],
    [
      "a good record",
      [...deadTransactions, { ...deadTransactions[0]!, headers: ofGood }],
      /is not a bad record that was sent/,
    ],
    ["one of nobody", [...deadTransactions, { ...deadTransactions[0]!, headers: {} }], /it says it came from \?/],
  ])("%s is found", (_, letters, difference) => {
    expect(check(letters)).toEqual([expect.stringMatching(difference)]);
  });

  it("a tombstone is not an empty value", () => {
    const at = deadTransactions.findIndex(({ value }) => value === null);
    expect(check(with1(deadTransactions, at, () => ({ value: Buffer.alloc(0) })))).toHaveLength(1);
  });
});

describe("windows", () => {
  const check = (results: readonly Received[], late = lateTransactions) =>
    checkWindows(sentTransactions, { windows: results, late });
  const last = windowResults.findLastIndex(({ headers }) => headers.revision === "2");

  it("a flawless run has no differences and misses nothing", () => {
    const { windows, differences } = check(windowResults);
    expect(differences).toEqual([]);
    expect(missing(windows)).toBe(0);
    expect(windows.length).toBeGreaterThanOrEqual(4);
    expect(windows.every(({ revision }) => revision <= 2)).toBe(true);
    expect(windows.find(({ revision }) => revision > 0)?.outAfterMs).toBe(1400);
  });

  it("what hasn't come out yet is missing", () => {
    expect(missing(check(windowResults.slice(0, 1)).windows)).toBeGreaterThan(0);
    expect(missing(check(windowResults, []).windows)).toBeGreaterThan(0);
  });

  it.each<[name: string, results: readonly Received[], late: readonly Received[], difference: RegExp]>([
    [
      "a total that is off by one",
      with1(windowResults, last, (r) => withField(r, "total_paid", 1)),
      lateTransactions,
      /it was sent/,
    ],
    [
      "a transaction counted twice",
      with1(windowResults, last, (r) => withField(r, "total_transactions", 1e6)),
      lateTransactions,
      /it was sent/,
    ],
    ["a last revision that never came", windowResults.toSpliced(last, 1), lateTransactions, /came to .*: it was sent/],
    [
      "a revision that came twice",
      [...windowResults, { ...windowResults[last]!, offset: 9999 }],
      lateTransactions,
      /revisions 1, 2, 2/,
    ],
    [
      "a revision left out",
      with1(windowResults, last, () => ({ headers: { revision: "3" } })),
      lateTransactions,
      /revisions 1, 3/,
    ],
    [
      "an average rounded to an integer",
      with1(windowResults, last, (r) => withField(r, "average_transaction_value", 55)),
      lateTransactions,
      /average_transaction_value/,
    ],
    ["another key", with1(windowResults, last, () => ({ key: "1" })), lateTransactions, /has the key 1/],
    [
      "a window nobody paid in",
      [...windowResults, { ...windowResults[0]!, key: "3000", value: Buffer.from('{"window_start":3000}') }],
      lateTransactions,
      /it should be/,
    ],
    [
      "a window of nothing",
      with1(windowResults, last, (r) => withField(r, "total_transactions", 0)),
      lateTransactions,
      /is empty/,
    ],
    ["a late record that was lost", windowResults, lateTransactions.slice(0, -20), /it was sent/],
    ["a late record that is there twice", windowResults, [...lateTransactions, lateTransactions[0]!], /a second time/],
    [
      "a late record with other bytes",
      windowResults,
      with1(lateTransactions, 0, () => ({ value: null })),
      /has not the bytes/,
    ],
    [
      "a late record of nobody",
      windowResults,
      with1(lateTransactions, 0, () => ({ headers: {} })),
      /is not a valid transaction/,
    ],
  ])("%s is found", (_, results, late, difference) => {
    expect(check(results, late).differences).toContainEqual(expect.stringMatching(difference));
  });
});
