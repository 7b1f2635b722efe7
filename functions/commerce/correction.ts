// Dead letters of all types on their ways: what a letter's bytes say, what becomes of it, and the record that goes there. Pure; the registry
// is passed in.

import { type Format, json, Refusal } from "../../lib/kafka/decode.ts";
import type { WireRecord } from "../../lib/kafka/event.ts";
import { bytesOf, DecodedRecord } from "../../lib/kafka/record.ts";
import type { RerouteOptions } from "../../lib/kafka/reroute.ts";
import type { Encoder } from "../../lib/registry/encoder.ts";
import { type Content, outcomeOf } from "./correct.ts";
import { letterOf, provenanceOf } from "./letter.ts";
import { isJson } from "./mend.ts";
import type { CommerceEvent, EventType } from "./schema.ts";
import { recordOf } from "./send-back.ts";

export interface CorrectionEdges {
  /** The registry's wire format, Avro read as it was written: what was refused may follow any schema. */
  readonly format: Format;
  readonly encoders: Readonly<Record<EventType, Encoder<CommerceEvent>>>;
  readonly topics: Readonly<Record<EventType, string>>;
  readonly parkedTopic: string;
  readonly now: () => Date;
}

/** How dead letters are routed: `rerouting({ ...correction(edges) })`. */
export function correction(edges: CorrectionEdges): Omit<RerouteOptions, "connection"> {
  const { format, encoders, topics, parkedTopic, now } = edges;
  return {
    otherwise: parkedTopic,
    prepare: async (records) => {
      await format.prepare?.(records);
    },
    async route(wire) {
      const record = new DecodedRecord(wire, undefined);
      const letter = letterOf(record);
      const key = record.key?.toString("utf8") ?? null;
      const outcome = outcomeOf(letter, contentOf(wire, format), { key, topics });
      const encode = outcome.kind === "sent-back" ? await encoders[outcome.event.event_type].ready() : unneeded;
      return recordOf(record, outcome, { origin: letter.origin, parkedTopic, encode, now: now().toISOString() });
    },
    provenance: (wire) => provenanceOf(letterOf(new DecodedRecord(wire, undefined))),
  };
}

/** What a letter's bytes say: in the wire format, or as bare JSON, which some producers send. */
export function contentOf({ value }: Pick<WireRecord, "value">, format: Format): Content {
  const bytes = bytesOf(value);
  if (bytes === null) return { kind: "unreadable", message: "the record has no value" };
  const read = format.read(bytes);
  if (!(read instanceof Refusal)) return { kind: "read", value: read };
  const bare = json.read(bytes);
  return isJson(bare) && !(bare instanceof Refusal)
    ? { kind: "read", value: bare }
    : { kind: "unreadable", message: read.message };
}

function unneeded(): never {
  throw new Error("A parked letter is not encoded.");
}
