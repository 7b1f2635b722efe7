// LocalStack's last open release as a process of this machine ("host mode"), pinned, in a Python environment of its own, for deployments.
// No Docker: DynamoDB is the npm package's, and functions are made but can't be started. It ends with the process that started it.
import { chmod, mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { dynamodbLocal } from "../../localstack/services/dynamodb.ts";
import { launchService } from "../../localstack/services/embedded.ts";
import { findJava } from "../../localstack/services/java.ts";
import { anyFreePort } from "../../localstack/services/port.ts";
import { READY_WITHIN_MS, type RunningService } from "../../localstack/services/service.ts";
import { pythonEnvironment } from "./python-tool.ts";
import { root } from "./source-tree.ts";

/** With what it needs and does not pin itself. */
const PACKAGES = [
  ...["localstack==4.14.0", "localstack-core[runtime]==4.14.0", "service-identity==24.2.0"],
  ...["cbor2==5.7.1", "pyopenssl==25.3.0", "cryptography==46.0.7"],
];
const PYTHON = "3.13";
/** What would run in a function's container: never started here, and so never fetched. */
const INIT_RELEASE = "none";

/** Starts an empty one. */
export async function startLocalstack(logsFolder = join(root, ".local", "logs", "test")): Promise<RunningService> {
  const bin = await pythonEnvironment(PACKAGES, { version: PYTHON });
  const [port, folder] = await Promise.all([
    anyFreePort(),
    mkdtemp(join(tmpdir(), "streams-localstack-")),
    mkdir(logsFolder, { recursive: true }),
  ]);
  await putInPlace(folder);
  const definition = {
    name: "localstack",
    title: "LocalStack",
    address: (at: number) => `http://127.0.0.1:${at}`,
    check: isReady,
  };
  const environment = {
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    OVERRIDE_IN_DOCKER: "0",
    FILESYSTEM_ROOT: folder,
    TMPDIR: folder,
    DOCKER_CMD: join(folder, "docker"),
    LAMBDA_INIT_RELEASE_VERSION: INIT_RELEASE,
    DYNAMODB_IN_MEMORY: "1",
    // Nothing is fetched, told or listened to besides.
    SKIP_SSL_CERT_DOWNLOAD: "1",
    DISABLE_EVENTS: "1",
    DNS_ADDRESS: "0",
    PYTHONUNBUFFERED: "1",
  };
  const launch = {
    command: { command: join(bin, "python"), arguments: ["-m", "localstack.runtime.main"], environment },
    ending: { signal: "SIGTERM", graceMs: 15_000 },
    readyWithinMs: READY_WITHIN_MS,
  } as const;
  const never = new AbortController().signal;
  return launchService(
    definition,
    { launch, port, remove: [folder], source: "embedded" },
    { logsFolder, signal: never },
  );
}

/** Puts where LocalStack looks for it what it would fetch, and a Docker that is always about to start something. */
async function putInPlace(folder: string): Promise<void> {
  const { program } = await findJava(process.env);
  const libraries = join(folder, "var", "lib", "localstack", "lib");
  const processor = process.arch === "x64" ? "x86_64" : "arm64";
  const init = join(libraries, "lambda-runtime", INIT_RELEASE, processor, "var", "rapid", "init");
  await Promise.all([
    putLink(join(libraries, "dynamodb-local", "2"), dynamodbLocal()),
    // LocalStack's agent is for tables of more than 20 indexes, and is not here. PATH starts with this program's own folder.
    putProgram(
      join(libraries, "java", "21", "bin", "java"),
      'for arg do shift; case $arg in -javaagent:*) ;; *) set -- "$@" "$arg" ;; esac; done',
      `PATH=\${PATH#*:} exec "${program}" "$@"`,
    ),
    putProgram(init, "exit 1"),
    // A function is ready to be started once its image has been fetched.
    putProgram(join(folder, "docker"), 'case $1 in ps|pull) ;; *) echo "There is no engine here." >&2; exit 1 ;; esac'),
  ]);
}

async function putLink(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

async function putProgram(path: string, ...lines: readonly string[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, ["#!/bin/sh", ...lines, ""].join("\n"));
  await chmod(path, 0o755);
}

async function isReady(url: string): Promise<void> {
  const response = await fetch(`${url}/_localstack/health`, { signal: AbortSignal.timeout(5_000) });
  await response.text();
  if (!response.ok) throw new Error(`LocalStack at ${url} answered ${response.status}`);
}
