// A drawing of the totals as it is published: its pictures and its numbers, under the names that the bucket's rules know. Pure.

import type { Publication } from "../../../lib/charts/publish.ts";
import { picturesOf } from "./pictures.ts";
import type { CommerceTotals } from "./totals.ts";

export interface Place {
  /** Sets a trial run's files apart from the live ones. */
  readonly namespace: string;
  /** What prices and order values are in: events don't say. */
  readonly currency: string;
}

/** What is published of the totals at this time. */
export function publication({ namespace, currency }: Place): (totals: CommerceTotals, at: number) => Publication {
  const prefix = `${namespace}commerce-summary/`;
  return (totals, at) => ({ prefix, at, pictures: picturesOf(totals, { at, currency }), totals });
}
