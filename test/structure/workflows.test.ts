// The GitHub workflows: sound by GitHub's own parser, every action pinned, no right beyond what a job needs, no key to AWS.
import { describe, expect, it } from "vitest";
import { exists, files, read, yaml } from "../support/source-tree.ts";
import { workflowComplaints } from "../support/workflow-complaints.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly uses?: string;
  readonly "timeout-minutes"?: number;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const paths = files(".github/workflows/*.yml");
const workflows = paths.map((path) => ({ path, workflow: yaml(path) as Workflow, text: read(path) }));

describe("the workflows", () => {
  it.each(paths)("%s is one by GitHub's own parser", async (path) => {
    expect(await workflowComplaints(path.split("/").at(-1) ?? "", read(path))).toEqual([]);
  });

  it("would not be with a job that isn't there or an input that nobody takes", async () => {
    const broken = read(".github/workflows/main.yml")
      .replace("needs: ci", "needs: si")
      .replace("stage: dev", "stages: dev");
    const complaints = await workflowComplaints("broken.yml", broken);
    for (const word of ["'si'", "stage", "stages"]) expect(complaints.join("\n")).toContain(word);
  });

  it("deploy dev from main, staging and then prod from a release's tag, each only after the checks", () => {
    const deployed = workflows.flatMap(({ path, workflow }) =>
      Object.entries(workflow.jobs)
        .filter(([, { uses }]) => uses?.endsWith("/deploy.yml"))
        .map(([job, { needs, with: given }]) => `${path.split("/").at(-1)} ${job} ${given?.stage} after ${needs}`),
    );
    expect(deployed).toEqual([
      "main.yml dev dev after ci",
      "release.yml staging staging after ci",
      "release.yml prod prod after staging",
    ]);
  });
});

describe.each(workflows)("$path", ({ workflow, text }) => {
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, { steps = [] }]) => steps);

  it("uses actions by their commit's full hash, with the version beside it", () => {
    const uses = [...text.matchAll(/^\s*(?:- )?uses: (?<what>.*)$/gm)].map(({ groups }) => groups?.what ?? "");
    const isPinned = (what: string) => /^[\w-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(what);
    const isOwn = (what: string) => what.startsWith("./") && exists(what.slice(2));
    expect(uses.filter((what) => !isPinned(what) && !isOwn(what))).toEqual([]);
    expect(uses.length).toBe(jobs.filter(([, { uses }]) => uses).length + steps.filter(({ uses }) => uses).length);
  });

  it("names its rights, and writes only what its jobs are for", () => {
    const rights = [workflow.permissions, ...jobs.map(([, { permissions }]) => permissions)];
    expect(workflow.permissions).toBeDefined();
    const written = rights.flatMap((given) => {
      expect(typeof (given ?? {})).toBe("object"); // not write-all, nor read-all
      return Object.entries(given ?? {})
        .filter(([, right]) => right === "write")
        .map(([what]) => what);
    });
    expect(written.filter((what) => what !== "id-token" && what !== "pull-requests")).toEqual([]);
  });

  it("gives a job that may write no code of a pull request to run", () => {
    expect(workflow.on).not.toHaveProperty("pull_request_target");
    for (const [, { permissions = {}, steps = [] }] of jobs) {
      if (permissions["pull-requests"] !== "write") continue;
      expect(
        steps.filter(({ uses, run }) => /checkout@/.test(uses ?? "") || /\bnpm\b|\bnpx\b|\bnode\b/.test(run ?? "")),
      ).toEqual([]);
    }
  });

  it("hands values to scripts in variables, where they can't become part of the script", () => {
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  it("keeps no key: not AWS's, and not its own in a checkout", () => {
    expect(text).not.toMatch(/secrets\.|aws-access-key-id|AWS_SECRET_ACCESS_KEY/);
    for (const { uses, with: given } of steps) {
      if (uses?.startsWith("actions/checkout@")) expect(given?.["persist-credentials"]).toBe(false);
    }
  });

  it("ends every job in time, and runs beside itself only where that does no harm", () => {
    expect(jobs.filter(([, job]) => job.uses === undefined && job["timeout-minutes"] === undefined)).toEqual([]);
    if (Object.keys(workflow.on).join() !== "workflow_call" || text.includes("deploy --stage")) {
      expect(workflow.concurrency).toBeDefined();
    }
  });

  it("runs commands that exist", () => {
    const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
    const run = steps.flatMap(({ run = "" }) =>
      [...run.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name ?? ""),
    );
    expect(run.filter((name) => !scripts.includes(name))).toEqual([]);
  });
});

describe("actions", () => {
  it("have one version each", () => {
    const used = new Map<string, Set<string>>();
    for (const { text } of workflows) {
      for (const [, name = "", version = ""] of text.matchAll(/uses: ([\w-]+\/[\w.-]+)@(\S+ # \S+)/g)) {
        used.set(name, (used.get(name) ?? new Set()).add(version));
      }
    }
    expect([...used].filter(([, versions]) => versions.size > 1).map(([name]) => name)).toEqual([]);
  });
});
