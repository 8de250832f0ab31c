/** Currencies of the model with their number of decimals (ISO 4217). Any other currency is refused. */
const decimals: Readonly<Record<string, number>> = {
  JPY: 0,
  KRW: 0,
  CHF: 2,
  EUR: 2,
  GBP: 2,
  USD: 2,
  BHD: 3,
  KWD: 3,
  TND: 3,
};

const LARGEST_MINOR = 9_007_199_254_740_991n;

export const decimalsOf = (currency: string): number | undefined => decimals[currency];

/**
 * Reads an amount as the contract's section 2 writes it.
 *
 * @returns minor units, or `undefined` where the text is no amount of that currency
 * @example minorOf('5', 'USD') // 500n
 */
export const minorOf = (text: unknown, currency: string): bigint | undefined => {
  const places = decimalsOf(currency);
  if (places === undefined || typeof text !== 'string') return undefined;
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!parts) return undefined;
  const [, sign, whole = '', fraction = ''] = parts;
  if (fraction.length > places) return undefined;
  const minor = BigInt(whole + fraction.padEnd(places, '0'));
  if (minor > LARGEST_MINOR) return undefined;
  return sign ? -minor : minor;
};

/** Writes minor units with all decimals of the currency: `-1234n` of USD is `-12.34`. */
export const decimalOf = (minor: bigint, currency: string): string => {
  const places = decimalsOf(currency) ?? 2;
  const digits = (minor < 0n ? -minor : minor).toString().padStart(places + 1, '0');
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  return minor < 0n ? `-${text}` : text;
};

export const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

export const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);
