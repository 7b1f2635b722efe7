// What a deployed function is asked to show that it works, and what a right answer is. Pure: read from the stack's own template.
// Nothing is changed by a probe: Kafka events hold no records, a tick comes as it does every few minutes, HTTP asks for the description.

import { type Resource, refersTo, type StackTemplate } from "./stack-template.ts";

export interface Probe {
  /** The function's logical id. */
  readonly functionId: string;
  /** What it is asked, in a word or two. */
  readonly asks: string;
  readonly event: unknown;
  /** What is wrong with its answer; undefined when nothing is. */
  fault(answer: unknown): string | undefined;
}

type Ask = Omit<Probe, "functionId">;

/** One probe a function and kind of source that invokes it; a function that nothing invokes is invoked with `{}`. */
export function probesOf({ Resources }: StackTemplate): readonly Probe[] {
  const all = Object.entries(Resources);
  return all
    .filter(([, { Type }]) => Type === "AWS::Lambda::Function")
    .flatMap(([functionId]) => {
      const asks = new Map<string, Ask>();
      for (const [name, resource] of all) {
        for (const ask of asksOf(name, resource, { functionId, Resources })) asks.set(ask.asks, ask);
      }
      return [...(asks.size === 0 ? [plain] : asks.values())].map((ask) => ({ functionId, ...ask }));
    });
}

interface Around {
  readonly functionId: string;
  readonly Resources: StackTemplate["Resources"];
}

function asksOf(name: string, { Type, Properties = {} }: Resource, { functionId, Resources }: Around): readonly Ask[] {
  switch (Type) {
    case "AWS::Lambda::EventSourceMapping":
      return refersTo(Properties.FunctionName, functionId) ? [noRecords(Properties)] : [];
    case "AWS::Events::Rule":
      return refersTo(Properties.Targets, functionId) ? [tick] : [];
    case "AWS::ApiGatewayV2::Integration":
      return refersTo(Properties.IntegrationUri, functionId) ? descriptionOf(name, Resources) : [];
    default:
      return [];
  }
}

/** Everything is loaded and every setting read; then there is nothing to do. */
function noRecords(mapping: Readonly<Record<string, unknown>>): Ask {
  const isRead = JSON.stringify(mapping.FunctionResponseTypes) === '["ReportBatchItemFailures"]';
  const right = isRead ? '{"batchItemFailures":[]}' : "null";
  return {
    asks: "a Kafka event without records",
    event: { eventSource: "SelfManagedKafka", bootstrapServers: "none:9092", records: {} },
    fault: (answer) =>
      JSON.stringify(answer ?? null) === right
        ? undefined
        : `must answer ${right}, since its mapping ${isRead ? "reads" : "doesn't read"} partial responses`,
  };
}

const tick: Ask = {
  asks: "its schedule's event",
  event: { source: "aws.events", "detail-type": "Scheduled Event", detail: {} },
  fault: () => undefined,
};

const plain: Ask = { asks: "an empty event", event: {}, fault: () => undefined };

/** The API's own description, where it has one. */
function descriptionOf(integration: string, Resources: StackTemplate["Resources"]): readonly Ask[] {
  const isDescribed = Object.values(Resources).some(
    ({ Type, Properties = {} }) =>
      Type === "AWS::ApiGatewayV2::Route" &&
      Properties.RouteKey === "GET /openapi.json" &&
      refersTo(Properties.Target, integration),
  );
  return isDescribed ? [description] : [];
}

const description: Ask = {
  asks: "GET /openapi.json",
  event: {
    version: "2.0",
    routeKey: "GET /openapi.json",
    rawPath: "/openapi.json",
    rawQueryString: "",
    headers: {},
    requestContext: {
      http: { method: "GET", path: "/openapi.json" },
      requestId: "smoke",
      routeKey: "GET /openapi.json",
    },
    isBase64Encoded: false,
  },
  fault(answer) {
    const { statusCode, body } = (answer ?? {}) as { statusCode?: unknown; body?: unknown };
    if (statusCode !== 200) return `must answer 200: got ${JSON.stringify(statusCode ?? null)}`;
    return String(body).startsWith('{"openapi":') ? undefined : "must answer with an OpenAPI document";
  },
};
