import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clockTime, duration, figure, percent, perSecond } from "../../../localstack/console/figures.ts";
import { startLive } from "../../../localstack/console/live.ts";
import { startProgress } from "../../../localstack/console/progress.ts";
import { memoryScreen } from "../../../localstack/console/screen.ts";
import { printSteps } from "../../../localstack/console/steps.ts";
import { table } from "../../../localstack/console/table.ts";

describe("figures", () => {
  it.each([
    [figure(1234567), "1,234,567"],
    [figure(0.125), "0.13"],
    [percent(1, 3), "33 %"],
    [percent(999, 1000), "99 %"],
    [percent(0, 0), "100 %"],
    [perSecond(5000, 2000), "2,500/s"],
    [perSecond(5, 0), "0/s"],
    [duration(0), "0 ms"],
    [duration(999.4), "999 ms"],
    [duration(1000), "1.0 s"],
    [duration(-1500), "-1.5 s"],
    [duration(59_940), "59.9 s"],
    [duration(125_000), "2 min 05 s"],
    [clockTime(Date.UTC(2026, 0, 1, 9, 5, 7, 999)), "09:05:07"],
  ])("%s reads %s", (written, expected) => {
    expect(written).toBe(expected);
  });
});

describe("a table", () => {
  it("has words to the left, figures to the right and no lines", () => {
    const drawn = table(
      [{ title: "kind" }, { title: "records", align: "right" }, { title: "meaning" }],
      [
        ["good", "9,900", "in time"],
        ["tombstone", "7", ""],
      ],
      memoryScreen(),
    );
    expect(drawn).toBe(
      ["  kind       records  meaning", "  good         9,900  in time", "  tombstone        7", ""].join("\n"),
    );
  });
});

describe("what moves", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("progress without a terminal is a line a second and one at the end", () => {
    const screen = memoryScreen();
    const progress = startProgress(screen, "rides", 4000);
    progress.advance(1000);
    vi.advanceTimersByTime(1000);
    progress.advance(1500);
    vi.advanceTimersByTime(1000);
    progress.advance(1500);
    progress.stop();
    vi.advanceTimersByTime(10_000);
    expect(screen.text()).toBe(
      [
        "  rides  1,000 of 4,000 (25 %)  1,000/s",
        "  rides  2,500 of 4,000 (62 %)  1,250/s",
        "  rides  4,000 of 4,000 (100 %)  2,000/s",
        "",
      ].join("\n"),
    );
  });

  it("a view without a terminal is a line a second while there is something new", () => {
    const screen = memoryScreen();
    let lag = 0;
    const live = startLive(screen, { block: () => "never", line: () => `lag ${lag}` });
    vi.advanceTimersByTime(3000);
    lag = 5;
    vi.advanceTimersByTime(1000);
    lag = 0;
    live.stop();
    expect(screen.text()).toBe("  lag 0\n  lag 5\n  lag 0\n");
  });

  it("a view on a terminal is drawn over itself", () => {
    const screen = { ...memoryScreen(), isTerminal: true };
    const written: string[] = [];
    screen.write = (text) => void written.push(text);
    let rows = 1;
    const live = startLive(screen, { block: () => "row\n".repeat(rows), line: () => "never" });
    rows = 3;
    vi.advanceTimersByTime(200);
    live.stop();
    const up = (lines: number) => `\x1b[${lines}A\x1b[0J`;
    expect(written).toEqual(["row\n", `${up(1)}row\nrow\nrow\n`, `${up(3)}row\nrow\nrow\n`]);
  });

  it("a line that is wider than the terminal counts as the rows it takes", () => {
    const written: string[] = [];
    const screen = { ...memoryScreen(), isTerminal: true, width: 10, write: (text: string) => void written.push(text) };
    startLive(screen, { block: () => `\x1b[2m${"x".repeat(25)}\x1b[22m\n\n`, line: () => "never" }).stop();
    expect(written[1]?.startsWith("\x1b[4A")).toBe(true);
  });

  it("a view that is higher than the terminal is cut to what can be drawn over, and whole at the end", () => {
    const written: string[] = [];
    const write = (text: string) => void written.push(text);
    const screen = { ...memoryScreen(), isTerminal: true, width: 10, height: 4, write };
    const block = `one\n${"x".repeat(15)}\nthree\nfour\n`;
    startLive(screen, { block: () => block, line: () => "never" }).stop();
    expect(written).toEqual(["one\n  …\n", `\x1b[2A\x1b[0J${block}`]);
  });

  it("a step is printed when it is done, with the time it took", async () => {
    const screen = memoryScreen();
    const steps = printSteps(screen);
    const work = new Promise<number>((resolve) => setTimeout(() => resolve(9), 1500));
    const step = steps.step("topics", work, (topics) => `${topics} topics`);
    steps.note("Kafka: fetching its jars");
    await vi.advanceTimersByTimeAsync(1500);
    await step;
    expect(screen.text()).toMatch(/^ {4}Kafka: fetching its jars\n {2}✔ 9 topics {50,}1\.5 s\n$/);
  });

  it("a terminal's last line says what is still going on, until all of it is done", async () => {
    const written: string[] = [];
    const screen = { ...memoryScreen(), isTerminal: true, width: 30, write: (text: string) => void written.push(text) };
    const { step } = printSteps(screen);
    const inTime = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    const failing = inTime(2500).then(() => Promise.reject(new Error("no broker")));
    const all = Promise.allSettled([
      step("Kafka", failing, String),
      step("packaging functions", inTime(1500), () => "ok"),
    ]);
    await vi.advanceTimersByTimeAsync(5000);
    await all;
    const again = "\r\x1b[2K";
    expect(written.map((text) => text.replace(/ok +/, "ok "))).toEqual([
      `${again}  … 1.0 s: Kafka, packaging f`,
      `${again}  ✔ ok 1.5 s\n  … 1.0 s: Kafka`,
      `${again}  … 2.0 s: Kafka`,
      again,
    ]);
  });
});
