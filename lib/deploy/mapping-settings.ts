// What a Kafka event in functions.yml may say beyond osls's own words, and the CloudFormation properties it becomes.
// Pure: a declaration goes in, properties or sentences about what is wrong come out. On-demand pollers lose what AWS refuses without provisioned ones.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html  https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html

/** How a stage's pollers are paid for: by the hour with the whole failure policy, or not at all with an endless retry of the whole batch. */
export type Pollers = "provisioned" | "on-demand";

/** A `kafka` or `msk` event as functions.yml declares it. */
export type MappingDeclaration = Readonly<Record<string, unknown>> & { readonly topic: string };

/** CloudFormation properties of an event source mapping, by AWS's names. */
export type MappingProperties = Readonly<Record<string, unknown>>;

interface Setting {
  readonly word: string;
  /** AWS refuses it without a ProvisionedPollerConfig. */
  readonly provisionedOnly: (value: unknown) => boolean;
  readonly isRight: (value: unknown) => boolean;
  /** What would be right, after "must be". */
  readonly right: string;
  readonly properties: (value: unknown) => MappingProperties;
}

const always = () => true;
const never = () => false;
const NO_LIMIT = -1;

const settings: readonly Setting[] = [
  {
    word: "provisionedPollerConfig",
    provisionedOnly: always,
    isRight: isPollerConfig,
    right:
      "{ minimumPollers: 1 to 200, maximumPollers: that or more, at most 2000, pollerGroupName: a name, or absent }",
    properties: (value) => ({ ProvisionedPollerConfig: capitalized(value) }),
  },
  {
    word: "functionResponseTypes",
    provisionedOnly: always,
    isRight: (value) => Array.isArray(value) && value.length === 1 && value[0] === "ReportBatchItemFailures",
    right: "[ReportBatchItemFailures]",
    properties: (value) => ({ FunctionResponseTypes: value }),
  },
  {
    word: "maximumRetryAttempts",
    provisionedOnly: always,
    isRight: (value) => isWhole(value, NO_LIMIT, 10_000),
    right: "-1 (no limit) or 0 to 10000",
    properties: (value) => ({ MaximumRetryAttempts: value }),
  },
  {
    word: "maximumRecordAgeInSeconds",
    provisionedOnly: always,
    isRight: (value) => value === NO_LIMIT || isWhole(value, 60, 604_800),
    right: "-1 (no limit) or 60 to 604800",
    properties: (value) => ({ MaximumRecordAgeInSeconds: value }),
  },
  {
    word: "bisectBatchOnFunctionError",
    provisionedOnly: always,
    isRight: (value) => typeof value === "boolean",
    right: "true or false",
    properties: (value) => ({ BisectBatchOnFunctionError: value }),
  },
  {
    word: "onFailureDestination",
    provisionedOnly: (value) => destinationTopic(value) !== undefined,
    isRight: isDestination,
    right: "kafka://<topic> with a topic of at least 4 letters, or the ARN of a queue, a topic or a bucket",
    properties: (value) => ({ DestinationConfig: { OnFailure: { Destination: value } } }),
  },
  {
    // osls has the word, and drops a 0 without telling, which leaves AWS's default of 500 ms.
    word: "maximumBatchingWindow",
    provisionedOnly: never,
    isRight: (value) => isWhole(value, 0, 300),
    right: "whole seconds from 0 to 300, or absent for AWS's 500 ms",
    properties: (value) => ({ MaximumBatchingWindowInSeconds: value }),
  },
  {
    word: "metrics",
    provisionedOnly: never,
    isRight: (value) => isListOf(value, ["EventCount", "ErrorCount", "KafkaMetrics"]),
    right: "a list of EventCount, ErrorCount and KafkaMetrics",
    properties: (value) => ({ MetricsConfig: { Metrics: value } }),
  },
  {
    word: "systemLogLevel",
    provisionedOnly: always,
    isRight: (value) => isListOf([value], ["DEBUG", "INFO", "WARN"]),
    right: "DEBUG, INFO or WARN",
    properties: (value) => ({ LoggingConfig: { SystemLogLevel: value } }),
  },
];

/** Every word a declaration may use here; osls knows the rest. */
export const settingWords: readonly string[] = settings.map(({ word }) => word);

/** Those of them that osls knows itself. */
export const oslsWords: Readonly<Record<"kafka" | "msk", readonly string[]>> = {
  kafka: ["provisionedPollerConfig", "onFailureDestination", "maximumBatchingWindow"],
  msk: ["provisionedPollerConfig", "maximumBatchingWindow"],
};

/** The CloudFormation properties of the declared settings, ready to be laid over what osls compiles. */
export function mappingProperties(declaration: MappingDeclaration, pollers: Pollers): MappingProperties {
  const kept = settings.filter((setting) => isDeclared(setting, declaration) && isKept(setting, declaration, pollers));
  return Object.assign({}, ...kept.map((setting) => setting.properties(declaration[setting.word])));
}

/** The words of a declaration that these pollers can't carry out, and that therefore stay out of the template. */
export function droppedWords(declaration: MappingDeclaration, pollers: Pollers): readonly string[] {
  return settings
    .filter((setting) => isDeclared(setting, declaration) && !isKept(setting, declaration, pollers))
    .map(({ word }) => word);
}

/** What is wrong with a declaration, a sentence each that names the setting and what would be right; empty when nothing is. */
export function mappingFaults(declaration: MappingDeclaration, pollers: Pollers): readonly string[] {
  const values = settings
    .filter((setting) => isDeclared(setting, declaration) && !setting.isRight(declaration[setting.word]))
    .map(({ word, right }) => `${word} must be ${right}: got ${JSON.stringify(declaration[word])}`);
  return [...values, ...combinationFaults(declaration, pollers)];
}

/** The topic of a `kafka://` destination. */
export function destinationTopic(destination: unknown): string | undefined {
  return typeof destination === "string" ? /^kafka:\/\/(.+)$/.exec(destination)?.[1] : undefined;
}

function combinationFaults(declaration: MappingDeclaration, pollers: Pollers): readonly string[] {
  const { onFailureDestination, maximumRetryAttempts, provisionedPollerConfig, topic } = declaration;
  const faults: string[] = [];
  if (pollers === "provisioned" && provisionedPollerConfig == null) {
    faults.push(
      "provisionedPollerConfig is missing while this stage's pollers are provisioned: give { minimumPollers: 1, maximumPollers: 3 }",
    );
  }
  if (pollers === "provisioned" && onFailureDestination != null && (maximumRetryAttempts ?? NO_LIMIT) === NO_LIMIT) {
    faults.push(
      "maximumRetryAttempts must be a number of its own beside an onFailureDestination, such as 10000: AWS stops at 10 retries otherwise",
    );
  }
  if (destinationTopic(onFailureDestination) === topic) {
    faults.push(`onFailureDestination must not be the topic that is read: got ${JSON.stringify(onFailureDestination)}`);
  }
  return faults;
}

function isDeclared({ word }: Setting, declaration: MappingDeclaration): boolean {
  return declaration[word] != null;
}

function isKept({ word, provisionedOnly }: Setting, declaration: MappingDeclaration, pollers: Pollers): boolean {
  return pollers === "provisioned" || !provisionedOnly(declaration[word]);
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

function isListOf(value: unknown, allowed: readonly string[]): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => allowed.includes(entry));
}

function isDestination(value: unknown): boolean {
  if (typeof value !== "string") return typeof value === "object"; // a CloudFormation function, such as Fn::GetAtt
  const topic = destinationTopic(value);
  return topic === undefined ? value.startsWith("arn:") : topic.length >= 4; // CloudFormation wants 12 characters
}

function isPollerConfig(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { minimumPollers = 1, maximumPollers = 200, pollerGroupName = "", ...rest } = value as Record<string, unknown>;
  return (
    Object.keys(rest).length === 0 &&
    isWhole(minimumPollers, 1, 200) &&
    isWhole(maximumPollers, Number(minimumPollers), 2000) &&
    typeof pollerGroupName === "string" &&
    /^[\w-]{0,128}$/.test(pollerGroupName)
  );
}

function capitalized(value: unknown): MappingProperties {
  const entries = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, setting]) => [name.charAt(0).toUpperCase() + name.slice(1), setting]));
}
