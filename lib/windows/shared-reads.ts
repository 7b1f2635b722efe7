// Reads that several partitions of a batch need at about the same time, done once for all of them.

/** `read`, shared by who asks while one is under way. What a caller gets was begun after it asked, so nothing that it has written is missed. */
export function sharedReads<T>(read: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  const begin = () => {
    next = undefined;
    const begun = read();
    underWay = begun.catch(() => undefined); // told to those who asked
    return begun;
  };
  return () => {
    next ??= underWay.then(begin);
    return next;
  };
}
