// Where files go that people open: a bucket, or a folder of this machine. Names have slashes in both.

/** A file's content. */
export interface StoredObject {
  readonly body: Uint8Array;
  readonly contentType: string;
}

export interface ObjectStore {
  /** Writes an object under a name that is used once: it never changes. */
  put(name: string, object: StoredObject): Promise<void>;
  /**
   * Writes an object under a name that stays, unless a newer version is there; whether this version is there now.
   * Versions grow with every change, and whoever comes late with an older one changes nothing: a process that was paused, or thought dead.
   */
  replace(name: string, object: StoredObject, version: number): Promise<boolean>;
}

/** What a browser should keep: names that are used once for good, names that stay not without asking. */
export const caching = { forever: "public, max-age=31536000, immutable", asking: "no-cache" };
