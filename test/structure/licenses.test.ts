// LICENSES.md is what the lock file says, and nothing that is deployed binds whoever uses it.
import { describe, expect, it } from "vitest";
import { leavesUsersFree, licensedPackages, licensePage } from "../support/licenses.ts";
import { read } from "../support/source-tree.ts";

const lock = JSON.parse(read("package-lock.json"));
const packages = licensedPackages(lock);

describe("licences", () => {
  it("are listed as the lock file has them: `npm run licenses` writes them anew", () => {
    expect(read("LICENSES.md")).toBe(licensePage(lock));
  });

  it("are known of every package", () => {
    expect(packages.filter(({ license }) => license === "").map(({ name }) => name)).toEqual([]);
  });

  it("leave users free, in everything that may be deployed", () => {
    const deployed = packages.filter(({ isDeployed }) => isDeployed);
    expect(deployed.length).toBeGreaterThan(10);
    expect(deployed.filter(({ license }) => !leavesUsersFree(license))).toEqual([]);
  });

  it("leave users free, in tools and tests too", () => {
    expect(packages.filter(({ license }) => !leavesUsersFree(license))).toEqual([]);
  });
});

describe("a licence", () => {
  it.each([
    ["MIT", true, "asks for its notice only"],
    ["(MIT OR GPL-3.0-or-later)", true, "one may be chosen"],
    ["(MIT AND Zlib)", true, "both ask for little"],
    ["MPL-2.0", true, "binds the package's own files only"],
    ["GPL-3.0-only", false, "binds what is linked to it"],
    ["MIT AND GPL-3.0-only", false, "both hold"],
    ["AGPL-3.0-or-later", false, "binds what is served with it"],
    ["SSPL-1.0", false, "binds what is served with it"],
    ["UNLICENSED", false, "allows nothing"],
    ["", false, "is not known"],
  ])("%s: leaves users free %s, for it %s", (license, isFree) => {
    expect(leavesUsersFree(license)).toBe(isFree);
  });

  it("of a package below another is found, and development is told apart", () => {
    const packages = {
      "": { license: "MIT" },
      "node_modules/a": { version: "1.0.0", license: "MIT" },
      "node_modules/a/node_modules/@scope/b": { version: "2.0.0", license: "ISC", dev: true },
    };
    expect(licensedPackages({ packages })).toEqual([
      { name: "@scope/b", version: "2.0.0", license: "ISC", isDeployed: false },
      { name: "a", version: "1.0.0", license: "MIT", isDeployed: true },
    ]);
  });
});
