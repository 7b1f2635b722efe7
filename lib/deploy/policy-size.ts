// How large a role's policy is: CloudFormation would say so in the middle of a deployment. Pure.

import type { Statement } from "./statement.ts";

// All inline policies of a role together, without white space:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const MOST_CHARACTERS = 10_240;
/** What CloudFormation makes of a reference: a table's or queue's ARN ends in the stack's name, the resource's and its own letters. */
const LONGEST_REFERENCE = 200;

export function documentOf(statements: readonly Statement[]) {
  return { Version: "2012-10-17", Statement: statements };
}

/** A sentence when it may be more than IAM takes; empty when it can't. */
export function sizeFaults(name: string, statements: readonly Statement[]): readonly string[] {
  const size = policySize(statements);
  if (size <= MOST_CHARACTERS) return [];
  return [
    `Function '${name}': its role's policy has up to ${size} characters, and IAM takes ${MOST_CHARACTERS}. Shorten the names of cluster, service or topics, or split the function.`,
  ];
}

/** Its text with every reference at its longest. */
function policySize(statements: readonly Statement[]): number {
  return JSON.stringify(documentOf(statements), (_key, value) => resolved(value)).length;
}

function resolved(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const [kind = "", argument] = Object.entries(value)[0] ?? [];
  // A pseudo parameter's name is as long as the longest that it stands for, `ap-southeast-1`.
  if (kind === "Fn::Sub") return String(argument).replace(/\$\{(?!AWS::)[^}]+\}/g, "x".repeat(LONGEST_REFERENCE));
  return /^(Ref|Fn::.+)$/.test(kind) ? "x".repeat(LONGEST_REFERENCE) : value;
}
