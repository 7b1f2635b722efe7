// What an execution environment runs in: a process of its own (process-sandbox.ts) or a thread of the event source's (thread-sandbox.ts).
import { randomUUID } from "node:crypto";
import type { FunctionDefinition } from "../template/function-definition.ts";
import type { Call, EnvironmentSetup, Reply } from "./runtime-protocol.ts";

export interface SandboxOptions {
  readonly definition: FunctionDefinition;
  /** The folder with the function's unpacked code. */
  readonly taskRoot: string;
  /** The runtime program, as plain JavaScript. */
  readonly runtimeFile: string;
  readonly region: string;
  /** Where the function's output goes. */
  readonly logFd: number;
}

/** Who is told what the runtime says, and once that it has ended and how. */
export interface SandboxListener {
  onReply(reply: Reply): void;
  onGone(how: string): void;
}

export interface Sandbox {
  readonly pid: number | undefined;
  readonly hasEnded: boolean;
  /** Whether time limits hold: nobody stands at a breakpoint in it. */
  readonly isTimed: boolean;
  /** Hands over an event, as ASCII JSON. */
  call(call: Call, payload: Buffer): void;
  /** Tells it to end, as Lambda tells a function that has an extension. */
  end(): void;
  /** Ends it at once. */
  kill(): void;
}

export type OpenSandbox = (options: SandboxOptions, listener: SandboxListener) => Sandbox;

export function setupOf({ definition, taskRoot }: SandboxOptions): EnvironmentSetup {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  return {
    taskRoot,
    handler: definition.handler,
    functionName: definition.name,
    functionArn: definition.arn,
    memoryMb: definition.memoryMb,
    logGroupName: `/aws/lambda/${definition.name}`,
    logStreamName: `${day}/[$LATEST]${randomUUID().replaceAll("-", "")}`,
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
export function variablesOf(
  { definition, taskRoot, region }: SandboxOptions,
  { logGroupName, logStreamName }: EnvironmentSetup,
): NodeJS.ProcessEnv {
  const { PATH, AWS_ACCESS_KEY_ID = "local", AWS_SECRET_ACCESS_KEY = "local", AWS_SESSION_TOKEN } = process.env;
  return {
    PATH,
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN === undefined ? {} : { AWS_SESSION_TOKEN }),
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
    LAMBDA_TASK_ROOT: taskRoot,
    _HANDLER: definition.handler,
    ...definition.environment,
  };
}
