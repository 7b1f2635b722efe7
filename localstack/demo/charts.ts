// The charts in the demo: drawn when its traffic is through, checked, and their paths shown.
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { latestCharts, latestTotals } from "../charts.ts";
import { printHeading, type Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import { startPool } from "../event-source/functions/pool.ts";
import { functionOf } from "../event-source/template/function-definition.ts";
import { readTemplate } from "../event-source/template/template.ts";
import type { Stack } from "../stack.ts";
import { PATIENCE_MS } from "./part.ts";

const localFolder = fileURLToPath(new URL("../../.local", import.meta.url));

/** What its rule sends the function every five minutes. */
const tick = { source: "aws.events", "detail-type": "Scheduled Event", detail: {} };

const AGAIN_AFTER_MS = 500;

/**
 * Invokes the summary's function as its schedule does, for up to 999 events are not in the pictures yet, and again until they hold `events`:
 * counting is another function than storing, and may be a batch behind it. What is still missing then is left to the check.
 */
export async function drawCharts(
  { templateFile, environment }: Pick<Stack, "templateFile" | "environment">,
  { events, signal }: { readonly events: number; readonly signal: AbortSignal },
): Promise<void> {
  const template = readTemplate(templateFile);
  const summary = functionOf(template, "SummarizeEventsLambdaFunction", environment);
  const pool = startPool({ functions: [summary], region: template.account.region, localFolder });
  try {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const result = await pool.invoke({ functionName: summary.name, payload: Buffer.from(JSON.stringify(tick)) });
      if (result.kind !== "success") {
        const why = result.kind === "function-error" ? result.error.errorMessage : result.reason;
        throw new Error(`The charts can't be drawn: ${why}. See .local/logs/ for what summarizeEvents says.`);
      }
      if (Number(latestTotals().events) >= events || Date.now() > deadline) return;
      await wait(AGAIN_AFTER_MS, undefined, { signal });
    }
  } finally {
    await pool.stop();
  }
}

/** Where the pictures are. */
export function printCharts(screen: Screen): void {
  printHeading(screen, "Charts");
  const rows = latestCharts().map(({ name, png, svg }) => [name, png, svg]);
  screen.write(table([{ title: "of events" }, { title: "PNG" }, { title: "SVG" }], rows, screen));
}
