// Where a function's code lies on this machine: the zip that `serverless package` wrote, an asset of the CDK, inline text, or as given.
import { statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { asObject, branchOf, type Resource, resolveValue, type Template } from "./template.ts";

export type Code =
  | { readonly zip: string }
  | { readonly directory: string }
  /** The text of `index.js`. */
  | { readonly inline: string }
  | "elsewhere";

/** Throws with what to give where the template doesn't say. */
export function codeOf(
  template: Template,
  { properties, metadata }: Resource,
  { name, codePath }: { readonly name: string; readonly codePath?: string | undefined },
): Code {
  if (codePath !== undefined) return folderOrZip(resolve(codePath), name);
  // https://docs.aws.amazon.com/cdk/v2/guide/assets.html: what the CDK's template says of its own output folder
  const asset = metadata["aws:asset:path"];
  if (asset !== undefined) return folderOrZip(join(template.directory, String(asset)), name);
  const { S3Key, ZipFile } = asObject(branchOf(template, properties.Code)) ?? {};
  if (ZipFile !== undefined) return { inline: String(resolveValue(template, ZipFile)) };
  if (S3Key === undefined) throw new Error(`Where is the code of '${name}'? Give --code ${name}=FOLDER (or a zip).`);
  // The packager writes the zip beside the template, under the name that ends the key in the deployment bucket.
  return { zip: join(template.directory, basename(String(resolveValue(template, S3Key)))) };
}

function folderOrZip(path: string, name: string): Code {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw new Error(`The code of '${name}' is not at ${path}: build it, or give --code ${name}=FOLDER.`);
  return found.isDirectory() ? { directory: path } : { zip: path };
}
