// What every store of a view must do, whatever it is made of: memory and DynamoDB both pass this.

import { beforeEach, expect, it } from "vitest";
import type { View, ViewStore } from "../../../lib/windows/view.ts";

const made: View = { at: 10, records: 3, maker: "a" };
const claimed: View = { at: 20, records: 5, maker: "b", until: 80 };

/** @param open The store of a view that was never made; two calls with one name share its state. */
export function viewStoreSuite(open: (name: string) => ViewStore): void {
  let store: ViewStore;
  let name: string;
  beforeEach(() => {
    name = `view-${crypto.randomUUID().slice(0, 8)}`;
    store = open(name);
  });

  it("begins with none", async () => {
    expect(await store.read()).toBeUndefined();
  });

  it("keeps what replaced the expected one, for every environment", async () => {
    expect(await store.replace(undefined, made)).toBe(true);
    expect(await store.replace(made, claimed)).toBe(true);
    expect(await open(name).read()).toEqual(claimed);
    expect(await store.replace(claimed, { ...made, at: 20 })).toBe(true);
    expect(await store.read()).toEqual({ ...made, at: 20 });
  });

  it.each([
    { expected: undefined, why: "there is one already" },
    { expected: { ...claimed, at: 19 }, why: "another claim was made since" },
    { expected: { ...claimed, maker: "c" }, why: "another made the claim in the same millisecond" },
    { expected: made, why: "it is being made" },
    { expected: { at: 20, records: 5, maker: "b" }, why: "it has not been finished" },
  ])("refuses where $why", async ({ expected }) => {
    await store.replace(undefined, claimed);
    expect(await store.replace(expected, { at: 30, records: 9, maker: "d" })).toBe(false);
    expect(await store.read()).toEqual(claimed);
  });

  it("lets one of many claim", async () => {
    const claims = Array.from({ length: 8 }, (_, maker) =>
      store.replace(undefined, { ...claimed, maker: `m${maker}` }),
    );
    expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
  });

  it("knows its own write again when the answer to it was lost", async () => {
    await store.replace(undefined, claimed);
    expect(await store.replace(undefined, claimed)).toBe(true);
  });
}
