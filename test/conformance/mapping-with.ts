// A mapping from settings alone, as the event source reads it from a template; what it refuses is thrown.
import type { Mapping } from "../../localstack/event-source/template/mapping.ts";
import { mappingsOf } from "../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "../localstack/event-source/fixture.ts";

type Settings = Readonly<Record<string, unknown>>;

const FUNCTION = { Type: "AWS::Lambda::Function", Properties: { FunctionName: "svc-dev-count", Timeout: 30 } };

/** The mapping of a self-managed cluster's topic `orders`, with these settings over the least that AWS accepts. */
export function mappingWith(settings: Settings): Mapping {
  return mappingsWith({ M: kafkaMapping("count", "orders", settings) })[0]!;
}

export function mappingsWith(resources: Settings): Mapping[] {
  return mappingsOf(templateOf({ Resources: { CountLambdaFunction: FUNCTION, ...resources } }, "/somewhere"));
}
