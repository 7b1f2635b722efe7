// What LocalStack's open release is given of a template: what it can't take is left out and said, the rest is as it was.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fitToOpenRelease, type Resource, type Template } from "../../../localstack/deploy/open-release.ts";

const orders: Resource = {
  Type: "AWS::Lambda::Function",
  Properties: {
    FunctionName: "shop-local-orders",
    VpcConfig: { SubnetIds: ["subnet-00000000"] },
    Environment: {
      Variables: {
        KAFKA_BROKERS: "127.0.0.1:9092",
        DATABASE_URL: "postgres://postgres:postgres@127.0.0.1:5432/postgres",
        SCHEMA_REGISTRY_URL: "http://localhost:8081",
        ORDERS_TOPIC: "orders",
        TABLE: { Ref: "Table" },
      },
    },
  },
  DependsOn: ["OrdersLogGroup"],
};
const kafka: Resource = {
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: { Topics: ["orders"], FunctionName: { "Fn::GetAtt": ["Orders", "Arn"] } },
};
const queue: Resource = {
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: { EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] } },
};
const api: Template["Resources"] = {
  Api: { Type: "AWS::ApiGatewayV2::Api", Properties: { ProtocolType: "HTTP" } },
  Route: { Type: "AWS::ApiGatewayV2::Route", Properties: { ApiId: { Ref: "Api" }, RouteKey: "POST /orders" } },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a text of Fn::Sub.
  Permission: { Type: "AWS::Lambda::Permission", Properties: { SourceArn: { "Fn::Sub": "arn:aws:${Api}/*" } } },
};
const table: Resource = { Type: "AWS::DynamoDB::Table", Properties: { BillingMode: "PAY_PER_REQUEST" } };

const fitted = (Resources: Template["Resources"], more: Omit<Template, "Resources"> = {}) =>
  fitToOpenRelease({ Resources, ...more });

describe("what is left out", () => {
  it("are event source mappings of Kafka, and no other", () => {
    const { template, notices } = fitted({ orders, kafka, queue });
    expect(Object.keys(template.Resources)).toEqual(["orders", "queue"]);
    expect(notices[0]).toMatch(/^Event source mappings of Kafka are left out, which it refuses \(1\): /);
  });

  it("is the HTTP API, with what refers to it: permissions, outputs and what waits for it", () => {
    const log: Resource = { Type: "AWS::Logs::LogGroup", DependsOn: ["Route", "Other"] };
    const Outputs = { Url: { Value: { "Fn::GetAtt": ["Api", "ApiEndpoint"] } }, Table: { Value: { Ref: "Table" } } };
    const { template, notices } = fitted({ ...api, Table: table, Log: log }, { Outputs });
    expect(template).toEqual({
      Resources: { Table: table, Log: { ...log, DependsOn: ["Other"] } },
      Outputs: { Table: Outputs.Table },
    });
    expect(notices).toEqual([
      "The HTTP API is left out, which its open release lacks (POST /orders): `npm run dev` serves it.",
      "What refers to these is left out with them: Permission.",
    ]);
  });

  it("is the dashboard", () => {
    const { template, notices } = fitted({ Dashboard: { Type: "AWS::CloudWatch::Dashboard" }, Table: table });
    expect(Object.keys(template.Resources)).toEqual(["Table"]);
    expect(notices).toEqual(["The dashboard is left out, which its open release lacks (Dashboard)."]);
  });

  it("is nothing where it takes everything, and nothing is said", () => {
    const whole = { Resources: { Table: table, queue }, Outputs: { Table: { Value: { Ref: "Table" } } } };
    expect(fitToOpenRelease(whole)).toEqual({ template: whole, notices: [] });
  });
});

describe("a function", () => {
  const { template, notices } = fitted({ orders });
  const properties = template.Resources.orders?.Properties;

  it("is outside of a VPC, and else as it was", () => {
    expect(properties).toEqual({ FunctionName: "shop-local-orders", Environment: expect.anything() });
    expect(template.Resources.orders?.DependsOn).toEqual(["OrdersLogGroup"]);
    expect(notices[0]).toBe("Functions run outside of a VPC, since the stage's subnets are nowhere.");
  });

  it("finds this machine's services as containers do", () => {
    expect(properties?.Environment).toEqual({
      Variables: {
        KAFKA_BROKERS: "kafka:19092",
        DATABASE_URL: "postgres://postgres:postgres@postgres:5432/postgres",
        SCHEMA_REGISTRY_URL: "http://registry:8080/apis/ccompat/v7",
        ORDERS_TOPIC: "orders",
        TABLE: { Ref: "Table" },
      },
    });
    expect(notices[1]).toContain("KAFKA_BROKERS=kafka:19092");
  });

  it("keeps addresses that are another machine's", () => {
    const Variables = { KAFKA_BROKERS: "kafka.shop.example:9092", DATABASE_URL: "postgres://u@db.shop.example/shop" };
    const elsewhere = { Type: "AWS::Lambda::Function", Properties: { Environment: { Variables } } };
    expect(fitted({ elsewhere })).toEqual({ template: { Resources: { elsewhere }, Outputs: {} }, notices: [] });
  });

  it("is not changed where it was read: the whole template stays whole", () => {
    const resources = { orders, kafka, ...api };
    const before = structuredClone(resources);
    fitted(resources);
    expect(resources).toEqual(before);
  });
});

describe("the addresses", () => {
  const { services } = parse(readFileSync(new URL("../../../localstack/compose.yml", import.meta.url), "utf8"));
  const variables = fitted({ orders }).template.Resources.orders?.Properties?.Environment;

  it("are those of compose.yml's services", () => {
    const advertised: string = services.kafka.environment.KAFKA_ADVERTISED_LISTENERS;
    expect(advertised.split(",")).toContain("CONTAINERS://kafka:19092");
    const portOf = (name: string) => services[name].ports[0].split(":").at(-1);
    expect(variables).toMatchObject({
      Variables: {
        DATABASE_URL: `postgres://postgres:${services.postgres.environment.POSTGRES_PASSWORD}@postgres:${portOf("postgres")}/postgres`,
        SCHEMA_REGISTRY_URL: expect.stringMatching(`^http://registry:${portOf("registry")}/`),
      },
    });
  });
});
