// The journal's files: bounded, complete after a kill, shared and deleted without harm.

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { linesOf } from "../../../../localstack/event-source/observe/explain.ts";
import { openJournal } from "../../../../localstack/event-source/observe/journal.ts";
import { mappingsOf } from "../../../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "../fixture.ts";
import { ManualClock, settled } from "../manual-clock.ts";

const root = mkdtempSync(join(tmpdir(), "journal-"));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});
afterAll(() => rmSync(root, { recursive: true }));

const lambda = { Type: "AWS::Lambda::Function", Properties: { FunctionName: "f" } };
const [mapping] = mappingsOf(
  templateOf({ Resources: { CountLambdaFunction: lambda, M: kafkaMapping("count", "tt") } }, "/"),
);

function opened(maxBytes?: number) {
  const file = join(folder, "deep", "journal.jsonl");
  const journal = openJournal({ file, ...(maxBytes === undefined ? {} : { maxBytes }) });
  const observe = journal.observer(mapping!, { functionName: "f", clock: new ManualClock(1000) });
  return { file, journal, observe };
}

const error = new Error("away");

describe("the journal", () => {
  test("never takes more than two files of its size and one turn's lines, and each begins with what explains its lines", async () => {
    const { file, journal, observe } = opened(2000);
    observe({ kind: "assigned", poller: 0, membership: { memberId: "m", generation: 3 }, offsets: new Map([[0, 5]]) });
    for (let i = 0; i < 300; i++) {
      observe({ kind: "commit-failed", error });
      await settled();
    }
    journal.close();
    expect(statSync(file).size + statSync(`${file}.1`).size).toBeLessThan(4500);
    for (const path of [file, `${file}.1`]) {
      const kinds = readFileSync(path, "utf8")
        .split("\n")
        .slice(0, 3)
        .map((line) => JSON.parse(line).kind);
      expect(kinds).toEqual(["started", "assigned", "commit-failed"]);
    }
  });

  test("is there after each turn of the event loop, without being closed", async () => {
    const { file, observe } = opened();
    observe({ kind: "commit-failed", error });
    await settled();
    expect(linesOf(file).map(({ kind, at }) => [kind, at])).toEqual([
      ["started", 1000],
      ["commit-failed", 1000],
    ]);
  });

  test("goes on after a line that was cut off, which alone is lost", async () => {
    const first = opened();
    first.journal.close();
    appendFileSync(first.file, '{"at":1,"run":"x","ki');
    const second = opened();
    second.observe({ kind: "commit-failed", error });
    second.journal.close();
    expect(linesOf(first.file).map(({ kind }) => kind)).toEqual(["started", "started", "commit-failed"]);
  });

  test("that somebody deletes is begun anew", async () => {
    const { file, journal, observe } = opened(100);
    await settled();
    rmSync(join(folder, "deep"), { recursive: true });
    observe({ kind: "commit-failed", error });
    await settled();
    expect(existsSync(file)).toBe(true);
    expect(linesOf(file).map(({ kind }) => kind)).toEqual(["started", "commit-failed"]);
    journal.close();
  });

  test("of two event sources in one file keeps every line of both, over a change of files", async () => {
    const one = opened(3000);
    const other = opened(3000);
    for (let i = 0; i < 12; i++) {
      one.observe({ kind: "commit-failed", error });
      other.observe({ kind: "commit-failed", error });
      await settled();
    }
    one.journal.close();
    other.journal.close();
    expect(linesOf(one.file).filter(({ kind }) => kind === "commit-failed").length).toBe(24);
  });

  test("takes nothing more once it is closed, though an invocation may answer later", async () => {
    const { file, journal, observe } = opened();
    journal.close();
    observe({ kind: "commit-failed", error });
    await settled();
    expect(linesOf(file).map(({ kind }) => kind)).toEqual(["started"]);
  });

  test("never holds a payload, and cuts long errors short", async () => {
    const { file, journal, observe } = opened();
    observe({ kind: "polling-failed", poller: 0, error: new Error("x".repeat(5000)) });
    journal.close();
    expect(readFileSync(file, "utf8").length).toBeLessThan(1500);
  });
});
