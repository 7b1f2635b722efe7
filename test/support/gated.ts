// Something asynchronous on which every operation first passes a gate, and passes another once it has taken effect: where a test lets
// a process die, or lets several take turns.

export class Crash extends Error {}

export type Gate = (operation: string) => Promise<void>;

export function gated<T extends object>(target: T, gate: Gate): T {
  return new Proxy(target, {
    get(original, name) {
      const operation = Reflect.get(original, name);
      if (typeof operation !== "function") return operation;
      return async (...args: unknown[]) => {
        await gate(`before ${String(name)}`);
        const answer = await operation.apply(original, args);
        await gate(`after ${String(name)}`);
        return answer;
      };
    },
  });
}

/** A gate at which the process dies when it has come that often; from then on nothing gets through. */
export function crashAt(times: number): Gate {
  let left = times;
  return async () => {
    if (--left <= 0) throw new Crash();
  };
}

/** Whether work came to its end; what a crash ends ends there, anything else is thrown. */
export async function untilCrash(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (thrown) {
    if (thrown instanceof Crash) return false;
    throw thrown;
  }
}
