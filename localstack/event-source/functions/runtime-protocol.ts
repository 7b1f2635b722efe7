// What the event source and an execution environment say to each other: a process over its file descriptor 3,
//
//   to the environment:    [ call bytes: u32 ][ event bytes: u32 ][ call: JSON ][ event: ASCII JSON ]
//   to the event source:   [ reply bytes: u32 ][ reply: JSON ]
//
// a thread by messages: a ThreadCall, and the reply as JSON text.
import type { FunctionError } from "../invoke.ts";

/** What an environment is told once, as its only argument. */
export interface EnvironmentSetup {
  readonly taskRoot: string;
  /** `path/to/file.export`. */
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** What comes with each event. */
export interface Call {
  readonly requestId: string;
  /** Milliseconds since the epoch at which the time limit ends the environment. */
  readonly deadline: number;
}

/** What a thread is told beside the setup. */
export interface ThreadData {
  /** The function's log. */
  readonly logFd: number;
}

/** A call as a thread gets it. */
export interface ThreadCall {
  readonly call: Call;
  /** JSON. */
  readonly event: string;
}

export type Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "init-error"; readonly error: FunctionError }
  | { readonly kind: "result"; readonly requestId: string; readonly response: unknown }
  | {
      readonly kind: "error";
      readonly requestId: string;
      readonly error: FunctionError;
      /** It ends now: nothing more may be sent to it. */
      readonly isLast?: true;
    };

export const CALL_HEAD_BYTES = 8;
export const REPLY_HEAD_BYTES = 4;
export const CHANNEL_FD = 3;
