/**
 * A day in the ledger's time zone, `YYYY-MM-DD`. Compared as text: the order of the text is the order of the days.
 *
 * @format date
 * @pattern ^\d{4}-\d{2}-\d{2}$
 */
export type LocalDate = string;

/**
 * An instant, RFC 3339 in UTC with microseconds: `2023-10-31T09:00:00.000000Z`.
 *
 * @pattern ^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$
 */
export type Instant = string;

/** No day of ours is later. */
export const lastDay: LocalDate = '9999-12-31';

const dayPattern = /^(\d{4})-(\d{2})-(\d{2})$/;
const dayMs = 86_400_000;

/** Days since 1970-01-01; below zero before it. */
const dayNumber = (date: LocalDate): number =>
  Date.UTC(+date.slice(0, 4), +date.slice(5, 7) - 1, +date.slice(8, 10)) / dayMs;

const fromDayNumber = (days: number): LocalDate => new Date(days * dayMs).toISOString().slice(0, 10);

/** Whether the text is a day that exists, from 0100-01-01 to 9999-12-31 (earlier years are somebody's typing error). */
export const isLocalDate = (text: string): boolean => {
  const parts = dayPattern.exec(text);
  return parts !== null && +parts[1]! >= 100 && fromDayNumber(dayNumber(text)) === text;
};

/**
 * The day so many days later.
 *
 * @param days may be negative
 * @throws {RangeError} past the year 9999: there is no such day in our books
 * @example addDays('2024-02-28', 1) // '2024-02-29'
 */
export const addDays = (date: LocalDate, days: number): LocalDate => {
  const number = dayNumber(date) + days;
  if (number > dayNumber(lastDay)) throw new RangeError(`no day ${days} days after ${date}`);
  return fromDayNumber(number);
};

/** `later` minus `earlier` in days; negative if it is the other way round. */
export const daysBetween = (earlier: LocalDate, later: LocalDate): number => dayNumber(later) - dayNumber(earlier);

/** The latest of some days, at least one. */
export const latest = (first: LocalDate, ...others: (LocalDate | undefined)[]): LocalDate =>
  others.reduce<LocalDate>((a, b) => (b !== undefined && b > a ? b : a), first);

/** The earliest of some days, at least one. */
export const earliest = (first: LocalDate, ...others: (LocalDate | undefined)[]): LocalDate =>
  others.reduce<LocalDate>((a, b) => (b !== undefined && b < a ? b : a), first);

/**
 * The day it is at an instant in a time zone.
 *
 * @param instantMs milliseconds since 1970, handed in by the caller: the domain has no clock
 * @param timeZone an IANA zone
 */
export const dayIn = (timeZone: string, instantMs: number): LocalDate => {
  let format = dayFormats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    dayFormats.set(timeZone, format);
  }
  return format.format(instantMs);
};

// Making a formatter costs a thousand times as much as using one.
const dayFormats = new Map<string, Intl.DateTimeFormat>();

/** Whether the text names an IANA time zone (`UTC` included; an offset such as `+01:00` is none). */
export const isTimeZone = (text: string): boolean => {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en-CA', { timeZone: text });
    return true;
  } catch {
    return false;
  }
};
