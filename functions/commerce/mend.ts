// What correction knows how to mend in an event, one rule each, on a copy: field names, details that are missing or flattened, types and
// names in the wrong case, numbers sent as text, times. A rule acts where there is one way to read what was sent; else it leaves it.

import { isoOf } from "./instant.ts";
import { type EventType, eventNames } from "./schema.ts";

export type Json = Record<string, unknown>;

/** What one rule changed at one field. `undefined` stands for a field that is not there. */
export interface Change {
  readonly path: string;
  readonly rule: Rule;
  readonly from: unknown;
  readonly to: unknown;
}

export type Rule =
  | "field name"
  | "details from the top level"
  | "details from text"
  | "user from the key"
  | "type from the topic"
  | "wrong case"
  | "number sent as text"
  | "time";

/** What is known of an event besides its value. */
export interface EventContext {
  /** The type of the topic it was sent to. */
  readonly type: EventType;
  /** Its record's key: the user's id. */
  readonly key: string | null;
}

/** Mends a copy of what was sent as far as the rules go, and lists what they changed. */
export function mended(
  sent: Json,
  context: EventContext,
): { readonly event: Json; readonly changes: readonly Change[] } {
  const event = { ...sent }; // one level at a time, as deep as the rules look: what lies below may be nested without end
  const changes: Change[] = [];
  const report: Report = (change) => changes.push(change);
  const fields = fieldsOf[context.type];

  renameFields(event, { names: topLevel, within: "", report });
  mendDetails(event, { part: "user_details", names: userFields, report });
  mendDetails(event, { part: "event_details", names: fields.names, report });
  mendUser(event, context, report);
  mendType(event, context, report);
  mendName(event, context, report);
  mendTime(event, report);
  if (isJson(event.event_details)) mendNumbers(event.event_details, { numbers: fields.numbers, report });
  return { event, changes };
}

type Report = (change: Change) => void;
/** A field and what else it is known to be called, without case and separators. */
type Names = Readonly<Record<string, readonly string[]>>;

const topLevel: Names = {
  event_name: ["event", "name", "action"],
  event_type: ["type", "kind", "category"],
  triggered_at: ["timestamp", "time", "ts", "eventtime", "occurredat", "createdat", "at"],
  user_details: ["user", "userinfo", "userdata", "customer"],
  event_details: ["details", "eventdata", "eventinfo", "data", "payload", "properties"],
};
const userFields: Names = { user_id: ["id", "uid", "user", "customerid"] };
const fieldsOf: Readonly<Record<EventType, { readonly names: Names; readonly numbers: readonly string[] }>> = {
  purchase: {
    names: {
      item_id: ["id", "productid", "sku"],
      item_name: ["name", "item", "product", "productname"],
      price: ["unitprice", "itemprice", "cost", "amount"],
    },
    numbers: ["item_id", "price"],
  },
  order: {
    names: {
      order_id: ["id", "ordernumber", "orderno"],
      order_value: ["value", "total", "ordertotal", "totalvalue", "amount"],
    },
    numbers: ["order_id", "order_value"],
  },
  delivery: {
    names: {
      tracking_id: ["id", "trackingnumber", "trackingno", "tracking"],
      carrier: ["carriername", "shipper", "courier"],
    },
    numbers: ["tracking_id"],
  },
};

/** Gives fields their names back. Two that could be the same field with different values are left: which one is meant can't be known. */
function renameFields(part: Json, { names, within, report }: { names: Names; within: string; report: Report }): void {
  for (const [name, aliases] of Object.entries(names)) {
    if (name in part) continue;
    const found = fieldsCalled(part, [plain(name), ...aliases], names);
    const [first] = found;
    if (first === undefined || found.some((one) => !Object.is(part[one], part[first]))) continue;
    const value = part[first];
    for (const one of found) delete part[one];
    part[name] = value;
    report({ path: within + name, rule: "field name", from: { [first]: value }, to: value });
  }
}

/** The fields of a part that one of the names fits; what is a field by its own name is no other one. */
function fieldsCalled(part: Json, accepted: readonly string[], known: Names): string[] {
  return Object.keys(part).filter((field) => !Object.hasOwn(known, field) && accepted.includes(plain(field)));
}

interface Details {
  readonly part: "user_details" | "event_details";
  readonly names: Names;
  readonly report: Report;
}

function mendDetails(event: Json, { part, names, report }: Details): void {
  const sent = event[part];
  const read = typeof sent === "string" ? jsonIn(sent) : undefined;
  if (read !== undefined) {
    event[part] = read;
    report({ path: part, rule: "details from text", from: sent, to: read });
  } else if (sent === undefined || sent === null) {
    gatherDetails(event, { part, names, report });
  }
  const details = event[part];
  if (!isJson(details)) return;
  const copy = { ...details };
  event[part] = copy;
  renameFields(copy, { names, within: `${part}.`, report });
}

/** Details that were sent a level too high, by their own names only: at that level an `id` or a `name` could be anything's. */
function gatherDetails(event: Json, { part, names, report }: Details): void {
  const gathered: Json = {};
  for (const name of Object.keys(names)) {
    const found = fieldsCalled(event, [plain(name)], topLevel);
    const [first] = found;
    if (first === undefined || found.length > 1) continue;
    gathered[name] = event[first];
    delete event[first];
  }
  if (Object.keys(gathered).length === 0) return;
  const from = event[part];
  event[part] = gathered;
  report({ path: part, rule: "details from the top level", from, to: gathered });
}

/** The record is keyed by the user's id, so an event that lacks it has it there. */
function mendUser(event: Json, { key }: EventContext, report: Report): void {
  const path = "user_details.user_id";
  const details = event.user_details ?? {};
  if (key === null || key === "" || !isJson(details)) return;
  const from = details.user_id;
  if (from !== undefined && from !== null && from !== "") return;
  event.user_details = { ...details, user_id: key };
  report({ path, rule: "user from the key", from, to: key });
}

/** The topic says the type where the event says none. One that says another type is not on its topic, which no mending changes. */
function mendType(event: Json, { type }: EventContext, report: Report): void {
  const from = event.event_type;
  if (from === type) return;
  const isMissing = from === undefined || from === null || from === "";
  if (!isMissing && (typeof from !== "string" || plain(from) !== type)) return;
  event.event_type = type;
  report({ path: "event_type", rule: isMissing ? "type from the topic" : "wrong case", from, to: type });
}

function mendName(event: Json, { type }: EventContext, report: Report): void {
  const from = event.event_name;
  if (typeof from !== "string") return;
  const name = eventNames[type].find((one) => plain(one) === plain(from));
  if (name === undefined || name === from) return;
  event.event_name = name;
  report({ path: "event_name", rule: "wrong case", from, to: name });
}

function mendTime(event: Json, report: Report): void {
  const from = event.triggered_at;
  const iso = isoOf(from);
  if (iso === undefined || iso === from) return;
  event.triggered_at = iso;
  report({ path: "triggered_at", rule: "time", from, to: iso });
}

const decimal = /^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d{1,3})?$/i;

function mendNumbers(details: Json, { numbers, report }: { numbers: readonly string[]; report: Report }): void {
  for (const name of numbers) {
    const from = details[name];
    if (typeof from !== "string" || !decimal.test(from.trim())) continue;
    const to = Number(from);
    if (!Number.isFinite(to)) continue;
    details[name] = to;
    report({ path: `event_details.${name}`, rule: "number sent as text", from, to });
  }
}

/** A name without case and separators: `Order Placed`, `order-placed` and `orderPlaced` are one. */
function plain(name: string): string {
  return name.replace(/[\s_.-]+/g, "").toLowerCase();
}

function jsonIn(text: string): Json | undefined {
  try {
    const read: unknown = JSON.parse(text);
    return isJson(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
