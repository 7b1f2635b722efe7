import { describe, expect, test } from "vitest";
import { AS_AWS_MAY, changed, switches, switchesOf } from "../../../localstack/event-source/switches.ts";

describe("switches", () => {
  test("are at their first value when nothing is said", () => {
    for (const [name, { values }] of Object.entries(switches)) expect(AS_AWS_MAY).toHaveProperty([name], values[0]);
    expect(changed(AS_AWS_MAY)).toEqual([]);
  });

  test("are chosen one by one, and what is chosen otherwise is told", () => {
    const chosen = switchesOf(["string-identifiers=understand", "on-demand-invocations=5"]);
    expect(chosen).toEqual({ ...AS_AWS_MAY, "string-identifiers": "understand" });
    expect(changed(chosen)).toEqual([{ name: "string-identifiers", value: "understand", usual: "fail" }]);
  });

  test.each([
    ["colour=blue", "--switch takes NAME=VALUE with one of string-identifiers, "],
    ["string-identifiers", "--switch string-identifiers is fail or understand: got 'string-identifiers'"],
    ["string-identifiers=maybe", "--switch string-identifiers is fail or understand: got 'string-identifiers=maybe'"],
    ["string-identifiers=fail=1", "got 'string-identifiers=fail=1'"],
    ["", "got ''"],
  ])("%j is refused", (text, why) => expect(() => switchesOf([text])).toThrow(why));
});
