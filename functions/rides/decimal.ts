// Products of decimal numbers, rounded to 2 decimals as people do it on paper: half away from zero, on the decimals as written.
// 1.005 as written rounds to 1.01; as a binary fraction it is a little less than that, and would round to 1.

/** The relative error of a product of two decimals held as binary fractions stays below this; a power of two, with room to spare. */
const relativeError = 2 ** -49;

/** `a × b` with 2 decimals, exact on the shortest decimals that `a` and `b` are written with. */
export function roundedProduct(a: number, b: number): number {
  const hundredths = Math.abs(a * b * 100);
  const distanceToHalf = Math.abs(hundredths - Math.floor(hundredths) - 0.5);
  // So near to a half only the decimals themselves can tell.
  if (distanceToHalf <= hundredths * relativeError) return exactlyRoundedProduct(a, b);
  return withSign(a, b, Math.floor(hundredths + 0.5));
}

/** The same without a shortcut, in integers. */
export function exactlyRoundedProduct(a: number, b: number): number {
  const one = decimalOf(a);
  const other = decimalOf(b);
  const digits = one.digits * other.digits;
  const surplus = one.decimals + other.decimals - 2;
  if (surplus <= 0) return withSign(a, b, Number(digits * 10n ** BigInt(-surplus)));
  const unit = 10n ** BigInt(surplus);
  return withSign(a, b, Number((digits + unit / 2n) / unit));
}

interface Decimal {
  /** Without sign and point. */
  readonly digits: bigint;
  /** How many of them stand behind the point; negative for trailing zeros left out. */
  readonly decimals: number;
}

/** The shortest decimal that reads back as the number: what was written, for up to 15 digits. */
function decimalOf(value: number): Decimal {
  const [mantissa = "", exponent = "0"] = String(Math.abs(value)).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), decimals: fraction.length - Number(exponent) };
}

/** Dividing a whole number by 100 gives the number nearest to that decimal. */
function withSign(a: number, b: number, hundredths: number): number {
  if (hundredths === 0) return 0;
  return (a < 0 !== b < 0 ? -hundredths : hundredths) / 100;
}
