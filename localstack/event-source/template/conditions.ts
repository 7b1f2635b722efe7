// CloudFormation's conditions: Fn::Equals, And, Or, Not, and conditions by name. What is compared is resolved by the caller.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html

export interface ConditionContext {
  /** The template's `Conditions`. */
  readonly conditions: Readonly<Record<string, unknown>>;
  /** Carries out every other intrinsic function. */
  resolve(value: unknown): unknown;
}

/** Whether the condition of this name holds. Throws for one that the template lacks, and for one that needs itself. */
export function holds(name: string, context: ConditionContext, asking: readonly string[] = []): boolean {
  if (!Object.hasOwn(context.conditions, name)) throw new Error(`Condition '${name}' is not in the template`);
  if (asking.includes(name)) throw new Error(`Condition '${name}' depends on itself: ${[...asking, name].join(" → ")}`);
  return isTrue(context.conditions[name], context, [...asking, name]);
}

function isTrue(condition: unknown, context: ConditionContext, asking: readonly string[]): boolean {
  const [entry, ...others] = Object.entries(Object(condition) as Readonly<Record<string, unknown>>);
  if (entry === undefined || others.length > 0) throw new Error(`${JSON.stringify(condition)} is no condition`);
  const [name, argument] = entry;
  const all = Array.isArray(argument) ? (argument as readonly unknown[]) : [argument];
  switch (name) {
    case "Condition":
      return holds(String(argument), context, asking);
    case "Fn::Equals":
      return String(context.resolve(all[0])) === String(context.resolve(all[1]));
    case "Fn::And":
      return all.every((each) => isTrue(each, context, asking));
    case "Fn::Or":
      return all.some((each) => isTrue(each, context, asking));
    case "Fn::Not":
      return !isTrue(all[0], context, asking);
    default:
      throw new Error(`${name} is no condition: use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition`);
  }
}
