import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readSecret, secretFilesOf } from "../../../../localstack/event-source/access/secrets.ts";

const folder = mkdtempSync(join(tmpdir(), "secrets-"));
afterAll(() => rmSync(folder, { recursive: true }));

const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders/kafka-AbC12x";
const login = { usedFor: "BASIC_AUTH", needed: ["username", "password"], optional: ["note"] } as const;

function file(content: string): string {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, content);
  return path;
}

function read(content: string, by = arn) {
  return readSecret(arn, login, { secretFiles: new Map([[by, file(content)]]), environment: {} });
}

describe("a secret", () => {
  test.each([
    ["its ARN", arn],
    ["its name, without AWS's six characters", "orders/kafka"],
    ["its name as the ARN ends", "orders/kafka-AbC12x"],
  ])("is read from the file that is given for %s", async (_what, by) =>
    expect(await read('{"username":"u","password":"p","engine":"x"}', by)).toEqual({ username: "u", password: "p" }),
  );

  test("that was changed is read as it is now", async () => {
    const secretFiles = new Map([[arn, file('{"username":"u","password":"old"}')]]);
    expect((await readSecret(arn, login, { secretFiles })).password).toBe("old");
    writeFileSync(secretFiles.get(arn)!, '{"username":"u","password":"new"}');
    expect((await readSecret(arn, login, { secretFiles })).password).toBe("new");
  });

  test.each([
    ["is not JSON", "hunter2 hunter3", /is not a JSON object\. It takes {"username": "…", "password": "…"/],
    ["is JSON of another kind", '"hunter2"', /is not a JSON object/],
    ["lacks fields", '{"user":"hunter2","password":""}', /has no text in 'username' and 'password'/],
    ["has a field of another kind", '{"username":"u","password":"hunter2","note":5}', /has no text in 'note'/],
  ])("that %s is refused by the fields it should have, without a word of its content", async (_what, content, text) => {
    const error = await read(content).then(
      () => new Error("it was taken"),
      (refusal: Error) => refusal,
    );
    expect(error.message).toMatch(text);
    expect(error.message).toContain(`Secret '${arn}' (BASIC_AUTH)`);
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain("hunter2");
  });

  test("without a file and without an endpoint in force is refused with both ways to give it", () =>
    expect(readSecret(arn, login, { environment: {} })).rejects.toThrow(
      /can't be read: name a file of JSON for it with --secret orders\/kafka=FILE, or give .*--aws-endpoint/,
    ));

  test("whose file is not there is refused by the file's name", () =>
    expect(
      readSecret(arn, login, { secretFiles: new Map([[arn, join(folder, "absent.json")]]), environment: {} }),
    ).rejects.toThrow(/absent\.json, given with --secret, can't be read/));

  test("is never asked of AWS because its variables happen to lie about", () =>
    expect(
      readSecret(arn, login, { environment: { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "y" } }),
    ).rejects.toThrow(/can't be read/));
});

describe("--secret", () => {
  test("takes ARN-or-name=FILE", () =>
    expect([...secretFilesOf(["orders/kafka=a.json", `${arn}=b=c.json`])]).toEqual([
      ["orders/kafka", "a.json"],
      [arn, "b=c.json"],
    ]));

  test.each(["orders/kafka", "=a.json", "orders="])("refuses '%s'", (text) =>
    expect(() => secretFilesOf([text])).toThrow(/--secret takes ARN-or-name=FILE/),
  );
});
