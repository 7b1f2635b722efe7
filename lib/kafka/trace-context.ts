// W3C trace context in records' headers: where a record came from is told on by whatever is made of it. Pure.
// https://www.w3.org/TR/trace-context/

import type { WireRecord } from "./event.ts";
import { headersOf } from "./record.ts";

export const TRACEPARENT = "traceparent";
export const TRACESTATE = "tracestate";

/** Trace ids that are listed of a batch; more would only make lines long. */
const MOST_LINKS = 32;

/** The trace context of a record as headers of what is made of it; undefined where it carries none that is valid. */
export function traceHeadersOf(record: WireRecord): Record<string, string> | undefined {
  if (record.headers?.some((header) => TRACEPARENT in header) !== true) return undefined;
  const headers = headersOf(record);
  const text = (wanted: string) => headers.findLast(({ name }) => name === wanted)?.value?.toString("latin1");
  const traceparent = text(TRACEPARENT);
  if (traceparent === undefined || traceIdIn(traceparent) === undefined) return undefined;
  const tracestate = text(TRACESTATE);
  return { [TRACEPARENT]: traceparent, ...(tracestate === undefined ? {} : { [TRACESTATE]: tracestate }) };
}

/** The traces that a batch's records belong to, each once, in their order. */
export function traceLinks(records: readonly WireRecord[]): readonly string[] {
  const links = new Set<string>();
  for (const record of records) {
    const traceparent = traceHeadersOf(record)?.[TRACEPARENT];
    const id = traceparent === undefined ? undefined : traceIdIn(traceparent);
    if (id !== undefined) links.add(id);
    if (links.size >= MOST_LINKS) break;
  }
  return [...links];
}

/** The trace id in a `traceparent`; undefined where the text is none. */
export function traceIdIn(traceparent: string): string | undefined {
  const [, version, traceId, parentId] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(-.*)?$/.exec(traceparent) ?? [];
  const isValid = version !== "ff" && traceId !== undefined && !/^0+$/.test(traceId) && !/^0+$/.test(parentId ?? "");
  return isValid ? traceId : undefined;
}

/**
 * The `traceparent` of AWS X-Ray's own header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
 * Undefined where it names no parent. https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export function traceparentOfXray(header: string): string | undefined {
  const [, time, random] = /Root=1-([\da-f]{8})-([\da-f]{24})/.exec(header) ?? [];
  const [, parent] = /Parent=([\da-f]{16})/.exec(header) ?? [];
  if (time === undefined || random === undefined || parent === undefined) return undefined;
  return `00-${time}${random}-${parent}-${header.includes("Sampled=1") ? "01" : "00"}`;
}
