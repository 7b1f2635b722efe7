// What no deployed file may do: leave certificates unchecked, or hold a secret.
import { describe, expect, it } from "vitest";
import { files, read } from "../support/source-tree.ts";

const deployed = files("{functions,lib}/**/*.{ts,yml,json}", "serverless.yml");
const found = (pattern: RegExp, among: readonly string[] = deployed) =>
  among.filter((path) => pattern.test(read(path)));

describe("what is deployed", () => {
  it("checks certificates everywhere: nothing of it can turn that off", () => {
    expect(deployed.length).toBeGreaterThan(100);
    expect(found(/rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity|insecure|no-verify/i)).toEqual(
      [],
    );
  });

  it("names addresses in the clear on this machine only", () => {
    const addresses = deployed.flatMap((path) =>
      [...read(path).matchAll(/\bhttp:\/\/(?<host>[\w.-]+)/g)].map(({ groups }) => `${path}: ${groups?.host}`),
    );
    expect(addresses.filter((address) => !/: (127\.0\.0\.1|localhost|json-schema\.org)$/.test(address))).toEqual([]);
  });

  it("holds no key", () => {
    const tracked = files("{functions,lib,localstack,events,.github}/**/*.{ts,yml,json}", "*.{ts,yml,json,md}");
    expect(found(/\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{36}/, tracked)).toEqual([]);
  });
});
