// Which route a request belongs to, and what a template may say of one.
import { describe, expect, it } from "vitest";
import { templateOf } from "../../../localstack/event-source/template/template.ts";
import { matchRoute, routesOf } from "../../../localstack/http-api/routes.ts";

const keys = [
  "GET /pets",
  "GET /pets/{id}",
  "ANY /pets/{id}",
  "GET /files/{path+}",
  "ANY /files/{path+}",
  "GET /pets/dog.html",
  "$default",
];
const routes = keys.map((key) => ({ key, functionLogicalId: "F", timeoutMs: 1 }));

describe("a request belongs to", () => {
  it.each([
    { method: "GET", path: "/pets", key: "GET /pets", why: "the path as it is written" },
    {
      method: "GET",
      path: "/pets/dog.html",
      key: "GET /pets/dog.html",
      why: "a written path before a parameter; a dot is a dot",
    },
    {
      method: "GET",
      path: "/pets/dogxhtml",
      key: "GET /pets/{id}",
      why: "a method before ANY",
      parameters: { id: "dogxhtml" },
    },
    { method: "PUT", path: "/pets/7", key: "ANY /pets/{id}", why: "ANY where no method fits", parameters: { id: "7" } },
    {
      method: "GET",
      path: "/files/a/b",
      key: "GET /files/{path+}",
      why: "a greedy parameter takes slashes",
      parameters: { path: "a/b" },
    },
    { method: "GET", path: "/pets/7/8", key: "$default", why: "a parameter takes none" },
    { method: "GET", path: "/Pets", key: "$default", why: "case counts" },
  ])("$key for $method $path: $why", ({ method, path, key, parameters = {} }) => {
    const match = matchRoute(routes, method, path);
    expect(match).toMatchObject({ route: { key }, pathParameters: parameters });
  });

  it("none where there is no $default", () => {
    expect(matchRoute(routes.slice(0, 1), "POST", "/pets")).toBeUndefined();
  });
});

describe("a template's routes", () => {
  const template = (route: object, integration: object = {}) =>
    templateOf(
      {
        Resources: {
          Api: { Type: "AWS::ApiGatewayV2::Api", Properties: {} },
          Integration: {
            Type: "AWS::ApiGatewayV2::Integration",
            Properties: {
              IntegrationUri: { "Fn::GetAtt": ["TrackLambdaFunction", "Arn"] },
              PayloadFormatVersion: "2.0",
              ...integration,
            },
          },
          Route: {
            Type: "AWS::ApiGatewayV2::Route",
            Properties: {
              RouteKey: "POST /track",
              Target: { "Fn::Join": ["/", ["integrations", { Ref: "Integration" }]] },
              ...route,
            },
          },
        },
      },
      ".",
    );

  it("lead to functions, with the integration's time limit", () => {
    expect(routesOf(template({}, { TimeoutInMillis: 5_000 }))).toEqual([
      { key: "POST /track", functionLogicalId: "TrackLambdaFunction", timeoutMs: 5_000 },
    ]);
    expect(routesOf(template({}))[0]?.timeoutMs).toBe(30_000);
  });

  it("are refused by name where they can't be carried out", () => {
    expect(() => routesOf(template({ AuthorizationType: "JWT" }))).toThrow(/'POST \/track' asks for an authorizer/);
    expect(() => routesOf(template({}, { PayloadFormatVersion: "1.0" }))).toThrow(/payload format 2\.0/);
    expect(() => routesOf(template({ Target: "integrations/x" }))).toThrow(/does not lead to a function/);
  });
});
