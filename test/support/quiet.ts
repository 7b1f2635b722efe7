// Log lines are kept off the screen; `vi.restoreAllMocks` brings them back.
import { vi } from "vitest";

/** Log lines go to standard output, warnings and errors to standard error. */
export function quiet(): void {
  for (const output of [process.stdout, process.stderr]) vi.spyOn(output, "write").mockReturnValue(true);
}
