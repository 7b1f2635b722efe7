// How files are named, how long they get, and what no tracked file may hold.
import { describe, expect, it } from "vitest";
import { files, importsOf, read } from "../support/source-tree.ts";

const LONGEST_FILE = 300;
const LONGEST_HANDLER = 25;

const code = files("{functions,lib,localstack,events,test}/**/*.ts", "*.ts");
const texts = files(
  "{functions,lib,localstack,events,test}/**/*.{ts,md,yml,yaml,json,xml,properties}",
  "*.{ts,md,yml,json}",
  ".ci/*",
  ".github/workflows/*",
  ".npmrc",
);

describe("source files", () => {
  it("fit on a few screens", () => {
    const long = code.filter((path) => read(path).trimEnd().split("\n").length > LONGEST_FILE);
    expect(long).toEqual([]);
  });

  it("have names that say what they are, in kebab-case", () => {
    const vague = code.filter((path) => /(^|[/.-])(utils?|helpers?|common|misc|index)([/.-]|$)/.test(path));
    const cased = code.filter((path) => !/^([a-z0-9]+([-.][a-z0-9]+)*\/)*[a-z0-9]+([-.][a-z0-9]+)*$/.test(path));
    expect([...vague, ...cased]).toEqual([]);
  });

  it("define something: none only passes on what others define", () => {
    const barrels = code.filter((path) => {
      const statements = statementsOf(path);
      return statements.length > 0 && statements.every((line) => /^export (type )?(\*|\{.*\}).* from /.test(line));
    });
    expect(barrels).toEqual([]);
  });

  it("take zod as a namespace, which leaves its languages out of a bundle", () => {
    const bundled = code.filter((path) => !path.startsWith("test/"));
    expect(bundled.filter((path) => /^import \{[^}]*\bz\b[^}]*\} from "zod"/m.test(read(path)))).toEqual([]);
  });
});

describe("handlers", () => {
  const handlers = files("functions/**/*handler.ts");

  it("only wire", () => {
    const wiring = (path: string) => statementsOf(path).filter((line) => !line.startsWith("import "));
    expect(handlers.filter((path) => wiring(path).length > LONGEST_HANDLER)).toEqual([]);
  });

  it("reach Kafka and AWS through lib", () => {
    const direct = handlers.filter((path) => importsOf(path).some(({ target }) => /^(@aws-sdk|kafkajs)/.test(target)));
    expect(direct).toEqual([]);
  });
});

describe("tracked files", () => {
  it("name no machine's folders and no package registry", () => {
    const machinePath = /(^|[\s"'`(=:])\/(work|farm|home\/\w|root|Users\/\w)[/\w]*/m;
    const registryHost = /https?:\/\/[\w.-]*(registry\.|npmjs\.|artifactory|nexus|verdaccio|pypi\.|mirror)/;
    const found = texts.flatMap((path) =>
      [machinePath.exec(read(path)), registryHost.exec(read(path))].flatMap((match) =>
        match ? `${path}: ${match[0].trim()}` : [],
      ),
    );
    expect(found).toEqual([]);
  });
});

function statementsOf(path: string): readonly string[] {
  return read(path)
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.trim().startsWith("//"));
}
