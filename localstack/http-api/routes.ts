// The routes of a template's HTTP API, and which of them a request belongs to. Pure.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html

import { asObject, resourcesOfType, type Template } from "../event-source/template/template.ts";

export interface Route {
  /** `POST /track`, as the function is told. */
  readonly key: string;
  readonly functionLogicalId: string;
  readonly timeoutMs: number;
}

export interface Match {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Every route that leads to a function. A route that leads elsewhere, or asks for an authorizer, is refused by name. */
export function routesOf(template: Template): readonly Route[] {
  return resourcesOfType(template, "AWS::ApiGatewayV2::Route").map(({ logicalId, properties }) => {
    const key = String(properties.RouteKey);
    if (properties.AuthorizationType !== undefined && properties.AuthorizationType !== "NONE") {
      throw new Error(`Route '${key}' asks for an authorizer, which is not carried out locally.`);
    }
    const integration = template.resources.get(integrationOf(properties.Target));
    const { IntegrationUri, PayloadFormatVersion, TimeoutInMillis } = integration?.properties ?? {};
    const functionLogicalId = functionOf(IntegrationUri);
    if (functionLogicalId === undefined || PayloadFormatVersion !== "2.0") {
      throw new Error(`Route '${key}' (${logicalId}) does not lead to a function with payload format 2.0.`);
    }
    return { key, functionLogicalId, timeoutMs: Number(TimeoutInMillis ?? DEFAULT_TIMEOUT_MS) };
  });
}

/** The most specific route: a path as it is written before one with parameters, those before a greedy one, a method before ANY, $default last. */
export function matchRoute(routes: readonly Route[], method: string, path: string): Match | undefined {
  const fitting = routes.flatMap((route) => {
    const pathParameters = parametersOf(route.key, method, path);
    return pathParameters === undefined ? [] : [{ route, pathParameters }];
  });
  return fitting.sort((one, other) => looseness(one.route.key) - looseness(other.route.key))[0];
}

function parametersOf(key: string, method: string, path: string): Record<string, string> | undefined {
  if (key === "$default") return {};
  const [keyMethod = "", keyPath = ""] = key.split(" ");
  if (keyMethod !== "ANY" && keyMethod !== method) return undefined;
  const pattern = keyPath
    .split(/(\{[^}]+\})/)
    .map((part) => {
      const [, name, greedy] = /^\{([^}+]+)(\+?)\}$/.exec(part) ?? [];
      if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      return greedy === "+" ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`;
    })
    .join("");
  const match = new RegExp(`^${pattern}$`).exec(path);
  return match === null ? undefined : { ...match.groups };
}

function looseness(key: string): number {
  if (key === "$default") return 100;
  const path = key.includes("+}") ? 20 : key.includes("{") ? 10 : 0;
  return path + (key.startsWith("ANY ") ? 1 : 0);
}

/** `integrations/<ref>`, joined in the template. */
function integrationOf(target: unknown): string {
  const parts = asObject(target)?.["Fn::Join"];
  const references = Array.isArray(parts) && Array.isArray(parts[1]) ? parts[1] : [];
  return String(asObject(references.at(-1))?.Ref ?? "");
}

function functionOf(uri: unknown): string | undefined {
  const attribute = asObject(uri)?.["Fn::GetAtt"];
  const [logicalId, name] = Array.isArray(attribute) ? attribute : String(attribute ?? "").split(".");
  return name === "Arn" ? String(logicalId) : undefined;
}
