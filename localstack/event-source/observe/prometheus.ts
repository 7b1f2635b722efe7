// The metrics in Prometheus's text format, version 0.0.4. Pure.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
import type { FunctionMeter } from "./meters.ts";
import { functionMetrics, type Metric, mappingMetrics, type Observed } from "./metrics.ts";

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "summary";
  readonly help: string;
  readonly samples: { readonly suffix: string; readonly labels: Labels; readonly value: number }[];
}

export function prometheusText(observed: readonly Observed[], meters: readonly FunctionMeter[]): string {
  const families = new Families();
  for (const one of observed) {
    const { mapping, status } = one;
    const labels = { mapping: mapping.logicalId, function: status.functionName, topic: mapping.topic };
    for (const metric of mappingMetrics(one)) families.addMetric(metric, labels);
    if (mapping.isEnabled) addOwn(families, one, labels);
  }
  for (const meter of meters) {
    const labels = { function: meter.functionName };
    for (const metric of functionMetrics(meter)) families.addMetric(metric, labels);
    const duration = { name: "aws_lambda_duration_milliseconds", help: "Duration: how long invocations took" };
    families.add({ ...duration, type: "summary" }, [
      { suffix: "_sum", labels, value: meter.duration.sum },
      { suffix: "_count", labels, value: meter.duration.count },
    ]);
  }
  return families.text();
}

/** What AWS has no metric for, under names that are not AWS's. */
function addOwn(families: Families, { status }: Observed, labels: Labels): void {
  const inFlight = { name: "event_source_invocations_in_flight", help: "Invocations of the mapping that run now" };
  families.add({ ...inFlight, type: "gauge" }, [{ suffix: "", labels, value: status.inFlight }]);
  for (const { partition, lag, buffered, end, committed } of status.partitions) {
    const values: readonly (readonly [name: string, help: string, value: number])[] = [
      ["lag", "Records of the partition that are not processed", lag],
      ["buffered_records", "Records of the partition that were read and wait", buffered],
      ["end_offset", "The end of the partition, as last heard", end],
      ["committed_offset", "What the group has committed for the partition", committed],
    ];
    for (const [name, help, value] of values) {
      const place = { ...labels, partition: String(partition) };
      families.add({ name: `event_source_partition_${name}`, help, type: "gauge" }, [
        { suffix: "", labels: place, value },
      ]);
    }
  }
}

/** Samples of one name stand together, whichever mapping they are of: the format asks for it. */
class Families {
  private readonly byName = new Map<string, Family>();

  addMetric({ name, kind, says, value }: Metric, labels: Labels): void {
    const snake = `aws_lambda_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).slice(1)}`;
    const family = { name: kind === "count" ? `${snake}_total` : snake, help: `${name}: ${says}` };
    this.add({ ...family, type: kind === "count" ? "counter" : "gauge" }, [{ suffix: "", labels, value }]);
  }

  add(family: Omit<Family, "samples">, samples: Family["samples"]): void {
    const found = this.byName.get(family.name);
    if (found === undefined) this.byName.set(family.name, { ...family, samples: [...samples] });
    else found.samples.push(...samples);
  }

  text(): string {
    return [...this.byName.values()].map(textOf).join("");
  }
}

function textOf({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ suffix, labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`);
    return `${name}${suffix}{${pairs.join(",")}} ${value}`;
  });
  return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
