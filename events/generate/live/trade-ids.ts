// Trade ids count up by one within a symbol: a jump is trades that were missed, an id from before is one that came again.

/** How a trade follows those of its symbol before it. */
export type Following =
  | { readonly kind: "first" | "next" | "repeat" }
  /** Trades `from` to `to`, both included, never came. */
  | { readonly kind: "gap"; readonly from: number; readonly to: number };

export class TradeIds {
  readonly #newest = new Map<string, number>();

  /** Takes note of a trade. */
  follow(symbol: string, id: number): Following {
    const newest = this.#newest.get(symbol);
    if (newest !== undefined && id <= newest) return { kind: "repeat" };
    this.#newest.set(symbol, id);
    if (newest === undefined) return { kind: "first" };
    return id === newest + 1 ? { kind: "next" } : { kind: "gap", from: newest + 1, to: id - 1 };
  }
}
