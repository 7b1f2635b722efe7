// Logins as the pipeline's readers see them, on the in-memory runner: intervals, totals since the first, and what a late login changes.

import { describe, expect, it } from "vitest";
import type { Login } from "../../../functions/logins/schema.ts";
import { Login as LoginSchema } from "../../../functions/logins/schema.ts";
import { loginRecord, logins, missingFields } from "../../../functions/logins/window.ts";
import { runWindow } from "../../../lib/windows/runner.ts";

const whole: Login = {
  user_id: "u",
  app_version: "1.0.0",
  device_type: "iOS",
  ip: "1.2.3.4",
  locale: "BR",
  device_id: "d",
  timestamp: "1000",
};

const at = (seconds: number, fields: Partial<Login> = {}): Login => ({
  ...whole,
  timestamp: String(seconds),
  ...fields,
});
const run = (partitions = 1) => runWindow(logins, { format: loginRecord, partitions, startAt: 1_000_000 });

describe("an interval's record", () => {
  it("has exactly the contract's fields, in its order, with times in whole seconds", async () => {
    const runner = run();
    await runner.feed(0, at(1000), at(1009, { device_type: "android", ip: "" }), at(1011));
    await runner.tick();
    expect(runner.results).toHaveLength(1);
    expect(runner.results[0]?.key).toBe("1000");
    expect(JSON.stringify(runner.results[0]?.value)).toBe(
      JSON.stringify({
        timestamp_start: 1000,
        timestamp_end: 1010,
        interval_messages_consumed: 2,
        total_messages_consumed: 2,
        interval_missing_field_count: { ip: 1 },
        total_missing_field_count: { ip: 1 },
        interval_device_type_count: { android: 1, iOS: 1 },
        total_device_type_count: { android: 1, iOS: 1 },
      }),
    );
  });

  it("carries totals since the pipeline's first record, over emitters and environments", async () => {
    const runner = run(2);
    await runner.feed(0, at(1000));
    await runner.feed(1, at(1003), at(1012));
    await runner.feed(0, at(1012, { locale: null }));
    await runner.advance(0);
    const batch = await runner.feed(0, at(1025), at(1032));
    await runner.deliver(batch, "new");
    await runner.feed(1, at(1032));
    await runner.tick("new");
    expect(
      runner.results.map(({ value }) => [
        value.timestamp_start,
        value.interval_messages_consumed,
        value.total_messages_consumed,
      ]),
    ).toEqual([
      [1000, 2, 2],
      [1010, 2, 4],
      [1020, 1, 5],
    ]);
    expect(runner.results.at(-1)?.value.total_missing_field_count).toEqual({ locale: 1 });
  });

  it("is revised by a late login, and so are the totals after it", async () => {
    const runner = run();
    await runner.feed(0, at(1000), at(1010), at(1021));
    await runner.tick();
    await runner.feed(0, at(1005, { device_type: "android" }));
    await runner.tick();
    expect(
      runner.results.map(({ value, revision }) => [
        value.timestamp_start,
        revision,
        value.interval_messages_consumed,
        value.total_messages_consumed,
      ]),
    ).toEqual([
      [1000, 1, 1, 1],
      [1010, 1, 1, 2],
      [1000, 2, 2, 2],
      [1010, 2, 1, 3],
    ]);
    expect(runner.results.at(-1)?.value.total_device_type_count).toEqual({ android: 1, iOS: 2 });
  });

  it("goes by Kafka's timestamp where the login does not say when it happened", async () => {
    const runner = run();
    for (const timestamp of [null, "", "soon", "-5", "1e3"]) await runner.feed(0, at(0, { timestamp }));
    await runner.feed(0, at(1011));
    await runner.tick();
    expect(runner.results.map(({ value }) => [value.timestamp_start, value.interval_messages_consumed])).toEqual([
      [1000, 5],
    ]);
  });
});

describe("a login", () => {
  it.each([
    { login: whole, missing: [], why: "everything is there" },
    { login: { ...whole, ip: null, locale: "" }, missing: ["ip", "locale"], why: "null and empty are missing" },
    {
      login: {},
      missing: ["user_id", "app_version", "device_type", "ip", "locale", "device_id", "timestamp"],
      why: "nothing is there",
    },
  ])("$why", ({ login, missing }) => {
    expect(missingFields(LoginSchema.parse(login))).toEqual(missing);
  });

  it.each([
    { login: { ...whole, extra: 1 }, ok: true, why: "an unknown field is ignored" },
    { login: {}, ok: true, why: "no field is needed" },
    { login: { ...whole, timestamp: 42 }, ok: false, why: "a timestamp is text" },
    { login: [], ok: false, why: "a list is no login" },
  ])("$why", ({ login, ok }) => {
    expect(LoginSchema.safeParse(login).success).toBe(ok);
  });

  it("of a device type called __proto__ is counted like any other", async () => {
    const runner = run();
    await runner.feed(0, at(1000, { device_type: "__proto__" }), at(1011));
    await runner.tick();
    expect(JSON.stringify(runner.results[0]?.value.total_device_type_count)).toBe('{"__proto__":1}');
  });
});
