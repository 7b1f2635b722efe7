// A record's story in sentences, for somebody who looks for it at night. Pure.
import type { AnsweredLine, DiscardedLine, Parts } from "./journal-line.ts";
import { isInRanges } from "./offset-ranges.ts";
import type { Ahead, Reading, Run, Step, Story, Target } from "./story.ts";

/** A paragraph: what it is about, what happened when, what it comes to. */
export interface Paragraph {
  readonly heading: string;
  readonly lines: readonly { readonly at: string; readonly text: string }[];
  readonly verdict: string;
}

/** Readings in the order of time; a story without any says why. */
export function tell(story: Story): readonly Paragraph[] {
  if (story.readings.length === 0) return [{ heading: nameOf(story.target), lines: [], verdict: absence(story) }];
  return story.readings.map((reading, index) => {
    const lines = reading.steps.map((step) => ({
      at: time(step.line.at),
      text: sentence(step, reading, story.target),
    }));
    return { heading: heading(story, index), lines, verdict: verdict(story, index) };
  });
}

function heading({ readings, target }: Story, index: number): string {
  const { started, steps } = readings[index]!;
  const { mapping, function: functionName, group, pid } = started;
  const which = readings.length > 1 ? ` (${ordinal(index + 1)} of ${readings.length} times it was read)` : "";
  const day = new Date(steps[0]?.line.at ?? started.at).toISOString().slice(0, 10);
  const how = started.replay === undefined ? "" : "replayed by ";
  return `${nameOf(target)}${which}: ${how}${mapping} → ${functionName}, group ${group}, process ${pid}, ${day} UTC`;
}

function sentence({ line, attempt }: Step, reading: Reading, target: Target): string {
  switch (line.kind) {
    case "polled": {
      const read = `read from Kafka, with offsets ${line.from} to ${line.to - 1}`;
      if (reading.fate !== "filtered") return read;
      return `${read}; ${refusedBy(reading.started.filters)}`;
    }
    case "batched": {
      const closed = { size: "it was full", bytes: "it had reached 6 MB", window: "its batching window ended" };
      return `put into a batch of ${recordsOf(line.parts)}, closed because ${closed[line.closedBy]}`;
    }
    case "sent":
      return `sent for the ${ordinal(attempt)} time, ${recordsOf(line.parts)}, ${kilobytes(line.bytes)}`;
    case "answered":
      return answer(line, target);
    case "discarded":
      return discard(line, reading);
    case "committed":
      return `committed: the group goes on from ${line.to[target.partition]}`;
    case "fault":
      return `on purpose: ${line.fault}`;
    case "lost":
      return "the partition went to another member of the group, or its topic was made anew";
    case "stopped":
      return "the event source was told to stop";
    default:
      return line.kind;
  }
}

function answer(line: AnsweredLine, target: Target): string {
  const took = `after ${duration(line.ms)} (request ${line.request})`;
  switch (line.answer.kind) {
    case "not-delivered":
      return `did not reach the function: ${line.answer.reason}; not counted as a retry; ${whatNext(line)}`;
    case "function-error":
      return `the function failed ${took}: ${line.answer.type}: ${line.answer.message}; ${whatNext(line)}`;
    default:
      break;
  }
  if (line.next === "repeat") return `the function succeeded ${took}; it is invoked once more, on purpose`;
  if (line.next === "commit") return `the function succeeded ${took}`;
  if (line.failed === undefined) {
    return `the function's partial batch response ${took} fails all that was sent, or names what was not sent; ${whatNext(line)}`;
  }
  if (isInRanges(line.failed[target.partition] ?? "", target.offset)) {
    return `the function's partial batch response ${took} lists this record as failed; ${whatNext(line)}`;
  }
  return `the function succeeded with this record ${took}; others of the batch failed and hold up the commit`;
}

function whatNext({ next, afterMs = 0 }: AnsweredLine): string {
  if (next === "split") return `the batch is split in two, the first half goes in ${duration(afterMs)}`;
  if (next === "retry") return `again in ${duration(afterMs)}`;
  return "there is no attempt left";
}

function discard({ condition, reason, outcome, error, invokes }: DiscardedLine, { started }: Reading): string {
  const known: Readonly<Record<string, string>> = {
    RetryAttemptsExhausted: `its retries are used up, after ${invokes} ${invokes === 1 ? "invocation" : "invocations"}`,
    RecordAgeExceeded: "it is older than MaximumRecordAgeInSeconds",
    MaximumPayloadSizeExceeded: "no event of 6 MB can carry it",
  };
  const why = `given up (${condition}): ${known[condition] ?? reason ?? "it can't be delivered"}`;
  const destination = started.destination ?? "the failure destination";
  if (outcome === "delivered") return `${why}; sent to ${destination}`;
  if (outcome === "refused") return `${why}; dropped, for ${destination} did not take it: ${error ?? ""}`;
  return `${why}; dropped, for the mapping has no failure destination`;
}

function verdict({ readings, runs }: Story, index: number): string {
  const reading = readings[index]!;
  const { fate, attempts, committedAt, readAt, started } = reading;
  const next = readings.slice(index + 1).find((later) => later.started.group === started.group);
  const again =
    committedAt === undefined
      ? "Read again, for its offset had not been committed."
      : "Read again all the same: the group's offsets were set back, or the topic was made anew.";
  const took =
    committedAt !== undefined && readAt !== undefined ? ` ${duration(committedAt - readAt)} after it was read` : "";
  const commit = committedAt === undefined ? "Its offset was not committed here." : `Committed${took}.`;
  const run = runs.find((one) => one.started.run === started.run);
  return [
    sentenceOf(fate, attempts, run?.ahead),
    fate === "waiting" || fate === "lost" ? "" : commit,
    next ? again : "",
  ]
    .filter((text) => text !== "")
    .join(" ");
}

function sentenceOf(fate: Reading["fate"], attempts: number, ahead: Ahead | undefined): string {
  const times = attempts === 1 ? "once" : `${attempts} times`;
  switch (fate) {
    case "filtered":
      return "Filtered out: the function never saw it.";
    case "processed":
      return attempts === 1 ? "Processed the first time it was sent." : `Processed, sent ${times}.`;
    case "discarded":
      return "Not processed: it is at the failure destination.";
    case "dropped":
      return "Not processed, and kept nowhere else: it is only in its own topic.";
    case "unsettled":
      return attempts === 0 ? "Not sent yet." : `Not settled yet: sent ${times} so far.`;
    case "lost":
      return "Not settled here: the partition's new member reads it again.";
    case "waiting":
      return `Not in a batch yet: ${aheadOf(ahead)}`;
    default:
      return fate satisfies never;
  }
}

function aheadOf(ahead: Ahead | undefined): string {
  if (ahead === undefined || ahead.answer?.next === "commit")
    return "it waits for its batch to fill or its window to end.";
  const { first, last, attempts, answer } = ahead;
  const why = answer?.answer.kind === "function-error" ? `; last ${answer.answer.type}: ${answer.answer.message}` : "";
  return `its partition is busy with offsets ${first} to ${last}, sent ${attempts} times so far${why}.`;
}

function absence({ target, runs, topics, beginsAt }: Story): string {
  const { topic, partition, offset } = target;
  if (beginsAt === undefined) return "The journal is empty: nothing was written to it yet.";
  const begins = `The journal begins at ${new Date(beginsAt).toISOString()}.`;
  if (runs.length === 0) {
    return `No mapping in the journal reads '${topic}': there are ${[...topics].sort().join(", ") || "none"}. ${begins}`;
  }
  const given = runs.filter((run) => run.partitions.has(partition));
  if (given.length === 0) {
    const others = [...new Set(runs.flatMap((run) => [...run.partitions]))].sort((a, b) => a - b).join(", ");
    return `Partition ${partition} of '${topic}' was never given to this event source, only ${others || "none"}: another member of the group has it, or it doesn't exist. ${begins}`;
  }
  const holes = given.filter(({ isHole }) => isHole);
  const span = holes.find(({ started }) => started.replay !== undefined)?.started.replay;
  if (span !== undefined && holes.every(({ started }) => started.replay !== undefined)) {
    return `It is not of the time that was replayed, ${span.from} to ${span.to}, or no record is at this offset for a reader.`;
  }
  if (holes.length > 0) {
    return "No record is at this offset for a reader: it is a transaction's marker, belongs to a transaction that was aborted, or was compacted away.";
  }
  const groups = Map.groupBy(given, ({ started }) => started.group);
  const places = [...groups].map(([group, members]) => {
    const who = groups.size === 1 ? "It" : `For group ${group} it`;
    return `${who} ${place(members, offset)}`;
  });
  return [...places, begins].join(" ");
}

/** Where an offset lies, seen from what the runs of one group read. */
function place(runs: readonly Run[], offset: number): string {
  const from = Math.min(...runs.map(({ read, assignedAt }) => read?.from ?? assignedAt ?? 0));
  const to = Math.max(...runs.map(({ read, assignedAt }) => Math.max(read?.to ?? 0, assignedAt ?? 0)));
  if (offset < from) {
    return `lies before offset ${from}, where reading began: the group had it committed already, or the mapping starts after it.`;
  }
  if (offset < to)
    return `lies before offset ${to}, where reading stands, but was read by another member, or its lines are gone.`;
  return to === 0
    ? "was not read yet: nothing of its partition was."
    : `was not read yet: its partition was read up to offset ${to - 1}.`;
}

function refusedBy(patterns: readonly string[]): string {
  if (patterns.length === 1) return `the filter pattern ${patterns[0]} does not let it pass`;
  return `none of the filter patterns ${patterns.join(" or ")} lets it pass`;
}

function recordsOf(parts: Parts): string {
  const entries = Object.entries(parts);
  const count = entries.reduce((sum, [, [, , records]]) => sum + records, 0);
  const places = entries.map(([partition, [first, last]]) => {
    const range = first === last ? `${first}` : `${first} to ${last}`;
    return `partition ${partition}: ${range}`;
  });
  const shown = places.length > 4 ? [...places.slice(0, 4), `${places.length - 4} more partitions`] : places;
  return `${count} ${count === 1 ? "record" : "records"} (${shown.join(", ")})`;
}

function nameOf({ topic, partition, offset }: Target): string {
  return `${topic}-${partition}@${offset}`;
}

function ordinal(number: number): string {
  const ending = number % 100 > 10 && number % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}

function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(ms % 1000 === 0 ? 0 : 1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

function kilobytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KB`;
}

function time(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}
