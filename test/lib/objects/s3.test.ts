// The bucket's edge over HTTP with AWS's own client, against a server of this process or the one that S3_ENDPOINT names.

import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketObjects } from "../../../lib/objects/s3.ts";
import { type S3Server, startS3 } from "../../support/s3-server.ts";
import { objectsSuite } from "./objects-suite.ts";

const bucket = `charts-${crypto.randomUUID()}`;
let server: S3Server | undefined;
let client: S3Client;

beforeAll(async () => {
  if (process.env.S3_ENDPOINT === undefined) server = await startS3();
  const endpoint = process.env.S3_ENDPOINT ?? server?.endpoint ?? "";
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
});
afterAll(async () => {
  client.destroy();
  await server?.close();
});

const open = () => bucketObjects({ client, bucket });
const text = (body: string) => ({ body: Buffer.from(body), contentType: "text/plain" });

async function read(Key: string): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return Body?.transformToString();
}

describe("objects in a bucket", () => {
  objectsSuite(() => ({ open, read }));

  it("say what they are and how long they may be kept", async () => {
    await open().put("once.svg", { body: Buffer.from("<svg/>"), contentType: "image/svg+xml" });
    await open().replace("latest.svg", { body: Buffer.from("<svg/>"), contentType: "image/svg+xml" }, 7);
    const [once, latest] = await Promise.all(
      ["once.svg", "latest.svg"].map((Key) => client.send(new HeadObjectCommand({ Bucket: bucket, Key }))),
    );
    expect(once).toMatchObject({ ContentType: "image/svg+xml", CacheControl: "public, max-age=31536000, immutable" });
    expect(latest).toMatchObject({
      ContentType: "image/svg+xml",
      CacheControl: "no-cache",
      Metadata: { version: "7" },
    });
  });

  it("are written anew after somebody has deleted them", async () => {
    const objects = open();
    await objects.replace("deleted.txt", text("one"), 1);
    if (server === undefined) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: "deleted.txt" }));
    else server.objects.delete(`/${bucket}/deleted.txt`);
    expect(await objects.replace("deleted.txt", text("two"), 2)).toBe(true);
    expect(await read("deleted.txt")).toBe("two");
  });

  it("that can't be reached are an error", async () => {
    const gone = bucketObjects({ client, bucket: "not-there" });
    await expect(gone.replace("a.txt", text("a"), 1)).rejects.toMatchObject({ name: "NoSuchBucket" });
  });
});
