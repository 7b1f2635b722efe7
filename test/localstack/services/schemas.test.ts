// A sample event carries schema ids. They hold where the registry is new: local start registers the contracts in the order of their topics.
import { basename } from "node:path";
import { expect, test } from "vitest";
import type { WireRecord } from "../../../lib/kafka/event.ts";
import { schemaIdOf } from "../../../lib/registry/wire-format.ts";
import { files, read } from "../../support/source-tree.ts";

const topics = files("functions/*/*.avsc.json")
  .map((path) => basename(path, ".avsc.json"))
  .sort();
const samples: readonly WireRecord[] = files("events/*.json").flatMap((path) =>
  Object.values<WireRecord[]>(JSON.parse(read(path)).records ?? {}).flat(),
);

test.each(topics)("a sample record of %s has the id that its schema gets in a new registry", (topic) => {
  const records = samples.filter((record) => record.topic === topic && record.value != null);
  const ids = records.map(({ value }) => schemaIdOf(Buffer.from(value ?? "", "base64")));
  expect(new Set(ids)).toEqual(new Set(records.length === 0 ? [] : [topics.indexOf(topic) + 1]));
});
