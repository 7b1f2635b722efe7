// Runs functions on this machine: as many environments as there are invocations at once, each kept for the next event.
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { InvokeRequest, InvokeResult, Invoker } from "../invoke.ts";
import type { FunctionDefinition } from "../template/function-definition.ts";
import { Environment } from "./environment.ts";
import { openProcess } from "./process-sandbox.ts";
import { openThread } from "./thread-sandbox.ts";
import { placeInline, runtimeFileIn, unpack } from "./unpack.ts";

export interface PoolOptions {
  readonly functions: readonly FunctionDefinition[];
  readonly region: string;
  /** Unpacked code and logs go here; inside the project, so that code finds its node_modules. */
  readonly localFolder: string;
  readonly logsFolder?: string;
  /** In threads of this process, for a debugger; otherwise each environment is a process of its own. */
  readonly inProcess?: boolean;
}

export interface EnvironmentStatus {
  readonly functionName: string;
  readonly pid: number | undefined;
  readonly isBusy: boolean;
}

export interface Pool extends Invoker {
  environments(): EnvironmentStatus[];
}

const STOP_GRACE_MS = 3000;
/** Invocations that the usual duration is the mean of, about. */
const USUAL_OVER = 10;

export function startPool(options: PoolOptions): Pool {
  const runtimeFile = runtimeFileIn(options.localFolder);
  const logsFolder = options.logsFolder ?? join(options.localFolder, "logs");
  mkdirSync(logsFolder, { recursive: true });
  const functions = new Map<string, FunctionPool>();
  for (const definition of options.functions) {
    functions.set(definition.name, new FunctionPool(definition, { ...options, logsFolder, runtimeFile }));
  }
  return {
    async invoke(request) {
      const pool = functions.get(request.functionName.replace(/:.*$/, "")); // an alias or version is the same code here
      if (pool === undefined) return notDelivered(`no function is called '${request.functionName}'`);
      return pool.invoke(request);
    },
    environments: () => [...functions.values()].flatMap((pool) => pool.environments()),
    async stop() {
      await Promise.all([...functions.values()].map((pool) => pool.stop()));
    },
  };
}

class FunctionPool {
  private readonly idle: Environment[] = [];
  private readonly all = new Set<Environment>();
  private readonly definition: FunctionDefinition;
  private readonly logFd: number;
  private readonly create: () => Environment;
  /** How long an invocation takes, a moving mean. */
  private usualMs = 0;
  private stopping: Promise<void> | undefined;

  constructor(
    definition: FunctionDefinition,
    around: PoolOptions & { readonly logsFolder: string; readonly runtimeFile: string },
  ) {
    const { region, runtimeFile, localFolder, logsFolder, inProcess = false } = around;
    this.definition = definition;
    const taskRoot = codeFolder(definition, localFolder);
    const logFd = openSync(join(logsFolder, `${definition.name}.log`), "a");
    this.logFd = logFd;
    const onExit = (environment: Environment) => this.forget(environment);
    const open = inProcess ? openThread : openProcess;
    this.create = () => new Environment({ definition, taskRoot, runtimeFile, region, logFd, open, onExit });
  }

  async invoke({ payload, affinity, interruption }: InvokeRequest): Promise<InvokeResult> {
    if (this.stopping !== undefined) return notDelivered("the event source is stopping");
    const environment = this.takeIdle(affinity) ?? this.start();
    if (environment === undefined)
      return notDelivered("throttled: the function's reserved concurrency is in use", true);
    environment.affinity = affinity;
    try {
      if (interruption !== undefined) {
        const { kind, moment } = interruption;
        return await environment.invoke(payload, { kind, afterMs: moment * this.usualMs });
      }
      const result = await environment.invoke(payload);
      this.usualMs += (result.durationMs - this.usualMs) / USUAL_OVER;
      return result;
    } finally {
      if (environment.canServe) this.idle.push(environment);
    }
  }

  environments(): EnvironmentStatus[] {
    const functionName = this.definition.name;
    return [...this.all].map((environment) => ({
      functionName,
      pid: environment.pid,
      isBusy: !this.idle.includes(environment),
    }));
  }

  stop(): Promise<void> {
    this.stopping ??= Promise.all([...this.all].map((environment) => environment.stop(STOP_GRACE_MS))).then(() => {
      // What an ended environment still has to say is written by then.
      setImmediate(() => closeSync(this.logFd));
    });
    return this.stopping;
  }

  private takeIdle(affinity: string | undefined): Environment | undefined {
    const preferred = this.idle.findIndex((environment) => environment.affinity === affinity);
    return this.idle.splice(Math.max(0, preferred), 1)[0];
  }

  private start(): Environment | undefined {
    if (this.all.size >= (this.definition.reservedConcurrency ?? Number.POSITIVE_INFINITY)) return undefined;
    const environment = this.create();
    this.all.add(environment);
    return environment;
  }

  private forget(environment: Environment): void {
    this.all.delete(environment);
    const index = this.idle.indexOf(environment);
    if (index >= 0) this.idle.splice(index, 1);
  }
}

function codeFolder({ name, code }: FunctionDefinition, localFolder: string): string {
  if (code === "elsewhere") throw new Error(`Function '${name}' has no code here: only an endpoint can run it.`);
  if ("directory" in code) return code.directory;
  return "zip" in code ? unpack(code.zip, localFolder, name) : placeInline(code.inline, localFolder, name);
}

function notDelivered(reason: string, isThrottled = false): InvokeResult {
  return { kind: "not-delivered", requestId: crypto.randomUUID(), durationMs: 0, isThrottled, reason };
}
