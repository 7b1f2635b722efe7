// This execution environment's objects: a bucket on AWS, a folder where one is named.

import { fileURLToPath } from "node:url";
import { S3Client } from "@aws-sdk/client-s3";
import { folderObjects } from "./folder.ts";
import type { ObjectStore } from "./objects.ts";
import { bucketObjects } from "./s3.ts";

export interface ObjectsPlace {
  readonly bucket: string;
  /** A path or a `file:` address: used instead of the bucket. */
  readonly folder: string | undefined;
}

/** The objects of a place. The client finds region, credentials and endpoint in the environment. */
export function objectsIn({ bucket, folder }: ObjectsPlace): ObjectStore {
  if (folder === undefined) return bucketObjects({ client: new S3Client({ maxAttempts: 5 }), bucket });
  return folderObjects(folder.startsWith("file:") ? fileURLToPath(folder) : folder);
}
