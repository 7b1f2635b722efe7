// Starts a service as a container of compose.yml, where a Docker engine answers. Each service is a compose project of its own, so that
// one can be killed, started again and removed without the others.
import { fileURLToPath } from "node:url";
import { CannotStart } from "./cannot-start.ts";
import { lastLines, run, runDescribed } from "./command.ts";
import { launchService, type Surroundings } from "./embedded.ts";
import type { GuardedCommand } from "./guard.ts";
import { claimPort } from "./port.ts";
import { READY_WITHIN_MS, type RunningService, type ServiceDefinition } from "./service.ts";

const composeFile = fileURLToPath(new URL("../compose.yml", import.meta.url));

/** An engine that hangs answers never; a busy machine's first answer takes its time. */
const ENGINE_ANSWERS_WITHIN_MS = 30_000;

/** Undefined when containers can be started here; else the reason why not. */
export async function whyNoContainers(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const [engine, compose] = await Promise.all([
    run("docker", ["info", "--format", "{{.ServerVersion}}"], { timeoutMs: ENGINE_ANSWERS_WITHIN_MS, environment }),
    run("docker", ["compose", "version"], { timeoutMs: ENGINE_ANSWERS_WITHIN_MS, environment }),
  ]);
  if (engine.kind === "missing") return "there is no 'docker' on PATH";
  if (engine.kind === "failed") return "no Docker engine answers 'docker info'";
  if (compose.kind !== "done") return "'docker compose' is not installed";
  return undefined;
}

/** Starts the service's container; the first time its image is fetched, which can take minutes. */
export async function startContainer(definition: ServiceDefinition, around: Surroundings): Promise<RunningService> {
  const whyNot = await around.whyNoContainers();
  if (whyNot !== undefined) throw new CannotStart(whyNot);
  const { port, release } = await claimPort(definition.container.usualPort);
  try {
    return await startOn(port, definition, around);
  } finally {
    release();
  }
}

async function startOn(port: number, definition: ServiceDefinition, around: Surroundings): Promise<RunningService> {
  const compose = composeFor(definition, port, around);
  around.onProgress(`${definition.title}: getting its container image, unless it is here`);
  const pulled = await runDescribed(compose("pull", "--quiet", "--policy", "missing", definition.name), around);
  around.signal.throwIfAborted();
  if (pulled.kind !== "done") throw new CannotStart(`its container image can't be had:\n${lastLines(pulled.output)}`);
  const launch = {
    command: compose("up", "--no-log-prefix", "--no-color", "--timeout", "2", definition.name),
    ending: { signal: "SIGTERM", graceMs: 10_000, afterwards: compose("down", "--volumes", "--timeout", "2") },
    readyWithinMs: READY_WITHIN_MS,
    take: {
      kill: compose("kill", definition.name),
      pause: compose("pause", definition.name),
      resume: compose("unpause", definition.name),
    },
  } as const;
  return launchService(definition, { launch, port, remove: [], source: "container" }, around);
}

/** The `docker compose` command line for this service's own project. */
function composeFor(
  { name, container }: ServiceDefinition,
  port: number,
  { kafkaHeapMb }: Surroundings,
): (...args: string[]) => GuardedCommand {
  const project = `streams-${name}-${port}`;
  const environment = { [container.portVariable]: String(port), KAFKA_HEAP_MB: String(kafkaHeapMb) };
  return (...args) => ({
    command: "docker",
    arguments: ["compose", "--project-name", project, "--file", composeFile, ...args],
    environment,
  });
}
