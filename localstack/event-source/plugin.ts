// Serverless plugin for any service: `serverless kafka-event-source` runs the event source for its functions, and `serverless offline` gets
// the Kafka events that serverless-offline leaves out. Both package the service first: the template is what AWS would be given.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Where functions may run beside serverless-offline. */
const PLACES: readonly string[] = ["lambdaPort", "environments"];

/** The part of the Serverless Framework that this plugin touches. */
interface Serverless {
  readonly serviceDir: string;
  readonly processedInput: {
    readonly commands: readonly string[];
    readonly options: Readonly<Record<string, unknown>>;
  };
  readonly service: {
    readonly provider: { readonly region: string };
    readonly custom?: { readonly kafkaEventSource?: Settings; readonly "serverless-offline"?: OfflineOptions };
  };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

/** `custom.kafkaEventSource` in serverless.yml. */
interface Settings {
  /** Brokers in force; KAFKA_BROKERS and --brokers go before them, the events' own bootstrapServers come after. */
  readonly brokers?: string;
  /** With `serverless offline`: functions run in serverless-offline (the default) or in the event source's own environments. */
  readonly offline?: string;
  /** Further options of the program, as on its command line. */
  readonly arguments?: readonly string[];
}

interface OfflineOptions {
  readonly host?: string;
  readonly lambdaPort?: number | string;
}

interface Options extends OfflineOptions {
  readonly brokers?: string;
  readonly endpoint?: string;
  readonly only?: string;
}

const PROGRAM = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url));
const TEMPLATE = join(".serverless", "cloudformation-template-update-stack.json");
const LOOK_AGAIN_MS = 200;
/** Options of the command that say which service is packaged. */
const FORWARDED = ["stage", "region", "config", "param"];

export default class KafkaEventSource {
  readonly commands = {
    "kafka-event-source": {
      usage: "Polls Kafka and invokes this service's functions, as AWS's event source mappings do",
      lifecycleEvents: ["run"],
      options: {
        brokers: { usage: "Brokers in force, host:port separated by commas (default KAFKA_BROKERS)", type: "string" },
        endpoint: { usage: "Invoke functions through the Lambda API at this address, not here", type: "string" },
        only: { usage: "These functions only, separated by commas", type: "string" },
      },
    },
  };
  readonly hooks: Readonly<Record<string, () => void | Promise<void>>>;
  private readonly serverless: Serverless;
  private readonly options: Options;

  constructor(serverless: Serverless, options: Options) {
    this.serverless = serverless;
    this.options = options;
    const isOffline = serverless.processedInput.commands[0] === "offline";
    this.hooks = {
      // Before serverless-offline and bundlers begin: they share folders with what packages.
      initialize: () => {
        this.checkSettings();
        return isOffline ? this.package() : undefined;
      },
      "before:offline:start": () => void this.runBesideOffline(),
      "before:offline:start:init": () => void this.runBesideOffline(),
      "kafka-event-source:run": () => this.run(),
    };
  }

  private checkSettings(): void {
    const { offline } = this.serverless.service.custom?.kafkaEventSource ?? {};
    if (offline === undefined || PLACES.includes(offline)) return;
    throw this.error(`custom.kafkaEventSource.offline is ${PLACES.join(" or ")}: got ${JSON.stringify(offline)}`);
  }

  /** Runs until it is told to stop. */
  private async run(): Promise<void> {
    const { brokers, endpoint, only } = this.options;
    await this.package();
    const child = this.start([
      ...(brokers === undefined ? [] : ["--brokers", brokers]),
      ...(endpoint === undefined ? [] : ["--endpoint", endpoint]),
      ...(only === undefined ? [] : ["--only", only]),
    ]);
    // A Ctrl-C in the terminal reaches the child by itself.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    const code = await new Promise((resolve) => child.once("exit", resolve));
    if (code !== 0) throw this.error(`The event source ended with code ${code}: its message is above.`);
  }

  /** Ends with serverless-offline, which carries out schedules itself. */
  private async runBesideOffline(): Promise<void> {
    const { custom = {} } = this.serverless.service;
    const { host = "localhost", lambdaPort = 3002 } = { ...custom["serverless-offline"], ...this.options };
    while (!(await isListening(host, Number(lambdaPort)))) await wait(LOOK_AGAIN_MS);
    const isThere = custom.kafkaEventSource?.offline !== "environments";
    const child = this.start([
      "--without-schedules",
      ...(isThere ? ["--endpoint", `http://${host}:${lambdaPort}`] : []),
    ]);
    process.once("exit", () => child.kill("SIGTERM"));
  }

  private start(more: readonly string[]): ChildProcess {
    const { brokers, arguments: own = [] } = this.serverless.service.custom?.kafkaEventSource ?? {};
    const { region } = this.serverless.service.provider;
    const environment = {
      AWS_REGION: region,
      ...(brokers === undefined ? {} : { KAFKA_BROKERS: brokers }),
      ...process.env,
    };
    // The channel tells it when this process is gone, however it went.
    return spawn(process.execPath, [PROGRAM, "--template", TEMPLATE, ...own, ...more], {
      cwd: this.serverless.serviceDir,
      env: environment,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }

  /** `serverless package` in a process of its own, for a command is one run of the framework. */
  private package(): Promise<void> {
    const { options } = this.serverless.processedInput;
    const forwarded = FORWARDED.flatMap((name) => [options[name] ?? []].flat().map((value) => `--${name}=${value}`));
    const command = [process.argv[1] ?? "serverless", "package", ...forwarded];
    return new Promise((resolve, reject) => {
      execFile(process.execPath, command, { cwd: this.serverless.serviceDir }, (error, stdout, stderr) => {
        if (error === null) resolve();
        else reject(this.error(`\`serverless package\` failed, so there is no template to run:\n${stdout}${stderr}`));
      });
    });
  }

  private error(message: string): Error {
    return new this.serverless.classes.Error(message, "KAFKA_EVENT_SOURCE");
  }
}

function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}
