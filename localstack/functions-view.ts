// What each function is doing, a row each, as the event source says it.
import { figure } from "./console/figures.ts";
import type { View } from "./console/live.ts";
import type { Screen } from "./console/screen.ts";
import { table } from "./console/table.ts";
import type { EventSourceProcess, StatusLine } from "./stack/event-source-process.ts";

type MappingLine = StatusLine["mappings"][number];

const right = "right" as const;

export function functionsView(eventSource: Pick<EventSourceProcess, "status">, screen: Screen): View {
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
      const rows = (eventSource.status()?.mappings ?? []).map((mapping) => {
        const { functionName, topic, recordsPerSecond, counters, lag } = mapping;
        const errors = errorsOf(mapping);
        return [
          shortName(functionName),
          topic,
          figure(recordsPerSecond),
          figure(counters.invokedEventCount),
          figure(lag),
          errors > 0 ? screen.paint("red", figure(errors)) : "0",
        ];
      });
      return rows.length === 0 ? "" : table(columns, rows, screen);
    },
    line() {
      const mappings = eventSource.status()?.mappings ?? [];
      return mappings
        .map((mapping) => {
          const { functionName, recordsPerSecond, lag } = mapping;
          return `${shortName(functionName)} ${figure(recordsPerSecond)} records/s, lag ${figure(lag)}, errors ${figure(errorsOf(mapping))}`;
        })
        .join("; ");
    },
  };
}

function errorsOf({ counters }: MappingLine): number {
  return counters.invokeErrorCount + counters.pollingErrorCount + counters.commitErrorCount;
}

/** The name in serverless.yml: a deployed name is `<service>-<stage>-<name>`. */
function shortName(functionName: string): string {
  return functionName.slice(functionName.lastIndexOf("-") + 1);
}
