// Objects as files of a folder. A file's time of change is its version, so it survives a restart; replacing is done in turn, by a lock beside it.

import { mkdir, open, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ObjectStore, StoredObject } from "./objects.ts";

/** A lock that is older was left behind by a process that died. */
const LOCK_MS = 10_000;
const RETRY_MS = 5;

/** The objects in a folder, which is made when the first is written. */
export function folderObjects(folder: string): ObjectStore {
  return {
    async put(name, object) {
      await write(pathIn(folder, name), object);
    },
    async replace(name, object, version) {
      const path = pathIn(folder, name);
      await mkdir(dirname(path), { recursive: true });
      return inTurn(`${path}.lock`, async () => {
        const present = await versionOf(path);
        if (present >= version) return present === version;
        await write(path, object, version);
        return true;
      });
    },
  };
}

/** Names come from the code, and still none leads out of the folder. */
function pathIn(folder: string, name: string): string {
  const path = join(folder, name);
  if (resolve(path).startsWith(resolve(folder) + sep)) return path;
  throw new Error(`An object's name must lie below its folder: got '${name}'`);
}

/** The file is there whole or not at all. */
async function write(path: string, { body }: StoredObject, version?: number): Promise<void> {
  const unfinished = `${path}.${crypto.randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(unfinished, body);
  if (version !== undefined) await utimes(unfinished, version / 1000, version / 1000);
  await rename(unfinished, path);
}

async function versionOf(path: string): Promise<number> {
  const found = await unlessMissing(stat(path));
  return found === undefined ? Number.NEGATIVE_INFINITY : Math.round(found.mtimeMs);
}

async function inTurn<T>(lock: string, work: () => Promise<T>): Promise<T> {
  while (!(await taken(lock))) await wait(RETRY_MS);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await (await open(lock, "wx")).close();
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    const found = await unlessMissing(stat(lock));
    if (found !== undefined && Date.now() - found.mtimeMs > LOCK_MS) await rm(lock, { force: true });
    return false;
  }
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
