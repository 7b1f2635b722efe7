// What functions' invocations come to, whoever makes them: mappings and schedules.
import type { InvokeResult, Invoker } from "../invoke.ts";
import type { Observe } from "./happening.ts";

export interface FunctionMeter {
  readonly functionName: string;
  /** Without those that were throttled, as on AWS. */
  invocations: number;
  errors: number;
  throttles: number;
  destinationDeliveryFailures: number;
  /** Invocations that run now. */
  concurrent: number;
  readonly duration: { count: number; sum: number };
  /** Since the last `beginPeriod`. */
  period: Period;
}

/** What is no sum: extremes of a period. */
export interface Period {
  mostConcurrent: number;
  shortestMs: number;
  longestMs: number;
}

export class Meters {
  private readonly byName = new Map<string, FunctionMeter>();

  /** The invoker, with every invocation measured. */
  measuring(invoker: Invoker): Invoker {
    return {
      invoke: async (request) => {
        const meter = this.of(request.functionName);
        meter.concurrent += 1;
        meter.period.mostConcurrent = Math.max(meter.period.mostConcurrent, meter.concurrent);
        try {
          const result = await invoker.invoke(request);
          add(meter, result);
          return result;
        } finally {
          meter.concurrent -= 1;
        }
      },
      stop: () => invoker.stop(),
    };
  }

  /** For a mapping of the function: what its invocations alone don't say. */
  observer(functionName: string): Observe {
    const meter = this.of(functionName);
    return (happening) => {
      // A throttle on purpose keeps an attempt from the invoker.
      if (happening.kind === "fault" && happening.fault === "throttle") meter.throttles += 1;
      if (happening.kind === "discarded" && happening.outcome.kind === "refused")
        meter.destinationDeliveryFailures += 1;
    };
  }

  /** The meter of a function, under whichever alias or version it is called. */
  of(functionName: string): FunctionMeter {
    const name = functionName.split(":")[0] ?? functionName;
    let meter = this.byName.get(name);
    if (meter === undefined) {
      meter = {
        functionName: name,
        invocations: 0,
        errors: 0,
        throttles: 0,
        destinationDeliveryFailures: 0,
        concurrent: 0,
        duration: { count: 0, sum: 0 },
        period: newPeriod(0),
      };
      this.byName.set(name, meter);
    }
    return meter;
  }

  get all(): readonly FunctionMeter[] {
    return [...this.byName.values()];
  }

  beginPeriod(): void {
    for (const meter of this.byName.values()) meter.period = newPeriod(meter.concurrent);
  }
}

function add(meter: FunctionMeter, result: InvokeResult): void {
  if (result.kind === "not-delivered") {
    if (result.isThrottled) meter.throttles += 1;
    return;
  }
  meter.invocations += 1;
  if (result.kind === "function-error") meter.errors += 1;
  meter.duration.count += 1;
  meter.duration.sum += result.durationMs;
  meter.period.shortestMs = Math.min(meter.period.shortestMs, result.durationMs);
  meter.period.longestMs = Math.max(meter.period.longestMs, result.durationMs);
}

function newPeriod(concurrent: number): Period {
  return { mostConcurrent: concurrent, shortestMs: Number.POSITIVE_INFINITY, longestMs: 0 };
}
