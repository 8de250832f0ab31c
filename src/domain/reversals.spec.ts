import { describe, expect, it } from '@jest/globals';
import { afterNothingBut, closed } from '../../test/support/domain.js';
import { mustNotBeReversed, reversalDay } from './reversals.js';

const original = '2024-02-10';

/** The day on which a document of 2024-02-10 is reversed. */
const dayOf = (
  on: string | undefined,
  { leaning = [], closedThrough }: { leaning?: { on: string; endedOn: string }[]; closedThrough?: string } = {},
) => {
  const books = afterNothingBut(
    {
      type: 'LedgerOpened',
      effectiveOn: '2024-01-01',
      data: { ledgerId: 'acme', name: 'Acme', currency: 'USD', timeZone: 'UTC' },
    },
    ...(closedThrough === undefined ? [] : [closed(closedThrough)]),
  );
  return reversalDay(books.working(), on, original, leaning);
};

describe('the day of a reversal', () => {
  const used = {
    leaning: [
      { on: '2024-02-10', endedOn: '2024-02-20' },
      { on: '2024-02-12', endedOn: '2024-02-15' },
    ],
  };

  it.each([
    ['is the original day', undefined, {}, '2024-02-10'],
    ['is the day given', '2024-05-01', {}, '2024-05-01'],
    ['may be given as the original day', '2024-02-10', {}, '2024-02-10'],
    ['is the day on which the last of what leaned on it ended', undefined, used, '2024-02-20'],
    ['may be given as that day', '2024-02-20', used, '2024-02-20'],
    [
      'does not go by what was never in effect',
      undefined,
      { leaning: [{ on: '2024-02-25', endedOn: '2024-02-25' }] },
      '2024-02-10',
    ],
    ['is the first open day where that is later', undefined, { closedThrough: '2024-02-29' }, '2024-03-01'],
    ['is the original day where that is the first open one', undefined, { closedThrough: '2024-02-09' }, '2024-02-10'],
    [
      'is the day after a leap day where that is closed',
      undefined,
      { ...used, closedThrough: '2024-02-29' },
      '2024-03-01',
    ],
    [
      'is the later of the first open day and the end of use',
      undefined,
      { ...used, closedThrough: '2024-02-11' },
      '2024-02-20',
    ],
    ['may be given as the first open day', '2024-03-01', { ...used, closedThrough: '2024-02-29' }, '2024-03-01'],
  ])('%s', (_what, on, more, day) => expect(dayOf(on, more)).toBe(day));

  it.each([
    ['before-original', 'a day before the original one', '2024-02-09', {}],
    [
      'before-original',
      'before the original one, also where that is closed',
      '2024-02-09',
      { closedThrough: '2024-02-29' },
    ],
    ['still-in-use', 'a day before what leaned on it ended', '2024-02-19', used],
    [
      'still-in-use',
      'while it was in use, also where that is closed',
      '2024-02-19',
      { ...used, closedThrough: '2024-02-29' },
    ],
    ['period-closed', 'on the last closed day', '2024-02-29', { closedThrough: '2024-02-29' }],
  ])('is refused as %s %s', (code, _what, on, more) =>
    expect(() => dayOf(on, more)).toThrow(expect.objectContaining({ code })),
  );
});

describe('reversing twice', () => {
  it('is refused, naming the day of the first', () =>
    expect(() => mustNotBeReversed({ on: '2024-02-10' })).toThrow(
      expect.objectContaining({ code: 'already-reversed', facts: { on: '2024-02-10' } }),
    ));
  it('is no matter where there was none', () => expect(() => mustNotBeReversed(undefined)).not.toThrow());
});
