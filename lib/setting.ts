// A setting whose text is known, or is asked for each time it is needed, as a secret's is. Pure.

export type Setting = string | (() => Promise<string>);

/** The text of a setting at this moment. */
export async function textOf(setting: Setting): Promise<string> {
  return typeof setting === "string" ? setting : setting();
}
