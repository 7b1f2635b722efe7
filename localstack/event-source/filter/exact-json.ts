// JSON whose whole numbers keep all their digits: those that a number can't tell from their neighbours become bigints.

/** What is `JSON.parse`'s but for whole numbers beyond 2^53, however they are written (1e16). It takes several times as long. */
export function parseExactly(text: string): unknown {
  // The third argument is too new for TypeScript's library: https://tc39.es/proposal-json-parse-with-source/
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER ? exactly(value, context?.source) : value,
  );
}

/** Whether what is read exactly has a number that is only equal to itself then. */
export function hasUnsafeInteger(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "bigint";
  return Object.values(value).some(hasUnsafeInteger);
}

function exactly(value: number, source = ""): number | bigint {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = NUMBER.exec(source) ?? [];
  if (!Number.isFinite(value) || whole === "") return value; // infinite, it would take as many digits as its exponent says
  const digits = whole + fraction.replace(/0+$/, "");
  const zeros = Number(exponent) - (digits.length - whole.length);
  return zeros < 0 ? value : BigInt(`${sign}${digits}${"0".repeat(zeros)}`);
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
