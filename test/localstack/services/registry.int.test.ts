// The registry speaks Confluent's HTTP API and refuses a schema that can't read what was written with the one before.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startServices } from "../../../localstack/services/services.ts";
import { schemaRegistryUrl } from "../../support/on-demand.ts";

const fields = (...names: string[]) => names.map((name) => ({ name, type: "string" }));

async function register(url: string, subject: string, ...names: string[]): Promise<{ status: number; id?: number }> {
  const schema = JSON.stringify({ type: "record", name: "Event", fields: fields(...names) });
  const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
  const response = await fetch(`${url}/subjects/${subject}/versions`, {
    method: "POST",
    headers,
    body: JSON.stringify({ schema }),
  });
  const { id } = (await response.json()) as { id?: number };
  return { status: response.status, ...(id === undefined ? {} : { id }) };
}

test("a schema keeps its id, and one that could not read older records is refused", async () => {
  const url = await schemaRegistryUrl();
  const subject = `test-${randomUUID()}`;
  const first = await register(url, subject, "name");
  expect(first).toEqual({ status: 200, id: expect.any(Number) });
  expect(await register(url, subject, "name")).toEqual(first);
  expect(await register(url, subject, "name", "added_without_default")).toMatchObject({ status: 409 });
  const stored = await fetch(`${url}/schemas/ids/${first.id}`);
  expect(await stored.json()).toMatchObject({ schema: expect.stringContaining('"name":"Event"') });
});

test("schemas have the same ids after it was killed", async () => {
  const logsFolder = mkdtempSync(join(tmpdir(), "registry-test-"));
  const services = await startServices({ want: ["registry"], from: ["embedded"], logsFolder });
  try {
    const url = services.schemaRegistryUrl;
    await register(url, "other", "other");
    const before = await register(url, "kept", "name");
    await services.registry.kill();
    await services.registry.restart();
    expect(await register(url, "kept", "name")).toEqual(before);
    expect(await register(url, "kept", "name", "added_without_default")).toMatchObject({ status: 409 });
  } finally {
    await services.stop();
    rmSync(logsFolder, { recursive: true });
  }
});
