// What LocalStack's open release takes of a compiled template: the rest is left out, and said. Pure.
// It refuses event source mappings of Kafka, has no API Gateway v2 and no dashboards, and looks a function's subnets up.
// Functions run there in containers, where this machine's services have the names and ports of localstack/compose.yml.

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
}

export interface Fitted {
  readonly template: Template;
  /** What became of that which LocalStack can't take, a sentence a kind. */
  readonly notices: readonly string[];
}

interface Lacking {
  readonly isOne: (resource: Resource) => boolean;
  /** The sentence; `ids` are the logical ids of what was left out. */
  readonly says: (ids: readonly string[], resources: Template["Resources"]) => string;
}

const lacking: readonly Lacking[] = [
  {
    isOne: ({ Type, Properties = {} }) => Type === "AWS::Lambda::EventSourceMapping" && Properties.Topics !== undefined,
    says: (ids) =>
      `Event source mappings of Kafka are left out, which it refuses (${ids.length}): the local event source carries them out.`,
  },
  {
    isOne: ({ Type }) => Type.startsWith("AWS::ApiGatewayV2::"),
    says: (ids, resources) =>
      `The HTTP API is left out, which its open release lacks (${routesOf(ids, resources).join(", ")}): \`npm run dev\` serves it.`,
  },
  {
    isOne: ({ Type }) => Type === "AWS::CloudWatch::Dashboard",
    says: (ids) => `The dashboard is left out, which its open release lacks (${ids.join(", ")}).`,
  },
];

/** Addresses of this machine, and what containers beside LocalStack's call the same services. */
const inContainers: Readonly<Record<string, string>> = {
  KAFKA_BROKERS: "kafka:19092",
  DATABASE_URL: "postgres://postgres:postgres@postgres:5432/postgres",
  SCHEMA_REGISTRY_URL: "http://registry:8080/apis/ccompat/v7",
};
const THIS_MACHINE = /(^|\/\/|@)(127(\.\d+){3}|localhost|\[::1\])(:|\/|$)/;

/** The template as the open release can deploy it. */
export function fitToOpenRelease({ Resources, Outputs, ...rest }: Template): Fitted {
  const notices: string[] = [];
  const left = new Set<string>();
  for (const { isOne, says } of lacking) {
    const ids = Object.keys(Resources).filter((id) => isOne(resourceAt(Resources, id)));
    if (ids.length > 0) notices.push(says(ids, Resources));
    for (const id of ids) left.add(id);
  }
  const lacked = new Set(left);
  leaveDependents(left, Resources);
  const dependents = Object.keys(Resources).filter((id) => left.has(id) && !lacked.has(id));
  if (dependents.length > 0) notices.push(`What refers to these is left out with them: ${dependents.join(", ")}.`);
  const kept = Object.entries(Resources).filter(([id]) => !left.has(id));
  const outputs = Object.entries(Outputs ?? {}).filter(([, output]) => !refersTo(output, left));
  const fitted = kept.map(([id, resource]) => [id, withoutDependsOn(fitFunction(resource), left)] as const);
  const functions = kept.filter(([, { Type }]) => Type === "AWS::Lambda::Function").map(([, resource]) => resource);
  return {
    template: { ...rest, Resources: Object.fromEntries(fitted), Outputs: Object.fromEntries(outputs) },
    notices: [...notices, ...functionNotices(functions)],
  };
}

function functionNotices(functions: readonly Resource[]): readonly string[] {
  const isInVpc = functions.some(({ Properties }) => Properties?.VpcConfig !== undefined);
  const moved = Object.entries(inContainers).filter(([name]) =>
    functions.some((resource) => isOfThisMachine(variablesOf(resource)[name])),
  );
  const addresses = moved.map(([name, address]) => `${name}=${address}`).join(", ");
  return [
    ...(isInVpc ? ["Functions run outside of a VPC, since the stage's subnets are nowhere."] : []),
    ...(moved.length > 0
      ? [`Functions run in containers, where this machine's services have other addresses: ${addresses}.`]
      : []),
  ];
}

/** The function outside of a VPC, with its services' addresses as they are in containers; other resources as they are. */
function fitFunction(resource: Resource): Resource {
  if (resource.Type !== "AWS::Lambda::Function") return resource;
  const { VpcConfig: _, Environment, ...properties } = resource.Properties ?? {};
  const variables = Object.entries(variablesOf(resource)).map(([name, value]) => [
    name,
    isOfThisMachine(value) ? (inContainers[name] ?? value) : value,
  ]);
  const environment = Environment === undefined ? {} : { Environment: { Variables: Object.fromEntries(variables) } };
  return { ...resource, Properties: { ...properties, ...environment } };
}

function variablesOf({ Properties }: Resource): Readonly<Record<string, unknown>> {
  const environment = Properties?.Environment;
  return isObject(environment) && isObject(environment.Variables) ? environment.Variables : {};
}

function isOfThisMachine(address: unknown): boolean {
  return typeof address === "string" && THIS_MACHINE.test(address);
}

function routesOf(ids: readonly string[], resources: Template["Resources"]): readonly string[] {
  return ids.flatMap((id) => {
    const route = resourceAt(resources, id).Properties?.RouteKey;
    return typeof route === "string" ? [route] : [];
  });
}

/** What refers to something that is left out can't be made either, such as the permission of an API to invoke a function. */
function leaveDependents(left: Set<string>, resources: Template["Resources"]): void {
  for (;;) {
    const more = Object.entries(resources).filter(
      ([id, { Properties }]) => !left.has(id) && refersTo(Properties, left),
    );
    if (more.length === 0) return;
    for (const [id] of more) left.add(id);
  }
}

function withoutDependsOn({ DependsOn, ...resource }: Resource, left: ReadonlySet<string>): Resource {
  const kept = [DependsOn ?? []].flat().filter((id) => !left.has(id));
  return kept.length > 0 ? { ...resource, DependsOn: kept } : resource;
}

/** Whether a value holds a Ref, a Fn::GetAtt or a Fn::Sub of one of these. */
function refersTo(value: unknown, ids: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return value.some((entry) => refersTo(entry, ids));
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, inner]) => {
    if (key === "Ref") return ids.has(String(inner));
    if (key === "Fn::GetAtt") return ids.has([inner].flat().join(".").split(".")[0] ?? "");
    if (key === "Fn::Sub" && namesIn([inner].flat()[0]).some((name) => ids.has(name))) return true;
    return refersTo(inner, ids);
  });
}

/** The logical ids in a text of Fn::Sub. */
function namesIn(text: unknown): readonly string[] {
  return [...String(text).matchAll(/\$\{(\w+)[.}]/g)].map(([, name = ""]) => name);
}

function resourceAt(resources: Template["Resources"], id: string): Resource {
  const found = resources[id];
  if (found === undefined) throw new Error(`There is no resource ${id} in the template.`);
  return found;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
