import { describe, expect, it } from "vitest";
import { memoryScreen } from "../../../localstack/console/screen.ts";
import { check, isComplete, type Outputs, onlyOurs } from "../../../localstack/demo/check.ts";
import { printRides, printVerdict, printWindows } from "../../../localstack/demo/report.ts";
import {
  BRL_PER_USD,
  deadRides,
  deadTransactions,
  enrichedRides,
  lateTransactions,
  plan,
  received,
  sentRides,
  sentTransactions,
  windowResults,
} from "./run.ts";

const sent = { rides: sentRides, transactions: sentTransactions };
const flawless: Outputs = {
  rides: enrichedRides,
  ridesDead: deadRides,
  ridesFailed: [],
  windows: windowResults,
  late: lateTransactions,
  transactionsDead: deadTransactions,
  transactionsFailed: [],
};

function verdictOn(outputs: Outputs): { isPass: boolean; text: string } {
  const screen = memoryScreen();
  const isPass = printVerdict(screen, check(sent, outputs, BRL_PER_USD).checks);
  return { isPass, text: screen.text() };
}

describe("the verdict", () => {
  it("on a flawless run is PASS", () => {
    const { isPass, text } = verdictOn(flawless);
    expect(isPass).toBe(true);
    expect(text.trimEnd()).toMatch(/PASS$/);
    expect(text).not.toContain("✘");
  });

  it("on a run that lost two rides is FAIL, and names them", () => {
    const { isPass, text } = verdictOn({ ...flawless, rides: enrichedRides.slice(2) });
    expect(isPass).toBe(false);
    expect(text.trimEnd()).toMatch(/FAIL: 2 differences$/);
    for (const { key } of enrichedRides.slice(0, 2)) expect(text).toContain(`ride ${key}, sent as input-raw-rides-`);
    expect(text).not.toContain("PASS");
  });

  it("shows ten differences of many and counts the rest", () => {
    const { text } = verdictOn({ ...flawless, rides: [] });
    expect(text.match(/never came out/g)).toHaveLength(10);
    expect(text).toContain(`… and ${(enrichedRides.length - 10).toLocaleString("en-US")} more`);
  });

  it.each<[string, Partial<Outputs>]>([
    ["a dead ride is missing", { ridesDead: deadRides.slice(1) }],
    ["a dead transaction is missing", { transactionsDead: deadTransactions.slice(1) }],
    ["a window is missing", { windows: windowResults.slice(1) }],
    ["a late record is missing", { late: lateTransactions.slice(0, -20) }],
    ["a ride was given up", { ridesFailed: [received("rides_failed", {})] }],
  ])("is FAIL when %s", (_, change) => {
    expect(verdictOn({ ...flawless, ...change }).isPass).toBe(false);
  });
});

describe("a run", () => {
  it("is complete when all has come out, and not before", () => {
    expect(isComplete(sent, flawless)).toBe(true);
    for (const name of ["rides", "ridesDead", "transactionsDead", "windows"] as const) {
      expect(isComplete(sent, { ...flawless, [name]: flawless[name].slice(0, -1) })).toBe(false);
    }
  });

  it("on a shared broker is judged by its own records alone", () => {
    const other = {
      headers: { "dead-letter.topic": "transactions", "dead-letter.partition": "7", "dead-letter.offset": "1" },
    };
    const shared = {
      ...flawless,
      rides: [...enrichedRides, received("output-enriched-rides", { key: "of another run" })],
      transactionsDead: [...deadTransactions, received("transactions_dlq", other)],
      windows: [...windowResults, received("transactions_aggregate", { key: "0" })],
    };
    expect(verdictOn(shared).isPass).toBe(false);
    expect(onlyOurs(sent, shared)).toEqual({ ...flawless, leftOut: new Set([Number.NaN]) });
    expect(verdictOn(onlyOurs(sent, shared)).isPass).toBe(true);
  });
});

describe("a window that others had begun", () => {
  const start = Number(windowResults[0]!.key);
  const revised = windowResults
    .filter(({ key }) => key !== String(start))
    .concat({ ...windowResults[0]!, headers: { revision: "7" } });

  it("is left out on a shared broker, and said", () => {
    const { isPass, text } = verdictOn(onlyOurs(sent, { ...flawless, windows: revised }));
    expect(isPass, text).toBe(true);
    expect(text).toContain("(windows that held earlier traffic left out: 1)");
  });

  it("is a difference on a broker of one's own", () => {
    expect(verdictOn({ ...flawless, windows: revised }).isPass).toBe(false);
  });
});

describe("the report", () => {
  it("shows the traffic's windows in a table, and those of late records before it in a line", () => {
    const screen = memoryScreen();
    printWindows(screen, check(sent, flawless, BRL_PER_USD).windows, plan.start);
    expect(screen.text()).toMatchInlineSnapshot(`
      "
      Windows: 7 of 3 s, 10 results with their revisions
        event time (UTC)     total paid  payments  average  revision  out after its end  too late  as sent
        12:00:00 – 12:00:03      35,520       626    56.74         2              1.4 s         0  ✔
        12:00:03 – 12:00:06      34,570       631    54.79         2              1.4 s         0  ✔
        12:00:06 – 12:00:09      33,400       605    55.21         1              1.4 s         0  ✔
        12:00:09 – 12:00:12       7,720       148    52.16         1              1.4 s         0  ✔
        out after its end: 1.4 s in the middle, 1.4 s at most; 1 s of it waits for records out of order
        before these 3 windows of late records only, 91 payments
      "
    `);
  });

  it("shows three rides", () => {
    const screen = memoryScreen();
    printRides(screen, enrichedRides);
    expect(screen.text()).toMatchInlineSnapshot(`
      "
      Rides: 2,874 enriched, 0/s
        source                   destination           km    BRL  dynamic fare  event time (UTC)
        Northeastern University  Fenway              1.96  56.91  no            2026-01-01 11:59:59.712000
        North Station            South Station       4.47  54.20  no            2026-01-01 11:59:59.743000
        Beacon Hill              Financial District  0.77  84.01  no            2026-01-01 11:59:59.786000
      "
    `);
  });
});
