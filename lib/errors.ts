// The two failures that callers tell apart: a setting that only a person can mend, and an owner that has been replaced.
// Everything else is thrown as it comes and means "try again".

/** A setting, a topic or a name is wrong: trying again changes nothing until a person does what the message says. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A newer owner has taken over this work: stop quietly, what was not finished is the new owner's. */
export class FencedError extends Error {
  override readonly name = "FencedError";
}

/** The words of anything that was thrown, for a log line or a wrapped message. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
