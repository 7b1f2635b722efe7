import { describe, expect, it } from "vitest";
import type { Picture } from "../../../lib/charts/picture.ts";
import { publishPictures } from "../../../lib/charts/publish.ts";
import type { ObjectStore, StoredObject } from "../../../lib/objects/objects.ts";

const picture: Picture = { title: "Sales", subtitle: "none", panels: [], empty: "No sales yet" };
const publication = { prefix: "sales/", pictures: { shop: picture }, totals: { sales: 3 } };
const noon = Date.UTC(2026, 10, 21, 12, 0, 0, 7);

/** Where files go, in the order of their going. */
function place() {
  const files = new Map<string, StoredObject>();
  const versions = new Map<string, number>();
  const objects: ObjectStore = {
    put: async (name, object) => void files.set(name, object),
    async replace(name, object, version) {
      files.set(name, object);
      versions.set(name, version);
      return true;
    },
  };
  return { files, versions, objects };
}

describe("a drawing", () => {
  it("is there under its time, then as the latest: PNG, SVG and the numbers", async () => {
    const { files, versions, objects } = place();
    await publishPictures(objects, { ...publication, at: noon });
    const names = ["shop.svg", "shop.png", "totals.json"];
    const time = "sales/2026-11-21T12-00-00.007Z";
    expect([...files.keys()]).toEqual([
      ...names.map((name) => `${time}/${name}`),
      ...names.map((name) => `sales/latest/${name}`),
    ]);
    expect([...versions]).toEqual(names.map((name) => [`sales/latest/${name}`, noon]));
    expect([...files.values()].map(({ contentType }) => contentType).slice(0, 3)).toEqual([
      "image/svg+xml",
      "image/png",
      "application/json",
    ]);
    expect(JSON.parse(Buffer.from(files.get("sales/latest/totals.json")!.body).toString())).toEqual({
      at: "2026-11-21T12:00:00.007Z",
      sales: 3,
    });
  });
});
