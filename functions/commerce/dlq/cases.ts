// What has become of each event that was ever refused, put together from the dead letters, the parked events and the log of what was sent back.
// Pure.

import type { WireRecord } from "../../../lib/kafka/event.ts";
import { type Origin, originText } from "../../../lib/kafka/origin.ts";
import { DecodedRecord } from "../../../lib/kafka/record.ts";
import { type Letter, letterOf } from "../letter.ts";

/** `waiting` for correction; `sent-back` to its topic by correction or by a person; `parked`: only a person moves it. */
export type State = "waiting" | "sent-back" | "parked";

export interface Case {
  /** Where the event first entered Kafka, as text: what commands name it by. */
  readonly id: string;
  readonly origin: Origin;
  readonly state: State;
  /** In order of their attempts. */
  readonly letters: readonly LetterRecord[];
  /** In order; the last one counts. */
  readonly parked: readonly ParkedRecord[];
  readonly replays: readonly Replay[];
}

export interface LetterRecord {
  readonly record: WireRecord;
  readonly letter: Letter;
}

export interface ParkedRecord extends LetterRecord {
  readonly reason: string;
  readonly message: string;
  readonly time: string;
}

/** An entry of the log: what was sent back by a person, when and why. Values stay out of it. */
export interface Replay {
  readonly origin: string;
  /** The parked record that was sent back. */
  readonly parked: { readonly partition: number; readonly offset: number };
  readonly topic: string;
  readonly attempt: number;
  readonly changes: readonly { readonly path: string; readonly rule: string }[];
  readonly why: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface Topics {
  readonly letters: readonly WireRecord[];
  readonly parked: readonly WireRecord[];
  readonly log: readonly WireRecord[];
  /** How far correction has come in each partition of the dead letters; what is not known counts as not begun. */
  readonly correctedTo: ReadonlyMap<number, number>;
}

/** One case an event, the newest last. */
export function casesOf({ letters, parked, log, correctedTo }: Topics): readonly Case[] {
  const lettersOf = Map.groupBy(letters.map(letterRecord), ({ letter }) => originText(letter.origin));
  const parkedOf = Map.groupBy(parked.map(parkedRecord), ({ letter }) => originText(letter.origin));
  const replaysOf = Map.groupBy(log.flatMap(replayIn), ({ origin }) => origin);
  const ids = new Set([...lettersOf.keys(), ...parkedOf.keys()]);
  return [...ids]
    .map((id) => {
      const found = {
        letters: distinct(lettersOf.get(id) ?? []),
        parked: distinct(parkedOf.get(id) ?? []),
        replays: replaysOf.get(id) ?? [],
      };
      const { origin } = (found.letters[0] ?? found.parked[0])!.letter;
      return { id, origin, ...found, state: stateOf(found, correctedTo) };
    })
    .sort((one, other) => timeOf(one).localeCompare(timeOf(other)));
}

/** The record that would be sent back: where it was parked last, else the last letter. */
export function lastOf({ letters, parked }: Pick<Case, "letters" | "parked">): LetterRecord {
  return (parked.at(-1) ?? letters.at(-1))!;
}

/** When it was refused last, ISO 8601. */
export function timeOf({ letters, parked }: Pick<Case, "letters" | "parked">): string {
  return parked.at(-1)?.time ?? letters.at(-1)?.letter.time ?? "";
}

/** Whether an entry of the log is about this parked record. */
export function isReplayed({ record }: ParkedRecord, replays: readonly Replay[]): boolean {
  return replays.some(({ parked }) => parked.partition === record.partition && parked.offset === record.offset);
}

function stateOf(
  { letters, parked, replays }: Omit<Case, "id" | "origin" | "state">,
  correctedTo: Topics["correctedTo"],
): State {
  const lastParked = parked.at(-1);
  const lastLetter = letters.at(-1);
  const isSettled = lastParked !== undefined && lastParked.letter.attempt >= (lastLetter?.letter.attempt ?? 0);
  if (isSettled) return isReplayed(lastParked, replays) ? "sent-back" : "parked";
  const { partition, offset } = lastLetter!.record;
  return offset < (correctedTo.get(partition) ?? 0) ? "sent-back" : "waiting";
}

function letterRecord(record: WireRecord): LetterRecord {
  return { record, letter: letterOf(new DecodedRecord(record, undefined)) };
}

function parkedRecord(record: WireRecord): ParkedRecord {
  const { headers } = new DecodedRecord(record, undefined);
  const text = (name: string) =>
    headers.findLast((header) => header.name === `parked.${name}`)?.value?.toString("utf8") ?? "";
  return { ...letterRecord(record), reason: text("reason"), message: text("message"), time: text("time") };
}

/** One record an attempt, the last where a reader without regard to transactions was shown several, in order of attempts. */
function distinct<R extends LetterRecord>(records: readonly R[]): readonly R[] {
  const byAttempt = new Map(records.map((one) => [one.letter.attempt, one]));
  return [...byAttempt.values()].sort((one, other) => one.letter.attempt - other.letter.attempt);
}

function replayIn({ value }: WireRecord): Replay[] {
  try {
    return [JSON.parse(Buffer.from(value ?? "", "base64").toString("utf8"))];
  } catch {
    return []; // somebody else's record is no entry of the log
  }
}
