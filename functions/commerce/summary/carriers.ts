// What each carrier has on the road and has brought. Pure: totals in, rows out.
//
//   shipped 10, delivered 4   →  6 in transit, 4 delivered, 10 items
//   shipped  2, delivered 5   →  0 in transit, 5 delivered,  5 items: what was shipped before the first event is not known

import { OTHERS } from "../../../lib/windows/keyed.ts";
import type { CommerceTotals } from "./totals.ts";

export interface Carried {
  readonly carrier: string;
  readonly inTransit: number;
  readonly delivered: number;
}

type Shipments = Pick<CommerceTotals, "shipped_by_carrier" | "delivered_by_carrier">;

/** Every carrier's items, the busiest first. */
export function carriedItems({
  shipped_by_carrier: shipped,
  delivered_by_carrier: delivered,
}: Shipments): readonly Carried[] {
  const carriers = new Set([...Object.keys(shipped), ...Object.keys(delivered)]);
  const rows = [...carriers].map((carrier) => {
    const brought = valueIn(delivered, carrier);
    return { carrier, delivered: brought, inTransit: Math.max(0, valueIn(shipped, carrier) - brought) };
  });
  return rows.sort((a, b) => itemsOf(b) - itemsOf(a) || (a.carrier < b.carrier ? -1 : 1));
}

/** The busiest carriers, at most so many rows, and all others in one row at the end. */
export function busiest(rows: readonly Carried[], atMost: number): readonly Carried[] {
  const named = rows.filter(({ carrier }) => carrier !== OTHERS);
  const own = rows.length <= atMost ? named : named.slice(0, atMost - 1);
  const rest = rows.filter((row) => !own.includes(row));
  return rest.length === 0 ? own : [...own, together("Other carriers", rest)];
}

/** Several rows as one. */
export function together(carrier: string, rows: readonly Carried[]): Carried {
  return {
    carrier,
    delivered: rows.reduce((sum, { delivered }) => sum + delivered, 0),
    inTransit: rows.reduce((sum, { inTransit }) => sum + inTransit, 0),
  };
}

/** The number under a key, 0 where there is none: the key may be any text that was sent. */
export function valueIn(byKey: Readonly<Record<string, number>>, key: string): number {
  return Object.hasOwn(byKey, key) ? (byKey[key] ?? 0) : 0;
}

function itemsOf({ inTransit, delivered }: Carried): number {
  return inTransit + delivered;
}
