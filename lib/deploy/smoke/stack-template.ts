// The parts of a deployed stack's template that the smoke test reads.

export interface StackTemplate {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** Whether a value refers to a resource, however it is joined or got. */
export function refersTo(value: unknown, logicalId: string): boolean {
  if (Array.isArray(value)) return value.some((entry) => refersTo(entry, logicalId));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, inner]) => {
    if (name === "Ref") return inner === logicalId;
    if (name === "Fn::GetAtt") return [inner].flat()[0] === logicalId || inner === `${logicalId}.Arn`;
    return refersTo(inner, logicalId);
  });
}

/** Whether a value stands in the template as it will be, without a reference to anything. */
export function isLiteral(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isLiteral);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([name, inner]) => name !== "Ref" && !name.startsWith("Fn::") && isLiteral(inner));
}
