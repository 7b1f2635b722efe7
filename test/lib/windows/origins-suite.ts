// What every store of origins must do, whatever it is made of: memory and DynamoDB both pass this.

import { expect, it } from "vitest";
import type { Origins } from "../../../lib/windows/origins.ts";

/** @param open The origins of one pipeline, as any execution environment opens them. */
export function originsSuite(open: () => Origins): void {
  const fresh = () => `orders/0/${crypto.randomUUID()}`;

  it("give an origin to the first record that claims it, for good", async () => {
    const origin = fresh();
    expect(await open().claim(origin, "orders/0/7@1")).toBe(true);
    expect(await open().claim(origin, "orders/0/9@2")).toBe(false);
    expect(await open().claim(origin, "orders/0/7@1")).toBe(true);
  });

  it("give it to one of many that claim it at once", async () => {
    const origin = fresh();
    const claims = Array.from({ length: 8 }, (_, offset) => open().claim(origin, `orders/0/${offset}@1`));
    expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
  });
}
