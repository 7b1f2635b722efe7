// The licences of everything that package-lock.json names, as the page LICENSES.md. Pure: the lock file goes in, text comes out.

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  /** It is there for development only. */
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** It may be part of what is deployed. */
  readonly isDeployed: boolean;
}

/** What packages say is elsewhere, read there. */
const readElsewhere: Readonly<Record<string, string>> = {
  "dejavu-fonts-ttf": "Bitstream-Vera", // and changes to it in the public domain: its LICENSE
};

/** Whoever uses these may do as they like with their own code, once the notice stays. */
const permissive = new Set(
  ["MIT", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "BlueOak-1.0.0", "CC0-1.0"].concat(
    ...["Python-2.0", "PSF-2.0", "Zlib", "Bitstream-Vera"],
  ),
);
/** These bind whoever changes the package's own files, and nobody else. */
const byFile = new Set(["MPL-2.0"]);

/** Every package of the lock file, by name. */
export function licensedPackages({ packages }: Lock): readonly Licensed[] {
  const all = Object.entries(packages).filter(([path]) => path !== "");
  const licensed = all.map(([path, { version = "", license = "", dev, devOptional }]) => {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    return { name, version, license: readElsewhere[name] ?? license, isDeployed: !(dev || devOptional) };
  });
  const unique = new Map(licensed.map((one) => [`${one.name} ${one.version} ${one.isDeployed}`, one]));
  return [...unique.values()].sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/** Whether a licence leaves users' own code alone. An expression of SPDX: one of an OR is enough, of an AND it takes all. */
export function leavesUsersFree(license: string): boolean {
  const bare = license.replace(/^\((.*)\)$/, "$1");
  if (bare.includes(" OR ")) return bare.split(" OR ").some(leavesUsersFree);
  return bare.split(" AND ").every((one) => permissive.has(one) || byFile.has(one));
}

/** The page. */
export function licensePage(lock: Lock): string {
  const all = licensedPackages(lock);
  const deployed = all.filter(({ isDeployed }) => isDeployed);
  const byLicense = Map.groupBy(
    all.filter(({ isDeployed }) => !isDeployed),
    ({ license }) => license,
  );
  return [
    "# Licences of dependencies",
    "",
    "Made from `package-lock.json` by `npm run licenses`; a test compares the two.",
    "",
    "## Run time",
    "",
    "What a function's bundle may hold. MPL-2.0 binds whoever changes the package's own files; nothing here does.",
    "",
    "| package | version | licence |",
    "|---|---|---|",
    ...deployed.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`),
    "",
    "## Development",
    "",
    "Tools and tests; nothing of them is deployed.",
    "",
    "| licence | packages |",
    "|---|---|",
    ...[...byLicense]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([license, ones]) => `| ${license} | ${namesOf(ones)} |`),
    "",
  ].join("\n");
}

const NAMES_SHOWN = 12;

function namesOf(packages: readonly Licensed[]): string {
  const names = [...new Set(packages.map(({ name }) => name))];
  return names.length > NAMES_SHOWN ? String(names.length) : `${names.length}: ${names.join(", ")}`;
}
