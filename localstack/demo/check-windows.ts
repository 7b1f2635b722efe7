// Whether the windows' results are what was sent, by a law of conservation: each window's last result and the records that came too late
// for it add up to what was sent for it. Nothing is lost, nothing counts twice.
import { isValid } from "../../events/generate/generator.ts";
import { addToTruth, type TransactionFacts, WINDOW_MS, type WindowTruth } from "../../events/generate/transactions.ts";
import { inOrder, jsonObject, place, type Received, type Sent } from "./records.ts";

type Transaction = Sent<TransactionFacts>;

/** What came out for one window. */
export interface WindowResult {
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly total: number;
  readonly count: number;
  readonly average: number;
  /** How often it was sent; the last one stands. */
  readonly revision: number;
  /** From the end of the window to its first result at the reader, in milliseconds. */
  readonly outAfterMs: number;
  /** Paid transactions that came too late for it. */
  readonly tooLate: WindowTruth;
  /** What was sent for it. */
  readonly truth: WindowTruth;
}

export interface WindowOutputs {
  readonly windows: readonly Received[];
  readonly late: readonly Received[];
  /** Starts of windows that hold what others sent too. */
  readonly leftOut?: ReadonlySet<number>;
}

export interface WindowCheck {
  /** In the order of time, those that were sent something for or came out. */
  readonly windows: readonly WindowResult[];
  readonly differences: readonly string[];
}

const nothing: WindowTruth = { total: 0, count: 0 };

/** Lays sent transactions, results and late records side by side; the windows that start at `leftOut` are passed over. */
export function checkWindows(
  sent: readonly Transaction[],
  { windows: results, late, leftOut }: WindowOutputs,
): WindowCheck {
  const truth = new Map<number, WindowTruth>();
  for (const record of sent) addToTruth(truth, record);
  const tooLate = new Map<number, WindowTruth>();
  const lateDifferences = addLate(sent, late, tooLate);

  const emissions = Map.groupBy(inOrder(results), startOf);
  const starts = [...new Set([...truth.keys(), ...emissions.keys()])].filter((start) => !leftOut?.has(start));
  const windows = starts
    .sort((one, other) => one - other)
    .map((start) => {
      const sums = { truth: truth.get(start) ?? nothing, tooLate: tooLate.get(start) ?? nothing };
      return windowResult(start, emissions.get(start) ?? [], sums);
    });
  const differences = windows.flatMap((window) => {
    const own = emissions.get(window.start) ?? [];
    return [...own.flatMap(checkForm), ...checkRevisions(window.start, own), ...checkConservation(window)];
  });
  return { windows, differences: [...lateDifferences, ...differences] };
}

/** The windows that were sent before by others: their first result here is a revision. */
export function startedBefore(results: readonly Received[]): ReadonlySet<number> {
  const emissions = [...Map.groupBy(inOrder(results), startOf)];
  return new Set(emissions.filter(([, [first]]) => first?.headers.revision !== "1").map(([start]) => start));
}

/** What is still missing for every window to be complete: 0 when all that was sent is in results or too late. */
export function missing(windows: readonly WindowResult[]): number {
  return windows.reduce((sum, { truth, count, tooLate }) => sum + Math.max(0, truth.count - count - tooLate.count), 0);
}

function addLate(sent: readonly Transaction[], late: readonly Received[], tooLate: Map<number, WindowTruth>): string[] {
  const bySource = new Map(sent.map((record) => [`${record.partition}/${record.offset}`, record]));
  const seen = new Set<string>();
  return late.flatMap((record) => {
    const origin = `${record.headers["late.partition"]}/${record.headers["late.offset"]}`;
    const original = bySource.get(origin);
    if (!original || !isValid(original))
      return [`${place(record)} is not a valid transaction that was sent: it says it came from ${origin}`];
    if (seen.has(origin)) return [`${place(record)} is there a second time: it came from ${origin}`];
    seen.add(origin);
    addToTruth(tooLate, original);
    return String(record.value) === original.value
      ? []
      : [`${place(record)} has not the bytes of the transaction sent at ${origin}`];
  });
}

function startOf({ value }: Received): number {
  return Number(jsonObject(value)?.window_start);
}

function windowResult(
  start: number,
  emissions: readonly Received[],
  sums: Pick<WindowResult, "truth" | "tooLate">,
): WindowResult {
  const last = emissions.at(-1);
  const fields = last && jsonObject(last.value);
  return {
    start,
    total: Number(fields?.total_paid ?? 0),
    count: Number(fields?.total_transactions ?? 0),
    average: Number(fields?.average_transaction_value ?? 0),
    revision: Number(last?.headers.revision ?? 0),
    outAfterMs: Math.min(...emissions.map(({ receivedAt }) => receivedAt)) - start - WINDOW_MS,
    ...sums,
  };
}

/** Key, fields and their order, and what follows from the others. */
function checkForm(record: Received): string[] {
  const { window_start: start, total_paid: total, total_transactions: count } = jsonObject(record.value) ?? {};
  const expected = {
    window_start: start,
    window_end: Number(start) + WINDOW_MS,
    total_paid: total,
    total_transactions: count,
    average_transaction_value: Number(total) / Number(count),
  };
  const wrong: string[] = [];
  if (String(record.value) !== JSON.stringify(expected))
    wrong.push(`${place(record)} is ${record.value}: it should be ${JSON.stringify(expected)}`);
  if (count === 0) wrong.push(`${place(record)} is empty: a window without paid transactions has no result`);
  if (Number(start) % WINDOW_MS !== 0)
    wrong.push(`${place(record)} starts at ${start}, which no ${WINDOW_MS} ms window does`);
  if (record.key !== String(start)) wrong.push(`${place(record)} has the key ${record.key}: it should be ${start}`);
  return wrong;
}

function checkRevisions(start: number, emissions: readonly Received[]): string[] {
  const revisions = emissions.map(({ headers }) => Number(headers.revision));
  if (revisions.every((revision, at) => revision === at + 1)) return [];
  return [
    `${windowName(start)} came out as revisions ${revisions.join(", ")}: they should be 1, 2 and so on, each once`,
  ];
}

function checkConservation({ start, total, count, tooLate, truth }: WindowResult): string[] {
  if (total + tooLate.total === truth.total && count + tooLate.count === truth.count) return [];
  const found = `${total} from ${count}${tooLate.count > 0 ? ` and too late ${tooLate.total} from ${tooLate.count}` : ""}`;
  return [`${windowName(start)} came to ${found}: it was sent ${truth.total} from ${truth.count}`];
}

function windowName(start: number): string {
  return Number.isFinite(start) ? `window ${new Date(start).toISOString()}` : "a result without window_start";
}
