import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderObjects } from "../../../lib/objects/folder.ts";
import { objectsSuite } from "./objects-suite.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "objects-"));
});
afterAll(() => rm(folder, { recursive: true }));

const read = (name: string) => readFile(join(folder, name), "utf8");

describe("objects in a folder", () => {
  objectsSuite(() => ({ open: () => folderObjects(folder), read }));

  it("leave nothing beside themselves", async () => {
    await folderObjects(folder).replace("alone/file.txt", { body: Buffer.from("a"), contentType: "text/plain" }, 1_000);
    expect(await readdir(join(folder, "alone"))).toEqual(["file.txt"]);
  });

  it("can be replaced after a process died while it replaced one", async () => {
    const objects = folderObjects(folder);
    const object = { body: Buffer.from("b"), contentType: "text/plain" };
    await objects.replace("locked.txt", object, 1_000);
    await writeFile(join(folder, "locked.txt.lock"), "");
    await utimes(join(folder, "locked.txt.lock"), 0, 0);
    expect(await objects.replace("locked.txt", object, 2_000)).toBe(true);
  });

  it("lie below it", async () => {
    const putting = folderObjects(folder).put("../out.txt", { body: Buffer.from(""), contentType: "text/plain" });
    await expect(putting).rejects.toThrow("must lie below its folder: got '../out.txt'");
  });
});
