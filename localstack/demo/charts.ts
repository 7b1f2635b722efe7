// The charts in the demo: drawn when its traffic is through, checked, and their paths shown.
import { fileURLToPath } from "node:url";
import { latestCharts } from "../charts.ts";
import { printHeading, type Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import { startPool } from "../event-source/functions/pool.ts";
import { functionOf } from "../event-source/template/function-definition.ts";
import { readTemplate } from "../event-source/template/template.ts";
import type { Stack } from "../stack.ts";

const localFolder = fileURLToPath(new URL("../../.local", import.meta.url));

/** What its rule sends the function every five minutes. */
const tick = { source: "aws.events", "detail-type": "Scheduled Event", detail: {} };

/**
 * Invokes the summary's function once as its schedule does, for up to 999 events are not in the pictures yet. When this resolves, every event
 * that was counted is in them.
 */
export async function drawCharts({
  templateFile,
  environment,
}: Pick<Stack, "templateFile" | "environment">): Promise<void> {
  const template = readTemplate(templateFile);
  const summary = functionOf(template, "SummarizeEventsLambdaFunction", environment);
  const pool = startPool({ functions: [summary], region: template.account.region, localFolder });
  try {
    const result = await pool.invoke({ functionName: summary.name, payload: Buffer.from(JSON.stringify(tick)) });
    if (result.kind === "success") return;
    const why = result.kind === "function-error" ? result.error.errorMessage : result.reason;
    throw new Error(`The charts can't be drawn: ${why}. See .local/logs/ for what summarizeEvents says.`);
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
