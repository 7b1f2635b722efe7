// A command that can't outlive this process (guard.ts sees to that), can be killed and started again for fault tests, and never keeps
// this process alive by itself.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CannotStart } from "./cannot-start.ts";
import type { Ending, FromGuard, GuardedCommand, ToGuard } from "./guard.ts";

const guardProgram = fileURLToPath(new URL("guard.ts", import.meta.url));
/** What the guard itself needs is next to nothing; without a limit V8 reserves more than that. */
const guardFlags = ["--max-old-space-size=32", "--max-semi-space-size=1", "--disable-warning=ExperimentalWarning"];

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class GuardedProcess {
  readonly #guard: ChildProcess;
  readonly #command: GuardedCommand;
  readonly #ending: Ending;
  readonly #guardGone: Promise<void>;
  #pid: number | undefined;
  #exited = Promise.withResolvers<Exit>();

  /** `log` is an open file descriptor that takes the output of guard and command; it is closed here. */
  private constructor(command: GuardedCommand, ending: Ending, log: number) {
    this.#command = command;
    this.#ending = ending;
    this.#guard = spawn(process.execPath, [...guardFlags, guardProgram], {
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
      env: withoutNodeOptions(process.env),
    });
    closeSync(log);
    this.#guardGone = new Promise((resolve) => this.#guard.once("exit", () => resolve()));
    this.#guard.on("message", (message: FromGuard) => this.#hear(message));
    this.#guard.once("exit", () => this.#loseGuard());
    this.#guard.on("error", (error) => this.#hear({ kind: "failed", message: error.message }));
    this.#keepsParentAlive(false);
  }

  /** Starts the command; resolves once the operating system has taken it, which says nothing about it being ready. */
  static async start(command: GuardedCommand, ending: Ending, log: number): Promise<GuardedProcess> {
    const started = new GuardedProcess(command, ending, log);
    try {
      await started.restart();
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** The command's process id, undefined while it isn't running. */
  get pid(): number | undefined {
    return this.#pid;
  }

  get guardPid(): number | undefined {
    return this.#guard.pid;
  }

  /** Settles when the command ends, for whatever reason. After `restart` it is another promise. */
  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  /** Starts the same command again after it has ended. */
  restart(): Promise<void> {
    if (this.#pid !== undefined)
      throw new Error(`'${this.#command.command}' still runs: end it before starting it again`);
    this.#exited = Promise.withResolvers<Exit>();
    return this.#whileAlive(
      new Promise((resolve, reject) => {
        this.#guard.once("message", (message: FromGuard) => {
          if (message.kind === "started") resolve();
          else reject(new CannotStart(`'${this.#command.command}' can't be run: ${describe(message)}`));
        });
        this.#guardGone.then(() =>
          reject(new CannotStart(`'${this.#command.command}' can't be run: its guard ended at once`)),
        );
        this.#tell({ kind: "start", command: this.#command, ending: this.#ending });
      }),
    );
  }

  /** Kills the command as `kill -9` does, or by a signal that means the same to it, and resolves when it is gone. What it wrote stays until `stop`. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.#pid === undefined) return;
    await this.signal(signal);
    await this.#whileAlive(this.exited);
  }

  /** Resolves when the command's group has been signalled. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const signalled = new Promise<void>((resolve) => {
      const hear = ({ kind }: FromGuard) => {
        if (kind !== "signalled") return;
        this.#guard.off("message", hear);
        resolve();
      };
      this.#guard.on("message", hear);
    });
    this.#tell({ kind: "signal", signal });
    await this.#whileAlive(Promise.race([signalled, this.#guardGone]));
  }

  /** Ends the command and its guard, and removes what the ending names; safe to call again. */
  async stop(): Promise<void> {
    this.#tell({ kind: "end" });
    await this.#whileAlive(this.#guardGone);
  }

  #hear(message: FromGuard): void {
    if (message.kind === "started") this.#pid = message.pid;
    else if (message.kind !== "signalled") {
      this.#pid = undefined;
      this.#exited.resolve(message.kind === "exited" ? message : { code: null, signal: null });
    }
  }

  /** Somebody killed the guard: its command must not run on unguarded. */
  #loseGuard(): void {
    if (this.#pid === undefined) return;
    try {
      process.kill(-this.#pid, "SIGKILL");
    } catch {
      // It has ended with its guard.
    }
    this.#hear({ kind: "exited", code: null, signal: "SIGKILL" });
  }

  #tell(message: ToGuard): void {
    if (this.#guard.connected) this.#guard.send(message);
  }

  async #whileAlive<T>(work: Promise<T>): Promise<T> {
    this.#keepsParentAlive(true);
    try {
      return await work;
    } finally {
      this.#keepsParentAlive(false);
    }
  }

  #keepsParentAlive(keeps: boolean): void {
    if (keeps) {
      this.#guard.ref();
      this.#guard.channel?.ref?.();
    } else {
      this.#guard.unref();
      this.#guard.channel?.unref?.();
    }
  }
}

/** Flags of the parent, such as a debugger's port or a loader, are not meant for the guard. */
function withoutNodeOptions({ NODE_OPTIONS: _, ...environment }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return environment;
}

function describe(message: FromGuard): string {
  return message.kind === "failed" ? message.message : `the guard answered '${message.kind}'`;
}
