const longestQuantity = 64;
const largestExponent = 40;
const max = BigInt(Number.MAX_SAFE_INTEGER);

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

const shape = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+|[numkMGTPE]?|[KMGTPE]i)$/;

/**
 * A Kubernetes quantity times 10^`decimals`, as a whole number rounded away from zero, the way `Quantity.ScaledValue` rounds.
 * Exact, and bounded at ±(2^53 − 1); a value below one nano counts as one nano.
 * Undefined when Kubernetes would refuse the text, or when it is longer than any quantity that a person or program writes.
 */
export function scaledQuantity(text: string, decimals: 0 | 3 | 9): number | undefined {
  if (text.length > longestQuantity) return undefined;
  const short = shortQuantity(text, 10 ** decimals);
  if (short !== undefined) return short;
  const parts = shape.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = '', fraction = '', suffix = ''] = parts;
  if (text === '') return undefined;
  const exponent = exponentOf(suffix);
  const digits = BigInt(whole + fraction || '0');
  if (digits === 0n) return 0;
  const power = exponent.ten - fraction.length + decimals;
  if (power > largestExponent) return sign === '-' ? -Number.MAX_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
  const magnitude = power < -3 * longestQuantity ? 1n : scaled(digits << BigInt(exponent.two), power);
  const bounded = Number(magnitude > max ? max : magnitude);
  return sign === '-' ? -bounded : bounded;
}

/** The usual forms, `4`, `500m`, `16Gi`, `3145728Ki`, read without loss in floating point; undefined leaves the text to the exact way. */
function shortQuantity(text: string, scale: number): number | undefined {
  let at = 0;
  let whole = 0;
  for (; at < text.length && at < 10; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) break;
    whole = whole * 10 + digit;
  }
  if (at === 0) return undefined;
  const suffix = text.slice(at);
  if (suffix === 'm') {
    const thousandths = whole * scale;
    return thousandths <= Number.MAX_SAFE_INTEGER ? Math.ceil(thousandths / 1000) : undefined;
  }
  const two = suffix === '' ? 0 : binaryExponents[suffix];
  if (two === undefined) return undefined;
  const value = whole * 2 ** two * scale;
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

/** Thousandths, rounded up: CPU. */
export function milliValue(text: string): number | undefined {
  return scaledQuantity(text, 3);
}

/** Billionths, the finest that Kubernetes knows: for sums that are rounded once, at the end. */
export function nanoValue(text: string): number | undefined {
  return scaledQuantity(text, 9);
}

/** Whole units, rounded up: bytes of memory, counts of devices. */
export function wholeValue(text: string): number | undefined {
  return scaledQuantity(text, 0);
}

function exponentOf(suffix: string): { readonly ten: number; readonly two: number } {
  const two = binaryExponents[suffix];
  if (two !== undefined) return { ten: 0, two };
  const ten = decimalExponents[suffix];
  return { ten: ten ?? Number(suffix.slice(1)), two: 0 };
}

function scaled(digits: bigint, power: number): bigint {
  if (power >= 0) return digits * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (digits + divisor - 1n) / divisor;
}
