// Objects of a bucket. A name that stays is replaced by conditional writes, with its version in the object's metadata.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html

import { HeadObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { caching, type ObjectStore, type StoredObject } from "./objects.ts";

export interface BucketOptions {
  readonly client: S3Client;
  readonly bucket: string;
}

/** What has to be so for a write to be made: the object is not there, or still is the one with this tag. */
type Condition = { readonly IfNoneMatch: "*" } | { readonly IfMatch: string };

const absent: Condition = { IfNoneMatch: "*" };

/** The objects of a bucket. It needs s3:GetObject and s3:PutObject on them, and not to list them. */
export function bucketObjects({ client, bucket: Bucket }: BucketOptions): ObjectStore {
  /** As last seen here: the first guess, which costs nothing where it is right. */
  const seen = new Map<string, string>();

  async function put(Key: string, { body, contentType }: StoredObject, rest: object): Promise<string | undefined> {
    const { ETag } = await client.send(
      new PutObjectCommand({ Bucket, Key, Body: body, ContentType: contentType, ...rest }),
    );
    return ETag;
  }

  /** Writes it if the condition holds; what else may be there is for the next try to find out. */
  async function putIf(name: string, object: StoredObject, rest: Condition & object): Promise<"done" | Refusal> {
    try {
      const tag = await put(name, object, rest);
      if (tag !== undefined) seen.set(name, tag);
      return "done";
    } catch (error) {
      return refusalIn(error);
    }
  }

  async function present(Key: string): Promise<{ readonly version: number; readonly condition: Condition }> {
    const { Metadata, ETag } = await client.send(new HeadObjectCommand({ Bucket, Key }));
    const version = Number(Metadata?.version ?? Number.NEGATIVE_INFINITY);
    return { version, condition: ETag === undefined ? absent : { IfMatch: ETag } };
  }

  return {
    async put(name, object) {
      await put(name, object, { CacheControl: caching.forever });
    },
    async replace(name, object, version) {
      const settings = { CacheControl: caching.asking, Metadata: { version: String(version) } };
      const tag = seen.get(name);
      let condition: Condition = tag === undefined ? absent : { IfMatch: tag };
      for (;;) {
        const outcome = await putIf(name, object, { ...settings, ...condition });
        if (outcome === "done") return true;
        if (outcome === "gone") condition = absent;
        if (outcome !== "changed") continue;
        const there = await present(name);
        if (there.version >= version) return there.version === version;
        condition = there.condition;
      }
    },
  };
}

/** The object to be replaced has been deleted, another write of it is under way, or it is another one than was expected. */
type Refusal = "gone" | "busy" | "changed";

const refusals: Readonly<Record<number, Refusal>> = { 404: "gone", 409: "busy", 412: "changed" };

function refusalIn(error: unknown): Refusal {
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  const refusal =
    error instanceof S3ServiceException && error.name === "NoSuchBucket" ? undefined : refusals[status ?? 0];
  if (refusal === undefined) throw error;
  return refusal;
}
