// EventBridge rules with a rate: the function is invoked every period, whether or not the previous invocation still runs; at start
// already where the period is a minute, EventBridge's shortest, for whoever waits for it. A failed invocation is tried twice more, as Lambda does for asynchronous ones.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html  https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
import { type Clock, sleep } from "./clock.ts";
import type { Invoker } from "./invoke.ts";
import {
  arnOf,
  asObject,
  type Resource,
  referencedLogicalId,
  resolveValue,
  resourcesOfType,
  type Template,
} from "./template/template.ts";
import { asciiJson } from "./wire.ts";

export interface Schedule {
  readonly logicalId: string;
  readonly ruleArn: string;
  readonly functionLogicalId: string;
  readonly everyMs: number;
  /** The target's constant input, as JSON; without it the event says which rule fired. */
  readonly input?: string;
}

export interface ScheduleOptions {
  readonly functionName: string;
  readonly invoker: Invoker;
  readonly clock: Clock;
  readonly region: string;
  readonly accountId: string;
  /** Waits before the second and the third attempt. */
  readonly retryAfterMs: readonly number[];
  log(message: string, facts: Readonly<Record<string, unknown>>): void;
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** A schedule of this period or less is not waited for at start. */
const SOON_MS = 60_000;

/** The template's rules that invoke one of the given functions (logical ids). Throws for one that is not a rate. */
export function schedulesOf(template: Template, functions: readonly string[]): Schedule[] {
  return resourcesOfType(template, "AWS::Events::Rule").flatMap((rule) => {
    const { ScheduleExpression: expression, State: state, Targets: targets } = rule.properties;
    if (expression === undefined || resolveValue(template, state) === "DISABLED" || !Array.isArray(targets)) return [];
    return targets.flatMap((target: unknown) => {
      const functionLogicalId = referencedLogicalId(template, asObject(target)?.Arn);
      if (functionLogicalId === undefined || !functions.includes(functionLogicalId)) return [];
      return scheduleOf(template, rule, { target: asObject(target) ?? {}, functionLogicalId });
    });
  });
}

/** Invokes until the signal aborts. */
export function runSchedule(schedule: Schedule, options: ScheduleOptions, signal: AbortSignal): void {
  const { clock } = options;
  let at = clock.now() + (schedule.everyMs > SOON_MS ? schedule.everyMs : 0);
  const tick = () => {
    void invoke(schedule, options, signal);
    // After the machine slept, missed periods are not made up for.
    at = Math.max(at + schedule.everyMs, clock.now());
    cancel = clock.at(at, tick);
  };
  let cancel = clock.at(at, tick);
  signal.addEventListener("abort", () => cancel(), { once: true });
}

async function invoke(schedule: Schedule, options: ScheduleOptions, signal: AbortSignal): Promise<void> {
  const { functionName, invoker, clock, retryAfterMs, log } = options;
  const payload = Buffer.from(schedule.input ?? scheduledEvent(schedule, options), "latin1");
  for (const waitMs of [...retryAfterMs, undefined]) {
    const result = await invoker.invoke({ functionName, payload });
    if (result.kind === "success" || signal.aborted) return;
    const why = result.kind === "function-error" ? result.error.errorMessage : result.reason;
    log("scheduled invocation failed", { function: functionName, error: why, retryInMs: waitMs });
    if (waitMs === undefined) return;
    await sleep(clock, waitMs, signal);
    if (signal.aborted) return;
  }
}

function scheduledEvent({ ruleArn }: Schedule, { clock, region, accountId }: ScheduleOptions): string {
  const time = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
  return JSON.stringify({
    version: "0",
    id: crypto.randomUUID(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: accountId,
    time,
    region,
    resources: [ruleArn],
    detail: {},
  });
}

function scheduleOf(
  template: Template,
  rule: Resource,
  {
    target,
    functionLogicalId,
  }: { readonly target: Readonly<Record<string, unknown>>; readonly functionLogicalId: string },
): Schedule {
  const expression = String(resolveValue(template, rule.properties.ScheduleExpression));
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNIT_MS[unit ?? ""];
  if (unitMs === undefined || Number(count) < 1) {
    throw new Error(
      `Rule '${rule.logicalId}': only rate(N minutes|hours|days) is carried out locally, got '${expression}'. Leave its function out with --only.`,
    );
  }
  if (target.InputPath !== undefined || target.InputTransformer !== undefined) {
    throw new Error(`Rule '${rule.logicalId}': InputPath and InputTransformer are not carried out locally: use Input.`);
  }
  const input = target.Input === undefined ? undefined : asciiOf(String(resolveValue(template, target.Input)));
  const everyMs = Number(count) * unitMs;
  const ruleArn = arnOf(template, rule);
  return { logicalId: rule.logicalId, ruleArn, functionLogicalId, everyMs, ...(input === undefined ? {} : { input }) };
}

// Payloads are ASCII on their way to an environment; in JSON, only strings can hold anything else.
function asciiOf(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (char) => asciiJson(char).slice(1, -1));
}
