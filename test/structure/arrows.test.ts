// Arrows point one way, and pure files stay pure.
import { describe, expect, it } from "vitest";
import { files, importsOf, read, runtimeClosure } from "../support/source-tree.ts";

const code = files("{functions,lib,localstack,events}/**/*.ts");

/** Which of the repository's folders a file may reach into, itself a prefix or a path; the first rule that fits decides. */
const mayReach: readonly (readonly [from: string, to: readonly string[]])[] = [
  ["functions/", ["functions/", "lib/"]],
  ["lib/", ["lib/"]],
  // The command on dead letters says what correction would do: it asks correction itself, here and on AWS.
  ["localstack/dlq", ["localstack/", "functions/commerce/", "lib/"]],
  // So that the command on topics reads and writes as functions do, schemas and permissions included.
  ["localstack/topic", ["localstack/", "lib/"]],
  // Costs are drawn as the summary is.
  ["localstack/cost", ["localstack/", "lib/charts/"]],
  ["localstack/", ["localstack/", "events/generate/", "lib/kafka/event.ts"]],
  ["events/", ["events/", "lib/"]],
];

const pure = [
  ...files("functions/**/*.ts").filter((path) => !/handler\.ts$/.test(path)),
  ...files("lib/windows/{tumbling,aggregators,keyed,fold,watermark,global-window,view,origins,shared-reads}.ts"),
  ...files("lib/charts/{picture,scale,text-width,style,axes,bars}.ts", "localstack/event-source/{batch,settle}.ts"),
  ...files("localstack/event-source/observe/{offset-ranges,journal-line,story,tell}.ts"),
  ...files(
    "lib/deploy/{parameters,stage-faults,policy,policy-size,kafka-policy,statement,slim-source-map,mapping-settings,service-mappings,kafka-topics,template-diff}.ts",
    "lib/{time,errors,plain-number}.ts",
  ),
  ...files("localstack/cost/{coefficients,workload,bill,curve,pipelines,prices}.ts"),
  ...files("lib/deploy/smoke/{probes,mapping-faults,stack-template}.ts"),
];
const clients = /^(@aws-sdk\/|@smithy\/|kafkajs|pg$|node:(fs|net|http|https|child_process|worker_threads|timers)\b)/;
const surroundings =
  /\bprocess\.env\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b/;

describe("arrows", () => {
  it("point from functions to lib, and from localstack to the wire's types alone", () => {
    const astray = code.flatMap((path) => {
      const allowed = mayReach.find(([from]) => path.startsWith(from))?.[1] ?? [];
      return importsOf(path)
        .map(({ target }) => target)
        .filter((target) => target.endsWith(".ts") && !allowed.some((prefix) => target.startsWith(prefix)))
        .map((target) => `${path} imports ${target}`);
    });
    expect(astray).toEqual([]);
  });

  it("nothing that is deployed reaches into the deployment's own code", () => {
    const reached = files("functions/**/*handler.ts").flatMap((path) => [...runtimeClosure(path)]);
    expect(reached.filter((path) => path.startsWith("lib/deploy/"))).toEqual([]);
  });

  it("no files need each other, not even for types", () => {
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (path: string, above: readonly string[]) => {
      if (above.includes(path)) circles.push([...above.slice(above.indexOf(path)), path].join(" → "));
      if (done.has(path)) return;
      done.add(path);
      for (const { target } of importsOf(path)) if (code.includes(target)) visit(target, [...above, path]);
    };
    for (const path of code) visit(path, []);
    expect(circles).toEqual([]);
  });

  it("no handler is imported", () => {
    const importers = code.filter((path) =>
      importsOf(path).some(({ target }) => /^functions\/.*handler\.ts$/.test(target)),
    );
    expect(importers).toEqual([]);
  });
});

describe("pure files", () => {
  it("are there to be checked", () => {
    expect(pure.length).toBeGreaterThan(10);
  });

  it("reach no client and no file system", () => {
    const reached = pure.flatMap((path) => [...runtimeClosure(path)].map((target) => ({ path, target })));
    expect(reached.filter(({ target }) => clients.test(target))).toEqual([]);
  });

  it("reach no environment and no clock", () => {
    const reached = pure.flatMap((path) => [...runtimeClosure(path)].map((target) => ({ path, target })));
    const impure = reached.filter(
      ({ target }) => target.endsWith(".ts") && surroundings.test(withoutComments(read(target))),
    );
    expect(impure).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}
