// A MiniStack of a suite's own, which may be killed and restarted.
import { afterAll, beforeAll } from "vitest";
import type { RunningService } from "../../localstack/services/service.ts";
import { startMinistack } from "./ministack.ts";

export interface OwnMinistack extends Pick<RunningService, "kill" | "restart" | "pause" | "resume"> {
  readonly url: string;
}

/** Starts it before the suite's tests and ends it after them. Killed and restarted, it has forgotten everything. */
export function ownMinistack(): OwnMinistack {
  let own: RunningService;
  beforeAll(async () => {
    own = await startMinistack();
  });
  afterAll(() => own?.stop());
  return {
    get url() {
      return own.address;
    },
    kill: () => own.kill(),
    restart: () => own.restart(),
    pause: () => own.pause(),
    resume: () => own.resume(),
  };
}
