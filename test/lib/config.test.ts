import { expect, test } from "vitest";
import { optional, required, requiredList, requiredNumber } from "../../lib/config.ts";
import { ConfigError } from "../../lib/errors.ts";

test("a setting is read by its name", () => {
  expect(required("TOPIC", { TOPIC: "rides" })).toBe("rides");
  expect(optional("TOPIC", "other", { TOPIC: "rides" })).toBe("rides");
});

const missing = [{}, { TOPIC: undefined }, { TOPIC: "" }];

test.each(missing)("a missing or empty setting stops the start and is named: %j", (environment) => {
  expect(() => required("TOPIC", environment)).toThrow(ConfigError);
  expect(() => required("TOPIC", environment)).toThrow("Environment variable TOPIC is not set.");
  expect(optional("TOPIC", "other", environment)).toBe("other");
  expect(optional("TOPIC", undefined, environment)).toBeUndefined();
});

test.each([
  ["5.42", 5.42],
  ["-1", -1],
  ["1e3", 1000],
  [" 7 ", 7],
  ["0", 0],
])("'%s' is the number %d", (text, number) => {
  expect(requiredNumber("RATE", { RATE: text })).toBe(number);
});

test.each(["5,42", "five", " ", "Infinity", "NaN", "0x10", "1 2"])("'%s' is no number", (text) => {
  expect(() => requiredNumber("RATE", { RATE: text })).toThrow(ConfigError);
});

test("a list is cut at its commas, and has at least one entry", () => {
  expect(requiredList("BROKERS", { BROKERS: "a:1, b:2 ,," })).toEqual(["a:1", "b:2"]);
  expect(() => requiredList("BROKERS", { BROKERS: " , " })).toThrow(/at least one entry/);
});
