import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, dayIn, daysBetween, earliest, isLocalDate, isTimeZone, latest } from './calendar.js';

// By the rule of the calendar itself, without any date library.
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const lengthOf = (year: number, month: number): number =>
  month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
const two = (n: number): string => String(n).padStart(2, '0');
const text = (year: number, month: number, day: number): string =>
  `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
const nextDay = (date: string): string => {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  if (day < lengthOf(year, month)) return text(year, month, day + 1);
  return month < 12 ? text(year, month + 1, 1) : text(year + 1, 1, 1);
};

const years = fc.integer({ min: 100, max: 9998 });
const anyDay = fc
  .tuple(years, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 }))
  .map(([year, month, day]) => text(year, month, Math.min(day, lengthOf(year, month))));

describe('a day', () => {
  it.each([
    '2024-02-29',
    '2000-02-29',
    '2400-02-29',
    '2023-02-28',
    '2024-12-31',
    '0100-01-01',
    '9999-12-31',
    '1970-01-01',
    '1969-12-31',
  ])('is %s', (day) => expect(isLocalDate(day)).toBe(true));
  it.each([
    '2023-02-29',
    '2100-02-29',
    '1900-02-29',
    '2024-02-30',
    '2024-04-31',
    '2024-13-01',
    '2024-00-10',
    '2024-01-00',
    '2024-01-32',
    '0099-12-31',
    '0000-01-01',
    '10000-01-01',
    '-2024-01-01',
    '2024-1-1',
    '24-01-01',
    '2024/01/01',
    '20240101',
    '2024-01-01T00:00:00Z',
    ' 2024-01-01',
    '2024-01-01\n',
    '２０２４-01-01',
    '',
  ])('is not %j', (day) => expect(isLocalDate(day)).toBe(false));
  it('exists if and only if the calendar has it', () =>
    fc.assert(
      fc.property(
        years,
        fc.integer({ min: 0, max: 14 }),
        fc.integer({ min: 0, max: 33 }),
        (year, month, day) =>
          isLocalDate(text(year, month, day)) ===
          (month >= 1 && month <= 12 && day >= 1 && day <= lengthOf(year, month)),
      ),
    ));
});

describe('adding days', () => {
  it.each([
    ['2024-02-28', 1, '2024-02-29'],
    ['2024-02-29', 1, '2024-03-01'],
    ['2023-02-28', 1, '2023-03-01'],
    ['2024-02-29', 365, '2025-02-28'],
    ['2024-02-29', 366, '2025-03-01'],
    ['2024-12-31', 1, '2025-01-01'],
    ['2024-01-01', -1, '2023-12-31'],
    ['2024-03-01', -1, '2024-02-29'],
    ['2024-01-31', 0, '2024-01-31'],
    ['2024-01-31', 30, '2024-03-01'],
    ['1969-12-31', 1, '1970-01-01'],
    // Nights on which clocks change somewhere: a day is a day.
    ['2024-03-30', 1, '2024-03-31'],
    ['2024-03-31', 1, '2024-04-01'],
    ['2024-10-27', 1, '2024-10-28'],
    ['9999-12-30', 1, '9999-12-31'],
    ['2024-01-01', 2_913_173, '9999-12-31'],
  ])('%s %i days on is %s', (day, days, later) => {
    expect(addDays(day, days)).toBe(later);
    expect(daysBetween(day, later)).toBe(days);
    expect(daysBetween(later, day)).toBe(days === 0 ? 0 : -days);
  });
  it('has an end: the year 9999', () => expect(() => addDays('9999-12-31', 1)).toThrow(RangeError));
  it('goes to the next day of the calendar', () =>
    fc.assert(fc.property(anyDay, (day) => addDays(day, 1) === nextDay(day))));
  it('can be undone', () =>
    fc.assert(
      fc.property(
        anyDay.filter((day) => day > '0200'),
        fc.integer({ min: -20_000, max: 0 }),
        (day, days) => addDays(addDays(day, days), -days) === day,
      ),
    ));
  it('is counted by the days between', () =>
    fc.assert(fc.property(anyDay, anyDay, (one, other) => addDays(one, daysBetween(one, other)) === other)));
  it('keeps the order of the texts', () =>
    fc.assert(
      fc.property(
        anyDay,
        anyDay,
        (one, other) => Math.sign(daysBetween(one, other)) === (one < other ? 1 : one > other ? -1 : 0),
      ),
    ));
});

describe('the latest and the earliest day', () => {
  it('are those of all that are given', () => {
    expect(latest('2024-02-10', '2024-02-09', undefined, '2024-02-11')).toBe('2024-02-11');
    expect(earliest('2024-02-10', '2024-02-09', undefined, '2024-02-11')).toBe('2024-02-09');
    expect([latest('2024-02-10'), earliest('2024-02-10', undefined)]).toEqual(['2024-02-10', '2024-02-10']);
  });
});

describe('the day in a time zone', () => {
  it.each([
    ['UTC', '2023-12-31T23:59:59.999Z', '2023-12-31'],
    ['UTC', '2024-01-01T00:00:00.000Z', '2024-01-01'],
    // Summer time begins on 2024-03-31 and ends on 2024-10-27: midnight is an hour earlier in UTC between them.
    ['Europe/London', '2024-03-30T23:59:59.999Z', '2024-03-30'],
    ['Europe/London', '2024-03-31T00:00:00.000Z', '2024-03-31'],
    ['Europe/London', '2024-03-31T22:59:59.999Z', '2024-03-31'],
    ['Europe/London', '2024-03-31T23:00:00.000Z', '2024-04-01'],
    ['Europe/London', '2024-10-26T23:00:00.000Z', '2024-10-27'],
    ['Europe/London', '2024-10-27T23:59:59.999Z', '2024-10-27'],
    ['Europe/London', '2024-10-28T00:00:00.000Z', '2024-10-28'],
    ['America/New_York', '2024-03-10T04:59:59.999Z', '2024-03-09'],
    ['America/New_York', '2024-03-10T05:00:00.000Z', '2024-03-10'],
    ['America/New_York', '2024-03-11T03:59:59.999Z', '2024-03-10'],
    ['America/New_York', '2024-03-11T04:00:00.000Z', '2024-03-11'],
    ['America/New_York', '2024-11-04T04:59:59.999Z', '2024-11-03'],
    ['America/New_York', '2024-11-04T05:00:00.000Z', '2024-11-04'],
    // Clocks jump over midnight: the day begins at one.
    ['America/Sao_Paulo', '2018-11-04T02:59:59.999Z', '2018-11-03'],
    ['America/Sao_Paulo', '2018-11-04T03:00:00.000Z', '2018-11-04'],
    ['Pacific/Kiritimati', '2024-02-28T10:00:00.000Z', '2024-02-29'],
    ['Pacific/Niue', '2024-03-01T10:59:59.999Z', '2024-02-29'],
    ['Asia/Kolkata', '2024-02-28T18:29:59.999Z', '2024-02-28'],
    ['Asia/Kolkata', '2024-02-28T18:30:00.000Z', '2024-02-29'],
    ['Asia/Kathmandu', '2024-02-28T18:15:00.000Z', '2024-02-29'],
    ['Australia/Lord_Howe', '2024-04-06T13:00:00.000Z', '2024-04-07'],
    // Samoa went without 2011-12-30.
    ['Pacific/Apia', '2011-12-30T09:59:59.999Z', '2011-12-29'],
    ['Pacific/Apia', '2011-12-30T10:00:00.000Z', '2011-12-31'],
    ['Asia/Tokyo', '1969-12-31T15:00:00.000Z', '1970-01-01'],
  ])('%s at %s is %s', (timeZone, instant, day) => {
    expect(dayIn(timeZone, Date.parse(instant))).toBe(day);
    expect(dayIn(timeZone, Date.parse(instant))).toBe(day); // by the formatter that is kept, too
  });
  it('in UTC is the beginning of the instant', () =>
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (instant) => dayIn('UTC', instant.getTime()) === instant.toISOString().slice(0, 10),
      ),
    ));
  it('is never further than a day from that in UTC', () =>
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1950-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.constantFrom('Europe/London', 'Pacific/Apia', 'America/Sao_Paulo', 'Asia/Kathmandu'),
        (instant, timeZone) => {
          expect(isLocalDate(dayIn(timeZone, instant.getTime()))).toBe(true);
          expect(
            Math.abs(daysBetween(dayIn('UTC', instant.getTime()), dayIn(timeZone, instant.getTime()))),
          ).toBeLessThanOrEqual(1);
        },
      ),
    ));
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/London', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata', 'Etc/GMT+5'])('is %s', (zone) =>
    expect(isTimeZone(zone)).toBe(true),
  );
  it.each(['', '+01:00', '-05:00', '01:00', 'Europe/Lundon', 'Mars/Olympus', 'Europe/London ', 'now'])(
    'is not %j',
    (zone) => expect(isTimeZone(zone)).toBe(false),
  );
});
