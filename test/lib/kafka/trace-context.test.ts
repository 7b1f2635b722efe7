import { describe, expect, test } from "vitest";
import type { WireRecord } from "../../../lib/kafka/event.ts";
import { traceHeadersOf, traceIdIn, traceLinks, traceparentOfXray } from "../../../lib/kafka/trace-context.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const bytes = (text: string) => [...Buffer.from(text)];
const record = (headers: WireRecord["headers"]): WireRecord => ({
  ...{ topic: "t", partition: 0, offset: 1, timestamp: 0, timestampType: "CREATE_TIME", value: "", headers },
});

describe("trace context", () => {
  test("is taken from a record's headers as it is, with its state", () => {
    const headers = [{ other: [1] }, { traceparent: bytes(traceparent) }, { tracestate: bytes("vendor=1") }];
    expect(traceHeadersOf(record(headers))).toEqual({ traceparent, tracestate: "vendor=1" });
  });

  test.each([
    ["no headers", []],
    ["others only", [{ origin: bytes(traceparent) }]],
    ["an empty one", [{ traceparent: [] }]],
    ["another text", [{ traceparent: bytes("garbage") }]],
    ["a null value", [{ traceparent: null }]],
  ])("is none with %s", (_what, headers) => expect(traceHeadersOf(record(headers))).toBeUndefined());

  test.each([
    [traceparent, "4bf92f3577b34da6a3ce929d0e0e4736"],
    [`cc${traceparent.slice(2)}-more of a later version`, "4bf92f3577b34da6a3ce929d0e0e4736"],
    [`ff${traceparent.slice(2)}`, undefined],
    [`00-${"0".repeat(32)}-00f067aa0ba902b7-01`, undefined],
    [`00-4bf92f3577b34da6a3ce929d0e0e4736-${"0".repeat(16)}-01`, undefined],
    [traceparent.toUpperCase(), undefined],
  ])("of %s the trace is %s", (text, id) => expect(traceIdIn(text)).toBe(id));

  test("a batch's links are its records' traces, each once, 32 at most", () => {
    const of = (n: number) =>
      record([{ traceparent: bytes(`00-${n.toString(16).padStart(32, "0")}-00f067aa0ba902b7-01`) }]);
    expect(traceLinks([of(1), record([]), of(2), of(1)])).toEqual(["1".padStart(32, "0"), "2".padStart(32, "0")]);
    expect(traceLinks(Array.from({ length: 100 }, (_, i) => of(i + 1)))).toHaveLength(32);
  });

  test.each([
    [
      "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
      "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
    ],
    [
      "Self=1-x;Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
      "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00",
    ],
    ["Root=1-5759e988-bd862e3fe1be46a994272793", undefined],
    ["", undefined],
  ])("X-Ray's %s is %s", (header, wanted) => expect(traceparentOfXray(header)).toBe(wanted));
});
