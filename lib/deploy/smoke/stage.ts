// A deployed stack through AWS's APIs: its template, its resources, its functions. With AWS_ENDPOINT_URL, an emulator's.

import { CloudFormationClient, GetTemplateCommand, paginateListStackResources } from "@aws-sdk/client-cloudformation";
import {
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import type { DeployedMapping } from "./mapping-faults.ts";
import type { StackTemplate } from "./stack-template.ts";

export interface Stage {
  template(): Promise<StackTemplate>;
  /** Physical ids by logical ones. */
  resources(): Promise<ReadonlyMap<string, string>>;
  mapping(uuid: string): Promise<DeployedMapping>;
  /** Why the function can't be invoked; undefined when it can. */
  trouble(functionName: string): Promise<string | undefined>;
  invoke(functionName: string, event: unknown): Promise<Answer>;
  close(): void;
}

export type Answer =
  | { readonly kind: "answered"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: string; readonly lastLines: string };

/** As long as Lambda lets a function that Kafka invokes run. */
const LONGEST_INVOCATION_MS = 14 * 60_000;

export function deployedStage(stackName: string): Stage {
  const stacks = new CloudFormationClient({});
  // A probe that runs long must not be sent twice by the client.
  const functions = new LambdaClient({ requestHandler: { requestTimeout: LONGEST_INVOCATION_MS }, maxAttempts: 2 });
  return {
    async template() {
      const { TemplateBody } = await stacks.send(new GetTemplateCommand({ StackName: stackName }));
      return JSON.parse(TemplateBody ?? "{}");
    },
    async resources() {
      const ids = new Map<string, string>();
      for await (const page of paginateListStackResources({ client: stacks }, { StackName: stackName })) {
        for (const { LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? []) {
          if (LogicalResourceId && PhysicalResourceId) ids.set(LogicalResourceId, PhysicalResourceId);
        }
      }
      return ids;
    },
    async mapping(uuid) {
      return { ...(await functions.send(new GetEventSourceMappingCommand({ UUID: uuid }))) };
    },
    async trouble(functionName) {
      const told = await functions.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
      if (told.State !== undefined && told.State !== "Active") return `is ${told.State}: ${told.StateReason ?? ""}`;
      if (told.LastUpdateStatus === "Failed")
        return `could not be updated: ${told.LastUpdateStatusReason ?? "no reason"}`;
      return undefined;
    },
    async invoke(functionName, event) {
      const { FunctionError, Payload, LogResult } = await functions.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event), LogType: "Tail" }),
      );
      const said = Buffer.from(Payload ?? []).toString("utf8");
      if (FunctionError === undefined) return { kind: "answered", value: said === "" ? null : JSON.parse(said) };
      return { kind: "failed", error: said, lastLines: Buffer.from(LogResult ?? "", "base64").toString("utf8") };
    },
    close() {
      stacks.destroy();
      functions.destroy();
    },
  };
}
