// The ways of proving to Kafka who asks. A stage's parameter names one: event source mappings and the functions' own clients both follow it.

/** `none` is in the clear; every other way is over TLS with verified certificates. */
export const kafkaAuths = ["none", "iam", "scram-512", "scram-256", "plain", "mtls"] as const;
export type KafkaAuth = (typeof kafkaAuths)[number];

/** Whether the way takes a secret: name and password, or a certificate and its key. */
export function needsSecret(auth: string): boolean {
  const ways: readonly KafkaAuth[] = ["scram-512", "scram-256", "plain", "mtls"];
  return ways.some((way) => way === auth);
}
