// How a function is called. The pool of local environments is one way, a Lambda Invoke endpoint another.

import type { Interruption } from "./faults.ts";

export interface InvokeRequest {
  /** The deployed name, with `:alias` or `:version` where the mapping has one. */
  readonly functionName: string;
  /** The event as ASCII JSON. */
  readonly payload: Buffer;
  /** Calls with the same affinity go to the same environment while it is idle: its caches are warm for that partition. */
  readonly affinity?: string;
  /** The environment is to end like this while it works; who can't do that leaves it, the answer is dropped then. */
  readonly interruption?: Interruption;
}

export type InvokeResult = {
  readonly requestId: string;
  readonly durationMs: number;
} & (
  | { readonly kind: "success"; readonly response: unknown }
  /** The function threw, timed out, its process ended or its event is too large; `error` is what Lambda answers with. */
  | { readonly kind: "function-error"; readonly error: FunctionError }
  /** Throttled, or nothing there to answer: the batch did not reach the function. */
  | { readonly kind: "not-delivered"; readonly isThrottled: boolean; readonly reason: string }
);

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: readonly string[];
}

export interface Invoker {
  invoke(request: InvokeRequest): Promise<InvokeResult>;
  /** Ends every environment, giving each a moment to close what it holds. */
  stop(): Promise<void>;
}
