// The search for personal data finds it.
import { describe, expect, it } from "vitest";
import { allRecords } from "../../events/generate/generator.ts";
import { rides } from "../../events/generate/rides.ts";
import { leaksIn, sentTexts } from "./sent-texts.ts";

const texts = sentTexts({ count: 100, rate: 10 });
const plan = { seed: 1, start: Date.now(), count: 200, rate: 10, latePercent: 2, badPercent: 1 };
const sent = [...allRecords(rides, plan)].filter(({ kind }) => kind === "good").map(({ value }) => String(value));
const ride = JSON.parse(sent[0]!);

describe("the texts of a run", () => {
  it("are those of any run of as many records, whenever it was", () => {
    const documents = sent.map((value) => JSON.parse(value).cpf);
    expect(documents.filter((cpf) => !texts.has(cpf))).toEqual([]);
  });

  it("are of every pipeline with people in it", () => {
    const all = [...texts].join("\n");
    expect(all).toMatch(/^\d{3}\.\d{3}\.\d{3}-\d{2}$/m); // a ride's document
    expect(all).toMatch(/^\d+\.\d+\.\d+\.\d+$/m); // a login's address
    expect(all).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/m); // users and devices
    expect(all).toMatch(/^user-\d+$/m); // a buyer
  });
});

describe("a leak", () => {
  it.each([
    ["a document", `{"message":"poison","detail":"bad cpf ${ride.cpf}"}`, ride.cpf],
    ["a place", `{"message":"a ride from ${ride.source} to South Station"}`, "South Station"],
    ["a whole record in base64", JSON.stringify({ value: Buffer.from(sent[0]!).toString("base64") }), "eyJ"],
  ])("is found: %s", (_what, line, text) => {
    expect(leaksIn(line, texts).some((found) => found.includes(text))).toBe(true);
  });

  it("is not what a log is made of", () => {
    const line =
      '{"level":"info","time":1795279344228,"message":"batch","topic":"input-raw-rides","partition":1,"firstOffset":44,"records":1209}';
    expect(leaksIn(line, texts)).toEqual([]);
  });
});
