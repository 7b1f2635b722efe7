// The local services that functions and tests talk to: real ones, each found in the environment, started as a container where a Docker
// engine answers, or started as a process. Whatever was started ends with this process, however that ends.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { untilAnswers } from "./answers.ts";
import { CannotStart } from "./cannot-start.ts";
import { startContainer, whyNoContainers } from "./container.ts";
import { dynamodb } from "./dynamodb.ts";
import { type Surroundings, startEmbedded } from "./embedded.ts";
import { kafka } from "./kafka.ts";
import { postgres } from "./postgres.ts";
import { registry } from "./registry.ts";
import { type RunningService, type ServiceDefinition, type Source, sources, type Tuning } from "./service.ts";

/** All there are: a new service is its file and its place here. */
export const definitions = { kafka, dynamodb, postgres, registry } satisfies Record<string, ServiceDefinition>;

type Definitions = typeof definitions;
export type ServiceName = keyof Definitions;

const localFolder = fileURLToPath(new URL("../../.local", import.meta.url));

export interface StartOptions<Name extends ServiceName> {
  readonly want: Iterable<Name>;
  /** One log a service; default `.local/logs`. */
  readonly logsFolder?: string;
  /** Keeps each service's data in a folder here; default: a temporary folder, removed at stop. */
  readonly dataFolder?: string;
  /** Downloads, shared by all runs; default `.local/cache`. */
  readonly cacheFolder?: string;
  /** The most memory the broker's heap may take; default 512, or 1024 under `throughput`. */
  readonly kafkaHeapMb?: number;
  /** Default `fast-start`. */
  readonly tuning?: Tuning;
  /** Where to look, in this order; default all three. */
  readonly from?: readonly Source[];
  /** Default: the process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** How long a service named in the environment may take to answer, for it may itself be starting; default 10 s. */
  readonly environmentAnswersWithinMs?: number;
  /** Takes one line for a person to read; default: nobody is told. */
  readonly onProgress?: (line: string) => void;
}

/** Addresses by name, each service by name, and the one way to end all. */
export type Services<Name extends ServiceName> = {
  readonly [Wanted in Name as Definitions[Wanted]["addressName"]]: string;
} & { readonly [Wanted in Name]: RunningService } & {
  readonly how: Readonly<Record<Name, Source>>;
  /** Process ids of the services that are processes of ours, as they are now. */
  readonly pids: Readonly<Partial<Record<Name, number>>>;
  /** Ends what was started here, removes temporary data, and resolves when all is gone. Safe to call again. */
  stop(): Promise<void>;
};

/**
 * Finds or starts the wanted services side by side; every one of them answers when this resolves. When one can't be had, the others are
 * ended and the error says what is missing. What is started doesn't keep this process alive, and ends with it.
 */
export async function startServices<Name extends ServiceName>(options: StartOptions<Name>): Promise<Services<Name>> {
  const abort = new AbortController();
  const around = await surroundings(options, abort.signal);
  const names = [...new Set(options.want)];
  const outcomes = await Promise.allSettled(
    names.map(async (name) => {
      try {
        return await findOrStart(definitions[name], options, around);
      } catch (error) {
        abort.abort(new CannotStart("Another service can't start."));
        throw error;
      }
    }),
  );
  const running = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const services = servicesOf<Name>(running);
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length === 0) return services;
  await services.stop();
  const causes = failures.filter((failure) => failure !== abort.signal.reason);
  throw causes.length === 1 ? causes[0] : new CannotStart(causes.map(wordsOf).join("\n"), { cause: causes[0] });
}

async function surroundings(options: StartOptions<ServiceName>, signal: AbortSignal): Promise<Surroundings> {
  const { tuning = "fast-start", environment = process.env } = options;
  let whyNot: Promise<string | undefined> | undefined;
  const around = {
    logsFolder: resolve(options.logsFolder ?? join(localFolder, "logs")),
    dataFolder: options.dataFolder === undefined ? undefined : resolve(options.dataFolder),
    cacheFolder: resolve(options.cacheFolder ?? join(localFolder, "cache")),
    tuning,
    kafkaHeapMb: options.kafkaHeapMb ?? (tuning === "throughput" ? 1_024 : 512),
    environment,
    environmentAnswersWithinMs: options.environmentAnswersWithinMs ?? 10_000,
    whyNoContainers: () => {
      whyNot ??= whyNoContainers(environment);
      return whyNot;
    },
    signal,
    onProgress: options.onProgress ?? (() => {}),
  };
  await Promise.all([mkdir(around.logsFolder, { recursive: true }), mkdir(around.cacheFolder, { recursive: true })]);
  return around;
}

async function findOrStart(
  definition: ServiceDefinition,
  options: StartOptions<ServiceName>,
  around: Surroundings,
): Promise<RunningService> {
  const started = performance.now();
  const refusals: string[] = [];
  for (const source of options.from ?? sources) {
    try {
      const running = await lookIn[source](definition, around);
      const took = ((performance.now() - started) / 1_000).toFixed(1);
      around.onProgress(`${definition.title}: ${running.address} (${source}, ${took} s)`);
      return running;
    } catch (error) {
      if (error === around.signal.reason) throw error;
      if (!(error instanceof CannotStart) || error.isFinal) throw error;
      refusals.push(`  ${source}: ${error.message}`);
    }
  }
  const choices = [
    "Install Docker with its compose plugin",
    definition.embedded.toInstall,
    `set ${definition.variable} to one that runs`,
  ];
  throw new CannotStart(`${definition.title} can't be had here:\n${refusals.join("\n")}\n${choices.join(", or ")}.`);
}

const lookIn: Readonly<
  Record<Source, (definition: ServiceDefinition, around: Surroundings) => Promise<RunningService>>
> = {
  environment: findInEnvironment,
  container: startContainer,
  embedded: startEmbedded,
};

/** An address in the environment is believed: when nothing answers there, starting something else instead would only hide it. */
async function findInEnvironment(definition: ServiceDefinition, around: Surroundings): Promise<RunningService> {
  const { environment, environmentAnswersWithinMs: withinMs, signal } = around;
  const { variable, title, name } = definition;
  const address = environment[variable];
  if (!address) throw new CannotStart(`${variable} is not set`);
  const never = Promise.withResolvers<never>().promise;
  const waiting = { exited: never, withinMs, signal };
  const answer = await untilAnswers(() => definition.check(address), waiting);
  signal.throwIfAborted();
  if (answer.kind === "silent") {
    const message = `${variable} is '${address}', and ${title} doesn't answer there: ${wordsOf(answer.lastError)}\nStart it, or unset ${variable}.`;
    throw new CannotStart(message, { cause: answer.lastError, isFinal: true });
  }
  const refuse = async () => {
    throw new Error(
      `${title} at ${address} comes from ${variable}: only a service that was started here can be taken away`,
    );
  };
  const faults = { kill: refuse, restart: refuse, pause: refuse, resume: refuse };
  return { name, source: "environment", address, pid: undefined, failed: never, ...faults, stop: async () => {} };
}

function servicesOf<Name extends ServiceName>(running: readonly RunningService[]): Services<Name> {
  const byName = Object.fromEntries(running.map((service) => [service.name, service]));
  const all = new Map<string, ServiceDefinition>(Object.entries(definitions));
  const addresses = running.map((service) => [all.get(service.name)?.addressName, service.address]);
  const services = {
    ...byName,
    ...Object.fromEntries(addresses),
    how: Object.fromEntries(running.map(({ name, source }) => [name, source])),
    get pids() {
      return Object.fromEntries(running.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid]])));
    },
    stop: async () => {
      await Promise.all(running.map((service) => service.stop()));
    },
  };
  return services as unknown as Services<Name>; // built from the same list that the type is
}

function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
