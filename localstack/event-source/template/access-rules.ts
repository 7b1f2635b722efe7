// The rules of SourceAccessConfigurations: which types a source takes, what they need beside them, what is not carried out here.
// https://docs.aws.amazon.com/lambda/latest/api/API_SourceAccessConfiguration.html
import { asObject } from "./template.ts";

interface TypeRule {
  readonly takenBy: readonly ("msk" | "kafka")[];
  readonly uri: "secret" | "subnet" | "security-group" | "value" | "none";
  /** One of these ways in, and no second. */
  readonly isAuthentication?: true;
  /** One of these types must be there too. */
  readonly needs?: readonly string[];
  /** Why it is refused here. */
  readonly notCarriedOut?: string;
}

const OAUTH = "its token comes from an identity provider, by a secret whose form AWS has not published";
const FEDERATION = "its token comes from AWS's outbound identity federation, which only AWS can sign";
const BOTH = ["msk", "kafka"] as const;
const SELF = ["kafka"] as const;

const RULES: Readonly<Record<string, TypeRule>> = {
  BASIC_AUTH: { takenBy: SELF, uri: "secret", isAuthentication: true },
  SASL_SCRAM_512_AUTH: { takenBy: BOTH, uri: "secret", isAuthentication: true },
  SASL_SCRAM_256_AUTH: { takenBy: SELF, uri: "secret", isAuthentication: true },
  CLIENT_CERTIFICATE_TLS_AUTH: { takenBy: BOTH, uri: "secret", isAuthentication: true },
  SERVER_ROOT_CA_CERTIFICATE: { takenBy: SELF, uri: "secret" },
  VPC_SUBNET: { takenBy: SELF, uri: "subnet", needs: ["VPC_SECURITY_GROUP"] },
  VPC_SECURITY_GROUP: { takenBy: SELF, uri: "security-group", needs: ["VPC_SUBNET"] },
  IAM_AUTH: { takenBy: SELF, uri: "none", isAuthentication: true },
  OAUTHBEARER_AUTH: { takenBy: SELF, uri: "secret", isAuthentication: true, notCarriedOut: OAUTH },
  OAUTHBEARER_SCOPE: { takenBy: SELF, uri: "value", needs: ["OAUTHBEARER_AUTH"] },
  OAUTHBEARER_AUDIENCE: { takenBy: SELF, uri: "value", needs: ["OAUTHBEARER_AUTH", "IAM_OAUTHBEARER_AUTH"] },
  OAUTHBEARER_LOGICAL_CLUSTER: { takenBy: SELF, uri: "value", needs: ["OAUTHBEARER_AUTH"] },
  OAUTHBEARER_IDENTITY_POOL: { takenBy: SELF, uri: "value", needs: ["OAUTHBEARER_AUTH"] },
  IAM_OAUTHBEARER_AUTH: {
    takenBy: SELF,
    uri: "none",
    isAuthentication: true,
    needs: ["OAUTHBEARER_AUDIENCE"],
    notCarriedOut: FEDERATION,
  },
};
/** What may stand several times: a mapping is in several subnets and groups. */
const REPEATED = new Set(["VPC_SUBNET", "VPC_SECURITY_GROUP"]);

const MAXIMUM = 23;
const MAXIMUM_URI = 200;
const URIS: Readonly<Record<TypeRule["uri"], { readonly pattern: RegExp; readonly says: string }>> = {
  secret: { pattern: /^arn:aws[a-z-]*:secretsmanager:[^:]*:[^:]*:secret:.+$/, says: "the ARN of a secret" },
  subnet: { pattern: /^subnet:subnet-/, says: "'subnet:' and a subnet's id, such as subnet:subnet-0a1b2c" },
  "security-group": {
    pattern: /^security_group:sg-/,
    says: "'security_group:' and a group's id, such as security_group:sg-0a1b2c",
  },
  value: { pattern: /./, says: "the value itself" },
  none: { pattern: /^$/, says: "nothing: this type takes no URI" },
};

/** Why a mapping's access configurations are refused; what can't be carried out is so only where they are. */
export function accessRules(settings: Readonly<Record<string, unknown>>, access: "template" | "none"): string[] {
  const given = settings.SourceAccessConfigurations;
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length < 1 || given.length > MAXIMUM) {
    return [`SourceAccessConfigurations is a list of 1 to ${MAXIMUM} entries of Type and URI`];
  }
  const source = settings.SelfManagedEventSource === undefined ? "msk" : "kafka";
  const entries = given.map((entry) => asObject(entry) ?? {});
  const types = entries.map(({ Type }) => String(Type));
  const refusals = entries.flatMap((entry, index) => [
    ...ofEntry(entry, { index, source, access }),
    ...missing(String(entry.Type), types),
  ]);
  return [...new Set([...refusals, ...together(types, source)])];
}

function ofEntry(
  { Type, URI }: Readonly<Record<string, unknown>>,
  at: { readonly index: number; readonly source: "msk" | "kafka"; readonly access: "template" | "none" },
): string[] {
  const type = String(Type);
  const rule = RULES[type];
  if (rule === undefined) {
    return [
      `1 validation error detected: Value '${type}' at 'sourceAccessConfigurations.${at.index + 1}.member.type' failed to satisfy constraint: Member must satisfy enum value set: [${Object.keys(RULES).join(", ")}]`,
    ];
  }
  if (!rule.takenBy.includes(at.source)) {
    const taken = Object.keys(RULES).filter((name) => RULES[name]?.takenBy.includes(at.source));
    return [`SourceAccessConfigurations: ${type} is not for MSK, which takes ${taken.join(" and ")}`];
  }
  const uri = URI === undefined ? "" : String(URI);
  const { pattern, says } = URIS[rule.uri];
  if (uri.length > MAXIMUM_URI) {
    return [`SourceAccessConfigurations: the URI of ${type} has at most ${MAXIMUM_URI} characters, got ${uri.length}`];
  }
  // A secret that isn't read may be one that only the deployed stack knows.
  const isRead = rule.uri !== "secret" || at.access === "template";
  if (isRead && !pattern.test(uri)) return [`SourceAccessConfigurations: the URI of ${type} is ${says}, got '${uri}'`];
  if (rule.notCarriedOut === undefined || at.access === "none") return [];
  return [
    `SourceAccessConfigurations ${type} is not carried out by the local event source: ${rule.notCarriedOut}. Leave it out of this stage, or give a broker's address with --brokers to connect without it`,
  ];
}

function missing(type: string, types: readonly string[]): string[] {
  const needs = RULES[type]?.needs;
  if (needs === undefined || needs.some((need) => types.includes(need))) return [];
  return [`SourceAccessConfigurations: ${type} needs ${needs.join(" or ")} beside it`];
}

function together(types: readonly string[], source: "msk" | "kafka"): string[] {
  const twice = types.filter((type, index) => types.indexOf(type) !== index && !REPEATED.has(type));
  const ways = [...new Set(types.filter((type) => RULES[type]?.isAuthentication))];
  return [
    ...twice.map((type) => `SourceAccessConfigurations: ${type} stands more than once`),
    // MSK takes the certificate before the login.
    ...(source === "kafka" && ways.length > 1
      ? [`SourceAccessConfigurations: one authentication at most, got ${ways.join(" and ")}`]
      : []),
  ];
}
