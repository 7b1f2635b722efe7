// Parses a template file: JSON, or YAML with CloudFormation's tags (!Ref, !Sub, !GetAtt …), which are its intrinsic functions written short.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
import { readFileSync } from "node:fs";
import { type CollectionTag, parseDocument, type ScalarTag, type YAMLMap, type YAMLSeq } from "yaml";

/** The template as plain values, with intrinsic functions in their long form. Throws with what to do. */
export function readDocument(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(
      `Can't read the template ${file}. Run \`npx serverless package\` first, which writes one to .serverless, or give the path of yours (JSON or YAML).`,
      { cause },
    );
  }
  let document: unknown;
  try {
    document = /^\s*\{/.test(text) ? JSON.parse(text) : parseYaml(text);
  } catch (cause) {
    throw new Error(
      `Can't read the template ${file}: ${cause instanceof Error ? cause.message : cause}. It must be CloudFormation's JSON or YAML.`,
      { cause },
    );
  }
  refuseUnexpanded(Object(document));
  const { Resources } = Object(document);
  if (typeof Resources !== "object" || Resources === null || Object.keys(Resources).length === 0) {
    throw new Error(
      `Can't run the template ${file}: Template format error: At least one Resources member must be defined.`,
    );
  }
  return document;
}

/** YAML as CloudFormation reads it. */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text, { customTags: TAGS, merge: true });
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong !== undefined) throw wrong;
  return document.toJS();
}

const FUNCTIONS =
  `And Base64 Cidr Equals FindInMap GetAtt GetAZs If ImportValue Join Length Not Or Select Split Sub ToJsonString
  Transform`.split(/\s+/);

// A tag has one reading for each form that its argument may have.
const TAGS = ["Ref", "Condition", ...FUNCTIONS].flatMap((name): (ScalarTag | CollectionTag)[] => {
  const key = name === "Ref" || name === "Condition" ? name : `Fn::${name}`;
  const list = { tag: `!${name}`, collection: "seq", resolve: (node: YAMLMap | YAMLSeq) => ({ [key]: node.toJSON() }) };
  return [
    { tag: `!${name}`, resolve: (argument: string) => ({ [key]: argument }) },
    { ...list, collection: "seq" },
    { ...list, collection: "map" },
  ];
});

/** Macros and SAM's shorthand become CloudFormation inside AWS only. */
function refuseUnexpanded({ Resources, ...rest }: Readonly<Record<string, unknown>>): void {
  const types = Object.entries(Object(Resources)).map(([name, body]) => [name, String(Object(body).Type)] as const);
  const [name, type] = types.find(([, type]) => type.startsWith("AWS::Serverless::")) ?? [];
  if (name !== undefined) {
    throw new Error(
      `Resource '${name}' is SAM's ${type}, which isn't expanded here. Give the template that SAM makes of it: of a deployed stack ` +
        "`aws cloudformation get-template --template-stage Processed --stack-name NAME --query TemplateBody`, or what SAM's translator writes " +
        "(bin/sam-translate.py of aws/serverless-application-model); with --code FUNCTION=FOLDER for its functions' code.",
    );
  }
  const macro = [...types.map(([key]) => key), ...Object.keys(rest)].find((key) =>
    /^Fn::(ForEach|Transform)/.test(key),
  );
  if (macro === undefined) return;
  throw new Error(
    `${macro} is expanded inside AWS only: give the processed template (\`aws cloudformation get-template --template-stage Processed\`).`,
  );
}
