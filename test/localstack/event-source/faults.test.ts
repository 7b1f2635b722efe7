import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FAULT_KINDS, faultOf, NO_FAULTS, parseFaults } from "../../../localstack/event-source/faults.ts";

const attempts = Array.from({ length: 4000 }, (_, i) => ({ key: `t-${i % 3}`, offset: 7 * i, attempt: i % 2 }));

describe("faults on purpose", () => {
  test("the same seed deals the same faults, another seed others", () => {
    const dealt = (seed: number) =>
      attempts.map((at) => faultOf(parseFaults(`crash=0.2,throttle=0.2,seed=${seed}`), at));
    expect(dealt(7)).toEqual(dealt(7));
    expect(dealt(7)).not.toEqual(dealt(8));
  });

  test("each comes about as often as asked", () => {
    const plan = parseFaults("crash=0.1,timeout=0.2,throttle=0.05,duplicate=0.3");
    const share = (kind: string) => attempts.filter((at) => faultOf(plan, at)?.kind === kind).length / attempts.length;
    for (const kind of FAULT_KINDS) expect(share(kind)).toBeCloseTo(plan[kind], 1);
  });

  test("an attempt that fails meets a new toss, so that nothing fails for ever by chance", () => {
    const plan = parseFaults("crash=0.5");
    for (const at of attempts.slice(0, 200)) {
      const tries = Array.from({ length: 40 }, (_, attempt) => faultOf(plan, { ...at, attempt }));
      expect(tries).toContain(undefined);
    }
  });

  test("an end lies before or after the usual time, half and half", () => {
    const moments = attempts.flatMap((at) => {
      const fault = faultOf(parseFaults("crash=1"), at);
      return fault?.kind === "crash" ? [fault.moment] : [];
    });
    expect(moments.length).toBe(attempts.length);
    expect(moments.filter((moment) => moment >= 1).length / moments.length).toBeCloseTo(0.5, 1);
  });

  test("without chances nothing befalls anything", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), (key, offset, attempt) => {
        expect(faultOf(NO_FAULTS, { key, offset, attempt })).toBeUndefined();
      }),
    );
  });

  test("everything of the option is read", () => {
    expect(parseFaults("crash=0.01,timeout=0.02,throttle=0.05,duplicate=0.1,rebalance=30s,seed=7")).toEqual({
      ...{ crash: 0.01, timeout: 0.02, throttle: 0.05, duplicate: 0.1, rebalanceEveryMs: 30_000, seed: 7 },
    });
    expect(parseFaults("")).toEqual(NO_FAULTS);
  });

  test.each([
    ["crush=0.1", "--fault knows crash, timeout, throttle, duplicate, rebalance and seed: got 'crush=0.1'"],
    ["crash=2", "--fault crash= takes a chance from 0 to 1, got '2'"],
    ["crash=", "--fault crash= takes a chance from 0 to 1, got ''"],
    ["rebalance=30", "--fault rebalance= takes a time of 1s or more such as 30s, got '30'"],
    ["seed=x", "--fault seed= takes a whole number, got 'x'"],
    ["crash=0.6,throttle=0.6", "--fault: the chances of an attempt add up to 1 at most, got 1.2"],
  ])("%s is refused with a sentence", (text, sentence) => expect(() => parseFaults(text)).toThrow(sentence));
});
