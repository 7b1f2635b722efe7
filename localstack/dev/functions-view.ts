// What each function is doing, a row each, as the event source says it.
import { figure } from "../console/figures.ts";
import type { View } from "../console/live.ts";
import type { Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import type { EventSourceProcess, StatusLine } from "../stack/event-source-process.ts";

type MappingLine = StatusLine["mappings"][number];

const right = "right" as const;

export function functionsView(eventSource: Pick<EventSourceProcess, "status">, screen: Screen): View {
  // In the order of their names: the event source's is the order in which they happened to start.
  const mappings = () =>
    (eventSource.status()?.mappings ?? []).toSorted((one, other) => one.functionName.localeCompare(other.functionName));
  return {
    block() {
      const columns = [
        { title: "function" },
        { title: "topic" },
        { title: "records/s", align: right },
        { title: "records", align: right },
        { title: "lag", align: right },
        { title: "errors", align: right },
      ];
      const rows = mappings().map((mapping) => functionRow(mapping, screen));
      return rows.length === 0 ? "" : table(columns, rows, screen);
    },
    line: () => mappings().filter(isBusy).map(functionLine).join("; ") || "nothing to do",
  };
}

function isBusy(mapping: MappingLine): boolean {
  return mapping.recordsPerSecond > 0 || mapping.lag > 0 || errorsOf(mapping) > 0;
}

function functionRow(mapping: MappingLine, screen: Screen): string[] {
  const { functionName, topic, recordsPerSecond, counters, lag } = mapping;
  const errors = figure(errorsOf(mapping));
  return [
    shortName(functionName),
    topic,
    figure(recordsPerSecond),
    figure(counters.invokedEventCount),
    figure(lag),
    errors === "0" ? errors : screen.paint("red", errors),
  ];
}

function functionLine(mapping: MappingLine): string {
  const { functionName, recordsPerSecond, lag } = mapping;
  const errors = figure(errorsOf(mapping));
  return `${shortName(functionName)} ${figure(recordsPerSecond)} records/s, lag ${figure(lag)}, errors ${errors}`;
}

function errorsOf({ counters }: MappingLine): number {
  return counters.invokeErrorCount + counters.pollingErrorCount + counters.commitErrorCount;
}

/** The name in serverless.yml: a deployed name is `<service>-<stage>-<name>`. */
function shortName(functionName: string): string {
  return functionName.slice(functionName.lastIndexOf("-") + 1);
}
