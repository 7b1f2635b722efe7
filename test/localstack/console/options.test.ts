import { describe, expect, it } from "vitest";
import {
  explainOptions,
  onlyOptions,
  percentage,
  positiveNumber,
  readOptions,
  text,
  time,
  toggle,
  UsageError,
  wholeNumber,
} from "../../../localstack/console/options.ts";

const declared = {
  count: wholeNumber("N", "how many", 10_000, 1),
  rate: positiveNumber("PER_SECOND", "how fast", undefined),
  start: time("when"),
  late: percentage("how many come late"),
  brokers: text("HOST:PORT,..", "where"),
  keep: toggle("whether it stays"),
};
const read = (...args: string[]) => readOptions(args, declared);

describe("options", () => {
  it("have their fallbacks when they are absent", () => {
    expect(read("rides")).toEqual({
      words: ["rides"],
      options: { count: 10_000, rate: undefined, start: undefined, late: 0, brokers: undefined, keep: false },
    });
  });

  it("are read as what they are", () => {
    const { options } = read(
      "--count=1_000_000",
      "--rate",
      "0.5",
      "--late",
      "2.5",
      "--keep",
      "--start",
      "2026-01-31T12:00:00Z",
    );
    expect(options).toMatchObject({ count: 1_000_000, rate: 0.5, late: 2.5, keep: true });
    expect(options.start).toBe(Date.UTC(2026, 0, 31, 12));
  });

  it("a time without a zone is UTC, wherever the machine stands", () => {
    expect(read("--start", "2026-01-31T12:00:00").options.start).toBe(Date.UTC(2026, 0, 31, 12));
    expect(read("--start", "2026-01-31").options.start).toBe(Date.UTC(2026, 0, 31));
    expect(read("--start", "2026-01-31T12:00+02:00").options.start).toBe(Date.UTC(2026, 0, 31, 10));
  });

  it.each([
    [["--cuont", "3"], "Unknown option '--cuont'. The options are: --count N, --rate PER_SECOND, "],
    [["--count"], "Option '--count <value>' argument missing. The options are:"],
    [["--count", "3x"], "--count 3x: not a whole number from 1 on."],
    [["--count", "0"], "--count 0: not a whole number from 1 on."],
    [["--count", "1.5"], "--count 1.5: not a whole number from 1 on."],
    [["--count", ""], "--count : not a whole number from 1 on."],
    [["--rate", "0"], "--rate 0: not a number above 0."],
    [["--rate=-5"], "--rate -5: not a number above 0."],
    [["--late", "101"], "--late 101: not a percentage from 0 to 100."],
    [["--late", "many"], "--late many: not a percentage from 0 to 100."],
    [["--start", "noon"], "--start noon: not a time; write it as 2026-01-31T12:00:00Z."],
    [["--keep=yes"], "Option '--keep' does not take an argument"],
  ])("%j is answered with what would be right", (args, message) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(message);
  });

  it("may be all that a command takes: words are refused", () => {
    expect(onlyOptions(["--count", "5"], declared).count).toBe(5);
    expect(() => onlyOptions(["--keep", "extra", "10"], declared)).toThrow(UsageError);
    expect(() => onlyOptions(["--keep", "extra", "10"], declared)).toThrow(
      "'extra 10' is no option. The options are: --count N, --rate PER_SECOND,",
    );
  });

  it("explain themselves, a line each", () => {
    expect(explainOptions(declared)).toBe(
      [
        "  --count N               how many",
        "  --rate PER_SECOND       how fast",
        "  --start ISO             when",
        "  --late PERCENT          how many come late",
        "  --brokers HOST:PORT,..  where",
        "  --keep                  whether it stays",
        "",
      ].join("\n"),
    );
  });
});
