// The deployed endpoint on real services: what a client hears, what Kafka has, and what a retry does after the function has died.

import { createHash } from "node:crypto";
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import type { HttpResponse } from "../../../lib/http/http-api.ts";
import { type Commerce, commerce, type Instance } from "../../support/commerce.ts";
import { httpEvent } from "../../support/http-event.ts";
import { readAll } from "../../support/kafka.ts";
import { checkResponse } from "../../support/openapi.ts";
import { until } from "../../support/until.ts";
import { delivery, order, purchase } from "./events.ts";

async function post(
  instance: Instance,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpResponse> {
  const answer = await instance.invoke(httpEvent("POST /track", { body, headers }));
  if (answer?.kind !== "done") throw new Error(`The function answered ${JSON.stringify(answer)}`);
  const response = answer.response as HttpResponse;
  checkResponse("/track", "post", response);
  return response;
}

/** A request as clients make it: again where it can't be carried out now. */
async function taken(...request: Parameters<typeof post>): Promise<HttpResponse> {
  let response = await post(...request);
  await until(async () => {
    if (response.statusCode === 503 || response.statusCode === 409) response = await post(...request);
    return response.statusCode === 202;
  }, "the request");
  return response;
}

/** Moves the time after which an owner that died has ended, and says when it was. */
async function moveLock({ claims }: Commerce, key: string, to: number): Promise<number> {
  const id = createHash("sha256").update(key).digest("hex");
  const { Attributes } = await claims.client.send(
    new UpdateItemCommand({
      TableName: claims.table,
      Key: { pk: { S: `idempotency#track#${id}` }, sk: { S: "request" } },
      UpdateExpression: "SET lockedUntil = :to",
      ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeValues: { ":to": { N: String(to) } },
      ReturnValues: "UPDATED_OLD",
    }),
  );
  return Number(Attributes?.lockedUntil?.N);
}

test("a batch is where its answer says, each event under its user's id, in the registry's wire format", async () => {
  const pipeline = await commerce();
  const track = await pipeline.start("track");
  const events = [order, { ...purchase, user_details: { user_id: 7 } }, delivery, order];
  const places = JSON.parse((await taken(track, events)).body);
  const stored = (
    await Promise.all(
      [pipeline.topics.order, pipeline.topics.purchase, pipeline.topics.delivery].map((topic) => readAll(topic)),
    )
  ).flat();
  expect(new Set(places.map((place: unknown) => JSON.stringify(place))).size).toBe(4);
  for (const [i, { topic, partition, offset }] of places.entries()) {
    const record = stored.find((one) => one.topic === topic && one.partition === partition && one.offset === offset);
    expect(String(record?.key)).toBe(String(events[i]?.user_details.user_id));
    expect(record?.value?.[0]).toBe(0);
    expect(record?.headers).toEqual({});
  }
  const described = await track.invoke(httpEvent("GET /openapi.json"));
  expect(described).toMatchObject({
    kind: "done",
    response: { statusCode: 200, body: expect.stringContaining('"openapi":"3.1.0"') },
  });
  const other = await track.invoke(httpEvent("DELETE /track"));
  expect(other).toMatchObject({ kind: "done", response: { statusCode: 404 } });
});

test.each(["before Produce 1", "after Produce 1"])(
  "killed %s, the same request made again gives one event",
  async (killAt) => {
    const pipeline = await commerce();
    const headers = { "idempotency-key": `key ${killAt}` };
    const doomed = await pipeline.start("track", { killAt });
    const request = httpEvent("POST /track", { body: order, headers });
    await until(async () => (await doomed.invoke(request)) === undefined, "its death");
    const next = await pipeline.start("track");
    // An hour, for the next request may take longer to come than the lock lasts.
    const lockedUntil = await moveLock(pipeline, headers["idempotency-key"], Date.now() + 3_600_000);
    expect(lockedUntil - Date.now()).toBeLessThanOrEqual(20_000);
    const early = await post(next, order, headers);
    expect(early.statusCode).toBe(409);
    expect(Number(early.headers["retry-after"])).toBeLessThanOrEqual(3_600);
    await moveLock(pipeline, headers["idempotency-key"], 1);
    const answer = await taken(next, order, headers);
    const [record, ...more] = await readAll(pipeline.topics.order);
    expect(more).toEqual([]);
    expect(JSON.parse(answer.body)).toEqual({
      topic: record?.topic,
      partition: record?.partition,
      offset: record?.offset,
    });

    expect(await taken(next, order, headers)).toEqual({
      ...answer,
      headers: { ...answer.headers, "idempotency-replayed": "true" },
    });
    expect((await post(next, purchase, headers)).statusCode).toBe(422);
  },
);

test.each([
  ["Kafka", { KAFKA_BROKERS: "127.0.0.1:1" }],
  ["the registry", { SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" }],
  ["the keys' store", { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1" }],
])("without %s the answer is 503", async (_what, environment) => {
  const pipeline = await commerce();
  const track = await pipeline.start("track", { environment });
  const response = await post(track, order, { "idempotency-key": "any" });
  expect(response.statusCode).toBe(503);
  expect(await readAll(pipeline.topics.order)).toEqual([]);
});

test("a deployment with an API key asks for it", async () => {
  const track = await (await commerce()).start("track", { environment: { TRACK_API_KEY: "s3cret" } });
  expect((await post(track, order)).statusCode).toBe(401);
  await taken(track, order, { "x-api-key": "s3cret" });
});
