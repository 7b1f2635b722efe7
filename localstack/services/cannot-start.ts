// The one error of local services: something that only a person can mend stands in the way, and the message says what to do.

export class CannotStart extends Error {
  override readonly name = "CannotStart";
  /** True where looking further, in containers or for an embedded one, would go against what the user asked for. */
  readonly isFinal: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly isFinal?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.isFinal = options.isFinal ?? false;
  }
}
