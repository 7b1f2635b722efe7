// What a failed statement means: the row's own fault, a connection or database that has gone, or anything else. Pure.
// https://www.postgresql.org/docs/current/errcodes-appendix.html

/** The condition's five characters, undefined where no server answered. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The data can't be stored, now or later: a value out of range or unreadable (22), a constraint (23), a limit of an index or a value (54000). */
export function isDataError(error: unknown): boolean {
  return /^(22|23|54000)/.test(sqlState(error) ?? "");
}

/** Which rule a refused row breaks, in the schema's words and never in the row's. */
export function refusalOf(error: unknown): string {
  const names = ["constraint", "column"].flatMap((kind) => {
    const name = property(error, kind);
    return name === undefined ? [] : [`, ${kind} ${name}`];
  });
  return `the database refuses the row: SQLSTATE ${sqlState(error)}${names.join("")}`;
}

/**
 * A new connection may succeed: the server closed this one, restarted (57P), failed over and left us with a reader (25006), or had its
 * database or tables taken away, which connecting makes again.
 */
export function isLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return error instanceof Error && !isTimeout(error);
  return /^(08|57P|25006|3D000|42P01)/.test(state);
}

/** The database has not been made. */
export function isMissingDatabase(error: unknown): boolean {
  return sqlState(error) === "3D000";
}

/** The client's own limit: whoever doesn't answer in that time won't answer a second statement either. */
function isTimeout({ message }: Error): boolean {
  return /timeout/i.test(message);
}

function property(error: unknown, name: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : undefined;
}
