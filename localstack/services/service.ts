// What a local service is: one value a service, in a file of its own. services.ts finds or starts it and knows no service by name.
import type { Ending, GuardedCommand } from "./guard.ts";

/** Where a service was found, in the order in which it is looked for. */
export const sources = ["environment", "container", "embedded"] as const;
export type Source = (typeof sources)[number];

/** `fast-start`: ready soonest, for tests and a first look. `throughput`: the full compiler and its memory at once, for load. */
export type Tuning = "fast-start" | "throughput";

export interface ServiceDefinition {
  /** Also its name in compose.yml, and of its log and its data folder. */
  readonly name: string;
  /** As it is called in messages. */
  readonly title: string;
  /** The environment variable that holds the address of one that runs already. */
  readonly variable: string;
  /** The property under which `Services` hands its address out. */
  readonly addressName: string;
  /** The address its clients are given when it listens on this port of this machine. */
  address(port: number): string;
  /** Resolves once the service does what it is for; rejects while it doesn't. */
  check(address: string): Promise<void>;
  /** Sets up what a service that was started here lacks; called whenever it has started and answers. */
  readonly afterStart?: (address: string) => Promise<void>;
  readonly container: {
    readonly usualPort: number;
    /** The variable through which compose.yml takes the port of this machine. */
    readonly portVariable: string;
  };
  readonly embedded: {
    readonly usualPort: number;
    /** The part of the message that says what a person can install. */
    readonly toInstall: string;
    /** Prepares what the process needs, downloads included, and says how to start it. Throws CannotStart with what is missing. */
    prepare(place: Place): Promise<Launch>;
  };
}

/** Where an embedded service is to run. */
export interface Place {
  readonly port: number;
  /** Its own folder, made already. */
  readonly dataFolder: string;
  /** Whether the data folder was given and stays; else it is removed at the end and nothing need be saved. */
  readonly isDurable: boolean;
  /** Shared by all runs on this machine: downloads and what is derived from them. */
  readonly cacheFolder: string;
  readonly tuning: Tuning;
  readonly kafkaHeapMb: number;
  readonly environment: NodeJS.ProcessEnv;
  /** Aborts when another service has failed. */
  readonly signal: AbortSignal;
  onProgress(line: string): void;
}

/**
 * How long a service may take to answer, ms. One that ends is told at once, so this is for one that hangs: a busy machine has been seen to
 * start the registry's JVM for a minute and a half.
 */
export const READY_WITHIN_MS = 240_000;

/** A process to start and how to end it. */
export interface Launch {
  readonly command: GuardedCommand;
  readonly ending: Omit<Ending, "remove">;
  /** What takes it away at once; default SIGKILL. */
  readonly killSignal?: NodeJS.Signals;
  /** Called before each start but the first. */
  readonly beforeRestart?: () => Promise<void>;
  /** How long it may take to answer. */
  readonly readyWithinMs: number;
  /** How it is taken away, where killing the process that was started does not do it. */
  readonly take?: Readonly<Record<"kill" | "pause" | "resume", GuardedCommand>>;
}

/** A service that answers. `kill`, `pause` and their opposites are for tests of faults, and only for services started here. */
export interface RunningService {
  readonly name: string;
  readonly source: Source;
  readonly address: string;
  /** The process that is the service, where it is one of ours. */
  readonly pid: number | undefined;
  /** Rejects when it ends, however it does, with where its log is; after `restart` it is another promise. One that runs elsewhere never does. */
  readonly failed: Promise<never>;
  /** Takes it away at once, as `kill -9` or a power cut does. */
  kill(): Promise<void>;
  /** Kills it unless it is down already, starts it on the same port with the same data, and waits until it answers. */
  restart(): Promise<void>;
  /** Freezes it: connections stay open, nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it, if it was started here. Safe to call again. */
  stop(): Promise<void>;
}
