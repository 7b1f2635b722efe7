// A value made of secrets, made again once a broker has refused it: so a rotated secret is taken up without a restart.

export interface Renewed<T> {
  /** As it was last made. */
  readonly current: T;
  /** The same, when it isn't just being made again. */
  latest(): Promise<T>;
  /** The broker did not take it: it is made again, for the next attempt. */
  refused(): void;
}

/** Makes the value. What fails later leaves it as it was and is told to `failed`. */
export async function renewed<T>(make: () => Promise<T>, failed: (error: unknown) => void): Promise<Renewed<T>> {
  let current = await make();
  let making: Promise<void> | undefined;
  const again = async () => {
    try {
      current = await make();
    } catch (error) {
      failed(error);
    } finally {
      making = undefined;
    }
  };
  return {
    get current() {
      return current;
    },
    latest: async () => {
      await making;
      return current;
    },
    refused: () => {
      making ??= again();
    },
  };
}
