import { expect, test } from "vitest";
import { isDataError, isLost, refusalOf } from "../../../lib/postgres/failures.ts";

const failure = (code: string | undefined, message = "text", more: object = {}) =>
  Object.assign(new Error(message), code === undefined ? {} : { code }, more);

const cases = [
  { code: "22003", data: true, lost: false, why: "a number out of range" },
  { code: "22021", data: true, lost: false, why: "a zero byte in text" },
  { code: "22P02", data: true, lost: false, why: "text that is no number" },
  { code: "23505", data: true, lost: false, why: "another unique index" },
  { code: "23502", data: true, lost: false, why: "null where none may be" },
  { code: "54000", data: true, lost: false, why: "a key too long for its index" },
  { code: "54001", data: false, lost: false, why: "a statement too complex: ours, not the row's" },
  { code: "08006", data: false, lost: true, why: "the connection failed" },
  { code: "57P01", data: false, lost: true, why: "the server restarts" },
  { code: "57P03", data: false, lost: true, why: "the server is not ready yet" },
  { code: "25006", data: false, lost: true, why: "a failover left us with a reader" },
  { code: "3D000", data: false, lost: true, why: "the database has gone" },
  { code: "42P01", data: false, lost: true, why: "the table has gone" },
  { code: "40001", data: false, lost: false, why: "a serialization failure" },
  { code: "40P01", data: false, lost: false, why: "a deadlock" },
  { code: "53300", data: false, lost: false, why: "too many connections" },
  { code: "28P01", data: false, lost: false, why: "a wrong password" },
  { code: "42501", data: false, lost: false, why: "no right to" },
  { code: "ECONNRESET", data: false, lost: true, why: "the connection broke" },
  { code: undefined, data: false, lost: true, why: "the connection ended" },
];

test.each(cases)("$code: $why", ({ code, data, lost }) => {
  expect(isDataError(failure(code))).toBe(data);
  expect(isLost(failure(code))).toBe(lost);
});

test("a server that doesn't answer in time won't answer a second statement", () => {
  expect(isLost(failure(undefined, "Query read timeout"))).toBe(false);
});

test("a refusal names rules of the schema, never what was sent", () => {
  const error = failure("23514", 'new row violates "secret"', { constraint: "price_positive", detail: "(secret)" });
  expect(refusalOf(error)).toBe("the database refuses the row: SQLSTATE 23514, constraint price_positive");
});
