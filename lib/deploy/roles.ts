// Serverless plugin: every function has a role of its own. It only wires: what a role may do is in policy.ts.
// List it after kafka-mapping.ts, which makes the events ready that roles are made from.

import { usesKafka } from "./kafka-policy.ts";
import type { TopicSettings } from "./kafka-topics.ts";
import { policyOf, type RoleContext, type RoleSubject, usesFaults } from "./policy.ts";
import { documentOf, sizeFaults } from "./policy-size.ts";
import { type EventSource, kafkaEventOf } from "./service-mappings.ts";
import type { Statement } from "./statement.ts";

interface ServerlessFunction {
  /** As deployed. */
  readonly name?: string;
  readonly events?: readonly Readonly<Record<string, unknown>>[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly topics?: Readonly<Record<string, TopicSettings>>;
  readonly uses?: Readonly<Record<string, readonly string[]>>;
  readonly destinations?: { readonly onFailure?: { readonly arn?: unknown } };
  role?: unknown;
}

/** The part of osls that this plugin touches. */
interface Serverless {
  readonly service: {
    readonly service: string;
    readonly provider: {
      readonly stage?: string;
      readonly environment?: Readonly<Record<string, unknown>>;
      readonly vpc?: unknown;
      readonly tracing?: { readonly lambda?: unknown };
    };
    readonly custom?: { readonly eventSource?: EventSource; readonly secretsKeyArn?: string };
    readonly functions?: Readonly<Record<string, ServerlessFunction>>;
    readonly resources?: { Resources?: Record<string, { readonly Type?: string }> };
  };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
  readonly configSchemaHandler: { defineFunctionProperties(provider: "aws", schema: object): void };
}

export default class Roles {
  readonly hooks: Readonly<Record<string, () => void>>;
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
    serverless.configSchemaHandler.defineFunctionProperties("aws", { properties: { uses: { type: "object" } } });
    this.hooks = { initialize: () => this.#giveRoles() };
  }

  #giveRoles(): void {
    const { service } = this.#serverless;
    const resources = service.resources?.Resources;
    if (resources === undefined) return;
    const context = this.#context();
    for (const [key, declared] of Object.entries(service.functions ?? {})) {
      if (declared.role !== undefined) continue; // one that was made by hand has the last word
      this.#refuse(usesFaults(key, declared.uses ?? {}, context.typeOf));
      const id = `${key.charAt(0).toUpperCase()}${key.slice(1)}Role`;
      const statements = policyOf(this.#subject(key, declared), context);
      this.#refuse(sizeFaults(key, statements));
      resources[id] = roleWith(statements);
      declared.role = id;
    }
  }

  #refuse(faults: readonly string[]): void {
    if (faults.length > 0) throw new this.#serverless.classes.Error(faults.join("\n"), "FUNCTION_ROLE_INVALID");
  }

  #context(): RoleContext {
    const { provider, custom, resources } = this.#serverless.service;
    return {
      source: custom?.eventSource ?? { pollers: "provisioned" },
      secretsKeyArn: custom?.secretsKeyArn,
      isInVpc: provider.vpc !== undefined,
      isTraced: Boolean(provider.tracing?.lambda),
      typeOf: (logicalId) => resources?.Resources?.[logicalId]?.Type,
    };
  }

  #subject(key: string, declared: ServerlessFunction): RoleSubject {
    const { service, provider } = this.#serverless.service;
    const subject = {
      name: declared.name ?? key,
      namesStart: `${service}-${provider.stage ?? ""}-`,
      environment: declared.environment ?? {},
      topics: declared.topics ?? {},
      events: (declared.events ?? []).flatMap((event) => kafkaEventOf(event)?.declaration ?? []),
      uses: declared.uses ?? {},
      failedInvocationsTo: declared.destinations?.onFailure?.arn,
    };
    // The service's settings are about Kafka: who has no business there has none with its secrets.
    if (!usesKafka(subject)) return subject;
    return { ...subject, environment: { ...provider.environment, ...subject.environment } };
  }
}

function roleWith(statements: readonly Statement[]) {
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
      },
      Policies: [{ PolicyName: "function", PolicyDocument: documentOf(statements) }],
    },
  };
}
