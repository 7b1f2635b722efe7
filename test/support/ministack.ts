// MiniStack, which stands for AWS in tests: pinned, in a Python environment of its own, on a free port of this machine, ended with the process
// that started it, however that ends.
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { launchService } from "../../localstack/services/embedded.ts";
import { anyFreePort } from "../../localstack/services/port.ts";
import { READY_WITHIN_MS, type RunningService } from "../../localstack/services/service.ts";
import { pythonEnvironment } from "./python-tool.ts";
import { root } from "./source-tree.ts";

const PACKAGE = "ministack==1.5.33";

/** The account that everything belongs to, for an access key that isn't an account's 12 digits itself. */
export const MINISTACK_ACCOUNT = "000000000000";

/** Starts an empty one. Suites that don't take it away ask on-demand.ts for the run's. */
export async function startMinistack(logsFolder = join(root, ".local", "logs", "test")): Promise<RunningService> {
  const [bin, port, folder] = await Promise.all([
    pythonEnvironment([PACKAGE]),
    anyFreePort(),
    mkdtemp(join(tmpdir(), "streams-ministack-")),
    mkdir(logsFolder, { recursive: true }),
  ]);
  const definition = {
    name: "ministack",
    title: "MiniStack",
    address: (at: number) => `http://127.0.0.1:${at}`,
    check: isReady,
  };
  // Nothing else of this process's: functions that MiniStack runs see what it sees, and are to have what the template gives them.
  const environment = {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: folder,
    BIND_HOST: "127.0.0.1",
    MINISTACK_HOST: "127.0.0.1",
    GATEWAY_PORT: String(port),
    LAMBDA_EXECUTOR: "local",
    // What would listen on ports of their own.
    SFTP_ENABLED: "0",
    IOT_MTLS_ENABLED: "0",
    // What it unpacks goes when it ends.
    TMPDIR: folder,
    S3_DATA_DIR: join(folder, "s3"),
    PYTHONUNBUFFERED: "1",
  };
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const launch = {
    command: { command: "/usr/bin/env", arguments: ["-i", ...variables, join(bin, "ministack")] },
    ending: { signal: "SIGTERM", graceMs: 5_000 },
    readyWithinMs: READY_WITHIN_MS,
  } as const;
  const never = new AbortController().signal;
  const plan = { launch, port, remove: [folder], source: "embedded" } as const;
  return launchService(definition, plan, { logsFolder, signal: never });
}

async function isReady(url: string): Promise<void> {
  const response = await fetch(`${url}/_ministack/ready`, { signal: AbortSignal.timeout(30_000) });
  await response.text();
  if (!response.ok) throw new Error(`MiniStack at ${url} answered ${response.status}`);
}
