// What a reviewer is told about a change of the template.
import { describe, expect, it } from "vitest";
import { type Template, templateDifferences, templateDiffMarkdown } from "../../../lib/deploy/template-diff.ts";

const queue = (properties: object, attributes: object = {}) => ({
  Type: "AWS::SQS::Queue",
  Properties: properties,
  ...attributes,
});
const withResources = (Resources: Template): Template => ({ AWSTemplateFormatVersion: "2010-09-09", Resources });

/** The table's rows, without the borders. */
function rows(before: Template, after: Template): readonly string[] {
  const lines = templateDiffMarkdown(before, after).split("\n");
  return lines.filter((line) => line.startsWith("| ")).slice(1);
}

describe("differences of two templates", () => {
  it("are none between a template and itself", () => {
    const template = withResources({ Queue: queue({ DelaySeconds: 1, Tags: [{ Key: "a" }] }) });
    expect(templateDiffMarkdown(template, structuredClone(template))).toBe("The compiled template does not change.\n");
  });

  it("are none where only the order of names and the time of packaging changed", () => {
    const packaged = (time: string) =>
      withResources({
        Fn: { Type: "AWS::Lambda::Function", Properties: { Code: { S3Key: `serverless/s/dev/${time}/fn.zip` } } },
      });
    const first = packaged("1795267669000-2026-11-21T13:27:49.000Z");
    expect(templateDifferences(first, packaged("1795267999000-2026-11-21T13:33:19.000Z"))).toEqual([]);
    expect(templateDifferences({ A: { x: 1, y: 2 } }, { A: { y: 2, x: 1 } })).toEqual([]);
  });

  it("are one row a resource that came or went", () => {
    const before = withResources({ Old: queue({ DelaySeconds: 1 }) });
    const after = withResources({ New: queue({ DelaySeconds: 1, VisibilityTimeout: 9 }) });
    expect(rows(before, after)).toEqual([
      "| added | `New` AWS::SQS::Queue |  |  |  |",
      "| **removed** | `Old` AWS::SQS::Queue | **its data goes with it, unless it is retained** |  |  |",
    ]);
  });

  it.each([
    ["a value", { DelaySeconds: 1 }, { DelaySeconds: 2 }, "`DelaySeconds` | `1` | `2`"],
    ["one that came", {}, { DelaySeconds: 2 }, "`DelaySeconds` |  | `2`"],
    ["one that went", { DelaySeconds: 0 }, {}, "`DelaySeconds` | `0` | "],
    [
      "one deep inside",
      { R: { maxReceiveCount: 3, arn: "a" } },
      { R: { maxReceiveCount: 5, arn: "a" } },
      "`R.maxReceiveCount` | `3` | `5`",
    ],
    ["another kind of value", { KmsKeyId: "k" }, { KmsKeyId: { Ref: "Key" } }, '`KmsKeyId` | `"k"` | `{"Ref":"Key"}`'],
    ["an entry of a list", { Tags: [1, { Value: 2 }] }, { Tags: [1, { Value: 3 }] }, "`Tags[1].Value` | `2` | `3`"],
    ["a longer list", { Tags: ["a", "b"] }, { Tags: ["c", "a", "b"] }, '`Tags` |  | `["c"]`'],
    ["a shorter list", { Tags: ["a", "b", "c"] }, { Tags: ["a", "c"] }, '`Tags` | `["b"]` | '],
    ["text with a pipe and backticks", { Name: "a" }, { Name: "``b|c" }, '`Name` | `"a"` | ``` "``b\\|c" ```'],
  ])("name the property: %s", (_what, before, after, cells) => {
    expect(rows(withResources({ Queue: queue(before) }), withResources({ Queue: queue(after) }))).toEqual([
      `| changed | \`Queue\` AWS::SQS::Queue | ${cells} |`,
    ]);
  });

  it("hold what is beside properties, and the template's other sections", () => {
    const before = { ...withResources({ Queue: queue({}, { DeletionPolicy: "Retain" }) }), Outputs: {} };
    const after = {
      ...withResources({ Queue: queue({}) }),
      Outputs: { Url: { Value: "x" } },
      Metadata: { KafkaTopics: {} },
    };
    expect(rows(before, after)).toEqual([
      "| added | `Metadata.KafkaTopics` |  |  |  |",
      "| added | `Outputs.Url` |  |  |  |",
      '| changed | `Queue` AWS::SQS::Queue | `DeletionPolicy` | `"Retain"` |  |',
    ]);
  });

  it("are counted by resource, however many properties changed", () => {
    const before = withResources({ A: queue({ x: 1, y: 1 }), B: queue({}) });
    const after = withResources({ A: queue({ x: 2, y: 2 }), C: queue({}) });
    expect(templateDiffMarkdown(before, after)).toMatch(/^The compiled template: 1 added, 1 changed, 1 removed\.\n/);
  });

  it("stay within what a comment may hold, and say how many did not fit", () => {
    const many = (value: string) =>
      withResources({ Queue: queue(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p${i}`, value]))) });
    const markdown = templateDiffMarkdown(many("a".repeat(1000)), many("b".repeat(1000)));
    const shown = markdown.split("\n").filter((line) => line.startsWith("| changed")).length;
    expect(markdown.length).toBeLessThan(65_536);
    expect(markdown).toContain(`${500 - shown} more rows have no room here`);
    expect(shown).toBeGreaterThan(50);
  });
});
