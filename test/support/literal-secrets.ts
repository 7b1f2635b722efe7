// Secrets that stand in a compiled template as they are, where a reference belongs: whoever may read the template or the function's
// configuration could read them. Pure.

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>
  >;
}

/** Names that say a secret is in it. */
const secretName = /PASSWORD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL/i;
/** What stands for a secret without being one. */
const reference = /^(arn:[\w-]+:(secretsmanager|ssm|kms):.+|\{\{resolve:(secretsmanager|ssm-secure):.+\}\}|)$/;
const addressWithPassword = /\w+:\/\/[^\s/@:]*:(?<password>[^\s/@]+)@/;
const keyOfAws = /\b(AKIA|ASIA)[0-9A-Z]{16}\b/;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY/;

/** Each as `function's logical id: variable`; empty when there is none. */
export function literalSecrets({ Resources }: Template): readonly string[] {
  return Object.entries(Resources).flatMap(([id, { Type, Properties }]) => {
    if (Type !== "AWS::Lambda::Function") return [];
    const { Variables = {} } = (Properties.Environment ?? {}) as { Variables?: Readonly<Record<string, unknown>> };
    return Object.entries(Variables)
      .filter(([name, value]) => typeof value === "string" && isSecret(name, value))
      .map(([name]) => `${id}: ${name}`);
  });
}

function isSecret(name: string, value: string): boolean {
  if (secretName.test(name) && !reference.test(value)) return true;
  const password = addressWithPassword.exec(value)?.groups?.password;
  if (password !== undefined && !password.startsWith("{{resolve:")) return true;
  return keyOfAws.test(value) || privateKey.test(value);
}
