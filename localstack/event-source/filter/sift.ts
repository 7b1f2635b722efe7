// Filters over the records of a fetch.
import { type SourceRecord, valueBytes } from "../kafka/record-batch.ts";
import { type Filter, firstMatch } from "./filter.ts";

/** Which records some filter lets pass, and which none does; by their values, unless others are given. */
export function sift(
  records: readonly SourceRecord[],
  filters: readonly Filter[],
  values?: readonly (Buffer | null)[],
): { readonly wanted: readonly SourceRecord[]; readonly filteredOut: readonly SourceRecord[] } {
  if (filters.length === 0) return { wanted: records, filteredOut: [] };
  const wanted: SourceRecord[] = [];
  const filteredOut: SourceRecord[] = [];
  for (const [index, record] of records.entries()) {
    const value = values === undefined ? valueBytes(record) : values[index]!;
    (firstMatch(filters, value) >= 0 ? wanted : filteredOut).push(record);
  }
  return { wanted, filteredOut };
}
