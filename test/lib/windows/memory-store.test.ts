import { describe } from "vitest";
import { memoryStore } from "../../../lib/windows/memory-store.ts";
import type { WindowStore } from "../../../lib/windows/store.ts";
import { storeSuite } from "./store-suite.ts";

const stores = new Map<string, WindowStore>();

describe("the window store in memory", () => {
  storeSuite((name, version = 1) => {
    const key = `${name}/${version}`;
    const store = stores.get(key) ?? memoryStore();
    stores.set(key, store);
    return store;
  });
});
