import { decimalsByCurrency } from './currencies.js';

/** An amount in minor units (pence, cents) of a currency that stands beside it. */
export type Minor = bigint;

/**
 * A decimal string as the contract writes money: `"1000000.00"`.
 *
 * @pattern ^-?(0|[1-9]\d*)(\.\d+)?$
 */
export type Amount = string;

/**
 * An ISO 4217 code in use today.
 *
 * @pattern ^[A-Z]{3}$
 */
export type Currency = string;

/** The largest amount that one document may bear, in minor units: what a JavaScript number still holds exactly. */
export const maxMinor: Minor = 9_007_199_254_740_991n;

export const isCurrency = (code: string): boolean => decimalsByCurrency.has(code);

/**
 * The currency's own number of decimals (ISO 4217): JPY 0, USD 2, KWD 3.
 *
 * @throws {RangeError} for a code that is none: intake has checked it before
 */
export const decimalsOf = (currency: Currency): number => {
  const decimals = decimalsByCurrency.get(currency);
  if (decimals === undefined) throw new RangeError(`${currency} is no currency`);
  return decimals;
};

const amountPattern = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;

/** An amount in minor units; why it is none, in words for people, if it is none. */
const read = (text: string, currency: Currency): Minor | string => {
  const parts = amountPattern.exec(text);
  if (!parts) return 'must be a decimal string such as "1000.00", without sign, exponent, blank or separator';
  const decimals = decimalsOf(currency);
  const [, sign, whole, fraction = ''] = parts;
  if (fraction.length > decimals) return `must have at most ${decimals} decimals in ${currency}`;
  const minor = whole!.length > 16 ? undefined : BigInt(whole! + fraction.padEnd(decimals, '0'));
  if (minor === undefined || minor > maxMinor) return `must be at most ${formatMinor(maxMinor, currency)} ${currency}`;
  return sign ? -minor : minor;
};

/** Why a text is no amount of a currency, in words for people; `undefined` if it is one. */
export const faultOfAmount = (text: string, currency: Currency): string | undefined => {
  const minor = read(text, currency);
  return typeof minor === 'string' ? minor : undefined;
};

/**
 * Reads an amount.
 *
 * @returns minor units, negative with a leading `-`
 * @throws {RangeError} if it is none; ask `faultOfAmount` first where the text comes from a user
 * @example parseMinor('5.5', 'USD') // 550n
 */
export const parseMinor = (text: Amount, currency: Currency): Minor => {
  const minor = read(text, currency);
  if (typeof minor === 'string') throw new RangeError(`${text} ${minor}`);
  return minor;
};

/**
 * Writes an amount with all the decimals of its currency.
 *
 * @example formatMinor(-5n, 'USD') // '-0.05'
 */
export const formatMinor = (minor: Minor, currency: Currency): Amount => {
  const decimals = decimalsOf(currency);
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  return minor < 0n ? `-${text}` : text;
};

/** The sum of some amounts of one currency, in minor units; 0 of none. */
export const sum = (amounts: Iterable<Minor>): Minor => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};

export const least = (a: Minor, b: Minor): Minor => (a < b ? a : b);

export const most = (a: Minor, b: Minor): Minor => (a > b ? a : b);
