// A setting that is what it says, or names the secret that says it.

import { messageOf } from "../errors.ts";
import type { Setting } from "../setting.ts";
import { log } from "../telemetry.ts";
import { fetchSecret, fieldOf, isSecretArn, type Secret } from "./secrets.ts";

/** What is asked of the surroundings. */
export interface SecretEdges {
  readonly secret: (arn: string) => Promise<Secret>;
  readonly now: () => number;
}

/** What is needed later than this is fetched again, so that a secret that was changed is taken up. */
const FRESH_MS = 300_000;

/** The setting itself, or, where it is a secret's ARN, that secret's field: fetched when it is first needed. */
export function settingOrSecret(setting: string, field: string, edges: Partial<SecretEdges> = {}): Setting {
  if (!isSecretArn(setting)) return setting;
  const { secret = fetchSecret } = edges;
  return renewing(async () => fieldOf(await secret(setting), field, setting), edges.now);
}

/** What `fetch` told within the last five minutes; what it told before, where it can't tell now. */
export function renewing<T>(fetch: () => Promise<T>, now: () => number = Date.now): () => Promise<T> {
  let known: { readonly value: T; readonly at: number } | undefined;
  let fetching: Promise<T> | undefined;

  async function fetched(): Promise<T> {
    try {
      const value = await fetch();
      known = { value, at: now() };
      return value;
    } catch (error) {
      if (known === undefined) throw error;
      log.warn("secret not renewed", { error: messageOf(error) });
      return known.value;
    } finally {
      fetching = undefined;
    }
  }
  return async () => {
    if (known !== undefined && now() - known.at < FRESH_MS) return known.value;
    fetching ??= fetched();
    return fetching;
  };
}
