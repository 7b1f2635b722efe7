// What every place for objects must do, whatever it is made of: a folder and a bucket both pass this.

import { expect, it } from "vitest";
import type { ObjectStore, StoredObject } from "../../../lib/objects/objects.ts";

export interface Place {
  /** Another execution environment's view of the place: it remembers nothing. */
  open(): ObjectStore;
  /** What stands under a name now. */
  read(name: string): Promise<string | undefined>;
}

const text = (body: string): StoredObject => ({ body: Buffer.from(body), contentType: "text/plain" });

export function objectsSuite(place: () => Place): void {
  const fresh = () => `suite/${crypto.randomUUID()}/file.txt`;

  it("keep what was put", async () => {
    const name = fresh();
    await place().open().put(name, text("once"));
    expect(await place().read(name)).toBe("once");
  });

  it("replace a name that stays by newer versions, from any environment", async () => {
    const name = fresh();
    const here = place().open();
    for (const version of [1_700_000_000_001, 1_700_000_000_101]) {
      expect(await here.replace(name, text(`v${version}`), version)).toBe(true);
      expect(
        await place()
          .open()
          .replace(name, text(`w${version}`), version + 10),
      ).toBe(true);
    }
    expect(await place().read(name)).toBe("w1700000000101");
  });

  it("are not changed by who comes late with an older version", async () => {
    const name = fresh();
    const late = place().open();
    await late.replace(name, text("first"), 1_700_000_000_001);
    await place().open().replace(name, text("newest"), 1_700_000_000_003);
    expect(await late.replace(name, text("late"), 1_700_000_000_002)).toBe(false);
    expect(await place().read(name)).toBe("newest");
  });

  it("have a version that was written already, though the answer was lost", async () => {
    const name = fresh();
    await place().open().replace(name, text("same"), 1_700_000_000_001);
    expect(await place().open().replace(name, text("same"), 1_700_000_000_001)).toBe(true);
  });

  it("end with the newest of many versions that are written at once", async () => {
    const name = fresh();
    const versions = [5, 2, 8, 1, 7, 3, 6, 4];
    await Promise.all(
      versions.map((version) =>
        place()
          .open()
          .replace(name, text(`v${version}`), 1_700_000_000_000 + version),
      ),
    );
    expect(await place().read(name)).toBe("v8");
  });
}
