// What is known of a registry's schemas. A schema never changes under its id, so it is kept for good; an id that the registry doesn't
// know is asked for again after a while. While the registry is away nothing is decided: asking goes on until it answers.
import { type Clock, sleep } from "../clock.ts";
import { decoderOf, type SchemaDecoder } from "./decoder.ts";
import type { Registry } from "./registry.ts";

export interface SchemaCacheOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  log(message: string, facts: Readonly<Record<string, unknown>>): void;
  /** The registry could not say what an id means. */
  failed(error: Error): void;
}

/** How long "unknown" holds: a schema registered after its first record is seen soon. */
const UNKNOWN_MS = 5_000;
/** Made-up ids are asked for too: a handful at a time, so that a topic full of them is no flood. */
const ASKED_AT_ONCE = 16;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

export class SchemaCache {
  private readonly options: SchemaCacheOptions;
  private readonly known = new Map<string, SchemaDecoder>();
  private readonly unknownSince = new Map<string, number>();
  private isAway = false;

  constructor(options: SchemaCacheOptions) {
    this.options = options;
  }

  /** The decoder of a schema that was learnt; undefined when the registry has no such schema. */
  get(id: string): SchemaDecoder | undefined {
    return this.known.get(id);
  }

  /** True when something has to be asked for before `get` says the truth about the id. */
  isToBeLearnt(id: string): boolean {
    if (this.known.has(id)) return false;
    const since = this.unknownSince.get(id);
    return since === undefined || this.options.clock.now() - since >= UNKNOWN_MS;
  }

  /** Resolves when the registry has said what each id means; rejects when the signal aborts. */
  async learn(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const now = this.options.clock.now();
    for (const [id, since] of this.unknownSince) if (now - since >= UNKNOWN_MS) this.unknownSince.delete(id);
    for (let i = 0; i < ids.length; i += ASKED_AT_ONCE) {
      await Promise.all(ids.slice(i, i + ASKED_AT_ONCE).map((id) => this.learnOne(id, signal)));
    }
  }

  private async learnOne(id: string, signal: AbortSignal): Promise<void> {
    const { registry, clock } = this.options;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      signal.throwIfAborted();
      try {
        const schema = await unlessAborted(registry.schema(id), signal);
        if (schema === undefined) this.unknownSince.set(id, clock.now());
        else this.known.set(id, await decoderOf(schema, registry.kind));
        this.answered();
        return;
      } catch (error) {
        signal.throwIfAborted();
        this.notAnswered(error instanceof Error ? error : new Error(String(error)));
      }
      await sleep(clock, waitMs, signal);
    }
  }

  private answered(): void {
    if (this.isAway) this.options.log("the schema registry answers again", { registry: this.options.registry.address });
    this.isAway = false;
  }

  // Said once, not at every try.
  private notAnswered(error: Error): void {
    const { registry, log, failed } = this.options;
    failed(error);
    if (this.isAway) return;
    this.isAway = true;
    log("the schema registry can't say what a schema id means: its records wait, trying again", {
      registry: registry.address,
      error: error.message,
    });
  }
}

/** Who no longer wants the answer doesn't wait for it. */
function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    answer.then(resolve, reject);
  });
}
