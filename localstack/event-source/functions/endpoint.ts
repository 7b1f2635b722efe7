// Calls functions through Lambda's Invoke API: serverless-offline's lambda port, LocalStack, MiniStack, or AWS itself.
// What its answers mean for a batch is here; waiting and trying again is the event source's, so the client never does.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
import { InvokeCommand, type InvokeCommandOutput, LambdaClient, LambdaServiceException } from "@aws-sdk/client-lambda";
import { awsClientSettings } from "../aws/endpoint.ts";
import type { FunctionError, InvokeRequest, InvokeResult, Invoker } from "../invoke.ts";
import type { FunctionDefinition } from "../template/function-definition.ts";

export interface EndpointOptions {
  /** An address such as `http://127.0.0.1:3002`, or `aws`: the functions that are deployed in this region. */
  readonly endpoint: string;
  readonly region: string;
  readonly functions: readonly FunctionDefinition[];
  /** What a function is called there, where that isn't its deployed name; may be an ARN and may end in `:alias`. */
  readonly names?: ReadonlyMap<string, string>;
  /** How much later than its time limit a function's answer may come; 15 s by default. */
  readonly answerMarginMs?: number;
  /** Why an invocation failed: nobody else here sees what the endpoint said. */
  log?(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** How much later than the function's own time limit an answer may come: a cold start, an image being fetched. */
const ANSWER_MARGIN_MS = 15_000;
const CONNECT_WITHIN_MS = 5_000;
/** Lambda's longest time limit, for functions whose own is not known. */
const LONGEST_MS = 900_000;
/** On-demand mappings and pollers send 5 at once each; connections are kept for the next ones. */
const CONNECTIONS = 512;

/** Resolves once the endpoint has answered for every function; refuses one that it doesn't know. */
export async function openEndpoint(options: EndpointOptions): Promise<Invoker> {
  const client = clientOf(options);
  const timeouts = new Map(options.functions.map(({ name, timeoutMs }) => [name, timeoutMs]));
  const nameOf = (functionName: string) => nameThere(functionName, options.names?.get(nameAlone(functionName)));
  try {
    await Promise.all(options.functions.map(({ name }) => check(client, nameOf(name), options)));
  } catch (error) {
    client.destroy();
    throw error;
  }
  return {
    async invoke(request) {
      const { functionName } = request;
      const withinMs =
        (timeouts.get(nameAlone(functionName)) ?? LONGEST_MS) + (options.answerMarginMs ?? ANSWER_MARGIN_MS);
      const result = await invoke(client, { ...request, functionName: nameOf(functionName) }, withinMs);
      if (result.kind === "function-error") {
        options.log?.("the function failed", { function: nameOf(functionName), ...result.error });
      } else if (result.kind === "not-delivered") {
        options.log?.("the function was not reached", { function: nameOf(functionName), reason: result.reason });
      }
      return result;
    },
    async stop() {
      client.destroy();
    },
  };
}

async function invoke(client: LambdaClient, request: InvokeRequest, withinMs: number): Promise<InvokeResult> {
  const startedAt = performance.now();
  const command = new InvokeCommand({ ...targetOf(request.functionName), Payload: request.payload });
  const timeOut = AbortSignal.timeout(withinMs);
  const facts = (requestId = crypto.randomUUID() as string) => ({
    requestId,
    durationMs: performance.now() - startedAt,
  });
  try {
    const output = await client.send(command, { abortSignal: timeOut }).catch((error: unknown) => {
      if (!wasCut(error)) throw error;
      return client.send(command, { abortSignal: timeOut });
    });
    return { ...facts(output.$metadata.requestId), ...answerOf(output) };
  } catch (error) {
    if (timeOut.aborted) return { ...facts(), kind: "function-error", error: timedOut(withinMs) };
    const requestId = error instanceof LambdaServiceException ? error.$metadata.requestId : undefined;
    return { ...facts(requestId), ...refusalOf(error) };
  }
}

/** A kept connection that the endpoint closed just then says nothing about the endpoint: a new one does. */
function wasCut(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNRESET" || code === "EPIPE";
}

type Answer =
  | { readonly kind: "success"; readonly response: unknown }
  | { readonly kind: "function-error"; readonly error: FunctionError }
  | { readonly kind: "not-delivered"; readonly isThrottled: boolean; readonly reason: string };

function answerOf({ FunctionError: isError, Payload }: InvokeCommandOutput): Answer {
  const text = Payload?.transformToString() ?? "";
  const response = parsed(text);
  if (isError === undefined) return { kind: "success", response };
  const { errorType, errorMessage, stackTrace, trace } = Object(response) as Readonly<Record<string, unknown>>;
  const lines = stackTrace ?? trace; // serverless-offline says trace
  return {
    kind: "function-error",
    error: {
      errorType: String(errorType ?? isError),
      errorMessage: String(errorMessage ?? text),
      ...(Array.isArray(lines) ? { stackTrace: lines.map(String) } : {}),
    },
  };
}

/** No answer to speak of is null; what is no JSON is what a function answered as plain text. */
function parsed(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refusalOf(error: unknown): Answer {
  const { name, message, $metadata } = error as Partial<LambdaServiceException>;
  // A smaller batch may fit, and this one never will: it counts as a failure, so that it is bisected or given up.
  if ($metadata?.httpStatusCode === 413) {
    return { kind: "function-error", error: { errorType: "RequestTooLargeException", errorMessage: String(message) } };
  }
  const isThrottled = $metadata?.httpStatusCode === 429;
  const reason = isThrottled ? `throttled: ${message}` : `${name}: ${whatIsWrong(error)}`;
  return { kind: "not-delivered", isThrottled, reason };
}

/** A refused connection to several addresses has its message in its parts only. */
function whatIsWrong(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(whatIsWrong).join(", ");
  return error instanceof Error ? error.message : String(error);
}

function timedOut(withinMs: number): FunctionError {
  const seconds = (withinMs / 1000).toFixed(2);
  return { errorType: "Sandbox.Timedout", errorMessage: `No answer after ${seconds} seconds, its time limit and more` };
}

// A dry run invokes nothing. serverless-offline refuses it, after it has looked for the function.
async function check(client: LambdaClient, name: string, { endpoint, region }: EndpointOptions): Promise<void> {
  const command = new InvokeCommand({ ...targetOf(name), InvocationType: "DryRun" });
  const where = endpoint === "aws" ? `AWS in ${region}` : endpoint;
  try {
    await client.send(command, { abortSignal: AbortSignal.timeout(ANSWER_MARGIN_MS) });
  } catch (cause) {
    const status = cause instanceof LambdaServiceException ? cause.$metadata.httpStatusCode : undefined;
    if (status === 400) return;
    if (status === 404) {
      throw new Error(
        `There is no function '${name}' at ${where}. Deploy or start it there, or say what it is called: --function KEY=NAME.`,
        { cause },
      );
    }
    const advice =
      endpoint === "aws"
        ? "Check credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID) and the permission lambda:InvokeFunction."
        : "Start it, or mend --endpoint.";
    throw new Error(`Function '${name}' can't be invoked at ${where}: ${whatIsWrong(cause)}. ${advice}`, { cause });
  }
}

/** The mapping's alias or version goes with the name there, unless that has one itself. */
function nameThere(functionName: string, there = functionName): string {
  const { Qualifier: qualifier } = targetOf(functionName);
  return qualifier === undefined || targetOf(there).Qualifier !== undefined ? there : `${there}:${qualifier}`;
}

function nameAlone(functionName: string): string {
  return functionName.replace(/:.*$/, "");
}

/** Name, ARN or partial ARN, and the version or alias that it may end in. */
function targetOf(name: string): { FunctionName: string; Qualifier?: string } {
  const [, base, qualifier] = /^((?:.*:function:|\d{12}:function:)?[^:]+)(?::([^:]+))?$/.exec(name) ?? [];
  return { FunctionName: base ?? name, ...(qualifier === undefined ? {} : { Qualifier: qualifier }) };
}

function clientOf({ endpoint, region }: EndpointOptions): LambdaClient {
  const agent = { keepAlive: true, maxSockets: CONNECTIONS };
  return new LambdaClient({
    ...awsClientSettings(endpoint === "aws" ? { kind: "aws" } : { kind: "endpoint", url: endpoint }, region),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, socketTimeout: 0, httpAgent: agent, httpsAgent: agent },
  });
}
