// The demo's logins: late and bad ones among them, their intervals and running totals laid beside what was sent.
import { setTimeout as wait } from "node:timers/promises";
import { isValid, type Plan } from "../../events/generate/generator.ts";
import { INTERVAL_SECONDS, type LoginFacts, logins } from "../../events/generate/logins.ts";
import { send } from "../../events/generate/send.ts";
import { figure } from "../console/figures.ts";
import { printHeading, type Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import { checkDeadLetters } from "./check-dead-letters.ts";
import { checkLogins, type IntervalResult } from "./check-logins.ts";
import { cameFrom } from "./from-sent.ts";
import { type DemoPart, PATIENCE_MS, type PartOptions } from "./part.ts";
import { keepIn, place, type Sent } from "./records.ts";

export const loginTopics = {
  intervals: "user-login-processed",
  late: "logins_late",
  dead: "logins_dlq",
  failed: "logins_failed",
} as const;

const PERCENT = { latePercent: 2, badPercent: 1 };
const LOOK_EVERY_MS = 100;

/** Starts sending. */
export function startLogins({ endpoints, reader, count, rate, seed }: PartOptions): DemoPart {
  const plan: Plan = { seed, start: Date.now(), count, rate, ...PERCENT };
  const sent: Sent<LoginFacts>[] = [];
  const late = () => reader.of(loginTopics.late).filter(cameFrom(logins.topic, sent, "late"));
  const dead = () => reader.of(loginTopics.dead).filter(cameFrom(logins.topic, sent, "dead-letter"));
  const result = () => checkLogins(sent, reader.of(loginTopics.intervals), late());
  const isComplete = () => result().missing === 0 && dead().length >= sent.filter((login) => !isValid(login)).length;

  return {
    sending: send(logins, plan, {
      brokers: endpoints.kafkaBrokers.split(","),
      paceFrom: plan.start,
      onSent: keepIn(sent),
    }),
    async drain(signal) {
      const sentAt = Date.now();
      const silence = () => Date.now() - Math.max(sentAt, reader.lastReceivedAt());
      while (silence() < PATIENCE_MS && !isComplete()) await wait(LOOK_EVERY_MS, undefined, { signal });
    },
    row() {
      const results = reader.of(loginTopics.intervals);
      const intervals = new Set(results.map(({ key }) => key)).size;
      const cameOut = `intervals, ${figure(results.length - intervals)} revised results`;
      return [
        "logins",
        figure(sent.length),
        figure(count),
        figure(intervals),
        cameOut,
        figure(dead().length),
        figure(late().length),
      ];
    },
    async checks() {
      const { differences } = result();
      const failed = reader.of(loginTopics.failed);
      return [
        ["every login interval exact, and every total the one before plus its interval", differences],
        ["every bad login once in logins_dlq, byte for byte", checkDeadLetters(logins.topic, sent, dead())],
        ["no login was given up", failed.map((record) => `${place(record)} was given up by the event source`)],
      ];
    },
    print: (screen) => printLogins(screen, result().intervals, plan.start),
  };
}

function printLogins(screen: Screen, intervals: readonly IntervalResult[], from: number): void {
  printHeading(screen, `Logins: ${figure(intervals.length)} intervals of ${INTERVAL_SECONDS} s`);
  const right = "right" as const;
  const columns = [
    { title: "event time (UTC)" },
    ...["logins", "total", "missing fields", "total", "revision"].map((title) => ({ title, align: right })),
    { title: "devices so far" },
  ];
  // Intervals before the run's start hold late logins only.
  const shown = intervals.filter(({ start }) => (start + INTERVAL_SECONDS) * 1000 > from);
  const fields = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);
  const lines = shown.map(({ start, interval, total, revision }) => [
    new Date(start * 1000).toISOString().slice(11, 19),
    figure(interval.count),
    figure(total.count),
    figure(fields(interval.missing)),
    figure(fields(total.missing)),
    String(revision),
    Object.entries(total.devices)
      .map(([device, count]) => `${device} ${figure(count)}`)
      .join(", "),
  ]);
  screen.write(table(columns, lines, screen));
}
