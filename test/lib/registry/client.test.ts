import { expect, test } from "vitest";
import { ConfigError } from "../../../lib/errors.ts";
import { schemaRegistry } from "../../../lib/registry/client.ts";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A registry whose answers are given, one after another. */
function registryAnswering(
  answers: readonly (readonly [status: number, content: unknown])[],
  url = "http://registry:8081",
) {
  const asked: Asked[] = [];
  const fetchFrom: typeof fetch = async (address, init) => {
    const [status, content] = answers[asked.length] ?? [500, {}];
    const body = init?.body === undefined ? undefined : JSON.parse(String(init.body));
    asked.push({ method: String(init?.method), url: String(address), headers: { ...Object(init?.headers) }, body });
    return new Response(typeof content === "string" ? content : JSON.stringify(content), { status });
  };
  return { asked, registry: schemaRegistry(url, fetchFrom) };
}

test("a schema is its kind and its text; Avro where the registry doesn't say", async () => {
  const { registry, asked } = registryAnswering([
    [200, { schema: '"string"' }],
    [200, { schema: "{}", schemaType: "JSON", references: [{ name: "x" }] }],
  ]);
  expect(await registry.schema(7)).toEqual({ kind: "AVRO", text: '"string"', hasReferences: false });
  expect(await registry.schema(8)).toEqual({ kind: "JSON", text: "{}", hasReferences: true });
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET http://registry:8081/schemas/ids/7",
    "GET http://registry:8081/schemas/ids/8",
  ]);
});

test("an id that the registry doesn't know is an answer", async () => {
  const { registry } = registryAnswering([[404, { error_code: 40403, message: "Schema not found" }]]);
  expect(await registry.schema(7)).toBeUndefined();
});

const refusals = [
  {
    status: 404,
    content: "<html>Not Found</html>",
    says: /is not answered as a schema registry does \(404\)/,
    why: "another server",
  },
  { status: 404, content: { error_code: 404 }, says: /is not answered as a schema registry does/, why: "another path" },
  {
    status: 200,
    content: "<html>Log in</html>",
    says: /is not answered as a schema registry does/,
    why: "a login page",
  },
  { status: 401, content: { error_code: 401 }, says: /refuses GET .*\/schemas\/ids\/7 \(401\)/, why: "a wrong key" },
  { status: 403, content: "", says: /refuses GET/, why: "a key without rights" },
];

test.each(refusals)("$why is a matter of the setting, not of the record", async ({ status, content, says }) => {
  const failure = registryAnswering([[status, content]]).registry.schema(7);
  await expect(failure).rejects.toThrow(ConfigError);
  await expect(failure).rejects.toThrow(says);
});

test.each([500, 502, 503, 429, 408])("a registry that fails with %d is tried again", async (status) => {
  const failure = registryAnswering([[status, { error_code: 50001 }]]).registry.schema(7);
  await expect(failure).rejects.toThrow(`GET http://registry:8081/schemas/ids/7: ${status}`);
  await expect(failure).rejects.not.toThrow(ConfigError);
});

test("a gateway's page in front of a registry that is down is tried again", async () => {
  const failure = registryAnswering([[503, "<html>busy</html>"]]).registry.schema(7);
  await expect(failure).rejects.not.toThrow(ConfigError);
});

test("a registry that can't be reached is tried again, and says why", async () => {
  const registry = schemaRegistry("http://registry:8081", async () => {
    throw new TypeError("fetch failed");
  });
  await expect(registry.schema(7)).rejects.toThrow(/does not answer: GET .*: fetch failed/);
});

test("a schema that the subject has is looked up, which a key that may only read can do", async () => {
  const { registry, asked } = registryAnswering([[200, { id: 3, version: 1 }]]);
  expect(await registry.register("trades-value", '"string"')).toBe(3);
  expect(asked).toEqual([
    expect.objectContaining({ url: "http://registry:8081/subjects/trades-value", body: { schema: '"string"' } }),
  ]);
});

test("a schema that is new becomes the subject's next version", async () => {
  const { registry, asked } = registryAnswering([
    [404, { error_code: 40403 }],
    [200, { id: 4 }],
  ]);
  expect(await registry.register("a/b-value", '"string"')).toBe(4);
  expect(asked.at(-1)?.url).toBe("http://registry:8081/subjects/a%2Fb-value/versions");
});

test("an incompatible schema is refused with what to do", async () => {
  const { registry } = registryAnswering([
    [404, { error_code: 40401 }],
    [409, { error_code: 409, message: "field x has no default" }],
  ]);
  const failure = registry.register("trades-value", '"string"');
  await expect(failure).rejects.toThrow(ConfigError);
  await expect(failure).rejects.toThrow(
    "Subject 'trades-value' does not take this schema: it is incompatible with those registered (field x has no default). A new field needs a default",
  );
});

test("what is no schema is refused", async () => {
  const { registry } = registryAnswering([
    [404, { error_code: 40401 }],
    [422, { error_code: 42201, message: "invalid" }],
  ]);
  await expect(registry.register("trades-value", "{")).rejects.toThrow(/answers 422 .* Mend the schema/);
});

test("key, secret and path of the address are used, and said nowhere", async () => {
  const { registry, asked } = registryAnswering([[500, {}]], "https://key:s%3Acret@host:444/apis/ccompat/v7/");
  await expect(registry.schema(1)).rejects.toThrow(/GET https:\/\/host:444\/apis\/ccompat\/v7\/schemas\/ids\/1: 500$/);
  expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from("key:s:cret").toString("base64")}`);
});

test.each(["registry:8081", "", "ftp://registry"])("'%s' is no registry's address", (url) => {
  expect(() => schemaRegistry(url)).toThrow(/SCHEMA_REGISTRY_URL must be an address such as/);
});
