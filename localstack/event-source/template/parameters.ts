// A template's parameters: what was given, else their defaults. `undefined` stands for one that only a deployment knows.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html

/** Values by name. Throws for one that the template doesn't have, or doesn't allow. */
export function parametersOf(
  declared: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined) {
    const names = Object.keys(declared).join(", ") || "none";
    throw new Error(`--parameter ${unknown}: the template has no such parameter. Parameters: ${names}.`);
  }
  const entries = Object.entries(declared).map(([name, body]) => [
    name,
    parameterValue(name, Object(body), given[name]),
  ]);
  return Object.fromEntries(entries);
}

interface Declaration {
  readonly Type?: unknown;
  readonly Default?: unknown;
  readonly AllowedValues?: unknown;
}

function parameterValue(
  name: string,
  { Type, Default, AllowedValues }: Declaration,
  given: string | undefined,
): unknown {
  const type = String(Type ?? "String");
  // A parameter of the Parameter Store defaults to a name there, not to the value.
  const value = given ?? (type.startsWith("AWS::SSM::Parameter::Value") ? undefined : Default);
  if (value === undefined) return undefined;
  if (Array.isArray(AllowedValues) && !AllowedValues.map(String).includes(String(value))) {
    throw new Error(`Parameter '${name}' is one of ${AllowedValues.join(", ")}: got '${value}'`);
  }
  const isList = /^(AWS::SSM::Parameter::Value<)?(CommaDelimitedList|List<)/.test(type);
  return isList && typeof value === "string" ? value.split(",").map((item) => item.trim()) : value;
}
