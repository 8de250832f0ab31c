import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { after, given, invoice, payment, today } from '../../test/support/domain.js';
import { addDays } from './calendar.js';
import {
  closedAlong,
  closedAlongLast,
  type Closed,
  closedFrom,
  closingInForce,
  type ClosePeriod,
  isPeriod,
  lastDayOf,
  type PeriodTotals,
  type RecordPeriodTotals,
  type ReopenPeriod,
  totalsOf,
} from './periods.js';

// Today is 2024-02-15 until a test says otherwise.

const close = (period: string, reason?: string): ClosePeriod => ({
  type: 'ClosePeriod',
  period,
  ...(reason !== undefined && { reason }),
});
const reopen = (period: string, reason?: string): ReopenPeriod => ({
  type: 'ReopenPeriod',
  period,
  ...(reason !== undefined && { reason }),
});

describe('a period', () => {
  it.each(['2024-02', '0100-01', '9999-11'])('is a month: %s', (text) => expect(isPeriod(text)).toBe(true));
  it.each(['2024-13', '2024-00', '2024-1', '24-01', '2024-02-01', '0099-12', '9999-12', '', '２０２４-01'])(
    'is not: %s',
    (text) => expect(isPeriod(text)).toBe(false),
  );
  it.each([
    ['2024-02', '2024-02-29'],
    ['2023-02', '2023-02-28'],
    ['1900-02', '1900-02-28'],
    ['2024-12', '2024-12-31'],
    ['2024-04', '2024-04-30'],
  ])('%s ends on %s', (period, day) => expect(lastDayOf(period)).toBe(day));

  it('ends the day before the next one begins, in every month', () =>
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 9998 }), fc.integer({ min: 1, max: 12 }), (year, month) => {
        const period = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`;
        const end = lastDayOf(period);
        expect(end.slice(0, 7)).toBe(period);
        expect(addDays(end, 1).slice(8)).toBe('01');
      }),
    ));
});

describe('closing a period', () => {
  it('closes through its last day, with the reason, today', () =>
    given()
      .when(close('2024-01', 'month end'))
      .then({
        type: 'PeriodClosed',
        effectiveOn: '2024-02-15',
        data: { period: '2024-01', closedThrough: '2024-01-31', reason: 'month end' },
      }));
  it('closes all earlier ones with it', () =>
    expect(after(close('2023-10'), close('2024-01')).get('ledger').closedThrough).toBe('2024-01-31'));
  it('waits for its last day to be over', () => {
    given(today('2024-02-29')).when(close('2024-02')).thenRejected('period-not-over', { lastDay: '2024-02-29' });
    given(today('2024-03-01'))
      .when(close('2024-02'))
      .then({
        type: 'PeriodClosed',
        effectiveOn: '2024-03-01',
        data: { period: '2024-02', closedThrough: '2024-02-29' },
      });
  });
  it('is quiet when repeated as it was', () => given(close('2024-01', 'a')).when(close('2024-01', 'a')).thenNothing());
  it('is refused when it is closed, by itself or with a later one', () => {
    given(close('2024-01'))
      .when(close('2024-01', 'again'))
      .thenRejected('already-closed', { closedThrough: '2024-01-31' });
    given(close('2024-01')).when(close('2023-12')).thenRejected('already-closed', { closedThrough: '2024-01-31' });
  });
  it('can be done again after it was reopened', () =>
    given(close('2024-01'), reopen('2024-01'))
      .when(close('2024-01'))
      .then({
        type: 'PeriodClosed',
        effectiveOn: '2024-02-15',
        data: { period: '2024-01', closedThrough: '2024-01-31' },
      }));
  it('needs a month', () => given().when(close('2024-13')).thenRejected('not-found'));

  it('keeps out what takes effect in it, and lets in what does the day after', () => {
    given(close('2024-01'))
      .when(invoice('I1', '1.00', { invoiceDate: '2024-01-31' }))
      .thenRejected('period-closed', { on: '2024-01-31', closedThrough: '2024-01-31' });
    expect(
      after(close('2024-01'), invoice('I1', '1.00', { invoiceDate: '2024-02-01' })).find('invoice/I1'),
    ).toBeDefined();
  });
});

describe('the earlier months that a closing closes with it', () => {
  /** Of the last one, by the ledger at once and by its history later. */
  const along = (...steps: (ClosePeriod | ReopenPeriod)[]) => {
    const books = after(...steps);
    const last = steps.at(-1)!.period;
    const closing = closingInForce(books.events, last);
    const told = closing && closedAlong(last, closedFrom(books.events, closing));
    expect(closedAlongLast(books.get('ledger'))).toEqual(told);
    return told;
  };
  it('are all before it where none was closed', () =>
    expect(along(close('2024-01'))).toEqual({ from: null, through: '2023-12' }));
  it('are those from the last closed one on', () =>
    expect(along(close('2023-10'), close('2024-01'))).toEqual({ from: '2023-11', through: '2023-12' }));
  it('are none where it is the next one, or was reopened', () => {
    expect(along(close('2023-12'), close('2024-01'))).toBeUndefined();
    expect(along(close('2024-01'), reopen('2024-01'), close('2024-01'))).toBeUndefined();
    expect(along(close('2024-01'), reopen('2024-01'))).toBeUndefined();
  });
  it('are those that were reopened too', () =>
    expect(along(close('2024-01'), reopen('2024-01'), reopen('2023-12'), close('2024-01'))).toEqual({
      from: '2023-12',
      through: '2023-12',
    }));
});

describe('reopening a period', () => {
  it('opens the last closed one and leaves those before it closed', () =>
    given(close('2024-01'))
      .when(reopen('2024-01', 'late bill'))
      .then({
        type: 'PeriodReopened',
        effectiveOn: '2024-02-15',
        data: { period: '2024-01', closedThrough: '2023-12-31', reason: 'late bill' },
      }));
  it('goes back month by month', () =>
    expect(after(close('2024-01'), reopen('2024-01'), reopen('2023-12')).get('ledger').closedThrough).toBe(
      '2023-11-30',
    ));
  it('lets in what takes effect in it', () =>
    expect(
      after(close('2024-01'), reopen('2024-01'), invoice('I1', '1.00', { invoiceDate: '2024-01-31' })).find(
        'invoice/I1',
      ),
    ).toBeDefined());
  it('is quiet when repeated as it was', () =>
    given(close('2024-01'), reopen('2024-01', 'a')).when(reopen('2024-01', 'a')).thenNothing());
  it('is refused of one that is not closed', () => {
    given().when(reopen('2024-01')).thenRejected('period-not-closed');
    given(close('2023-12')).when(reopen('2024-01')).thenRejected('period-not-closed', { closedThrough: '2023-12-31' });
    given(close('2024-01'), reopen('2024-01')).when(reopen('2024-01', 'again')).thenRejected('period-not-closed');
  });
  it('is refused of one that is not the last', () =>
    given(close('2024-01')).when(reopen('2023-12')).thenRejected('not-the-last-period', { last: '2024-01' }));
});

describe('the totals of a closing', () => {
  const data: RecordPeriodTotals['totals'] = {
    period: '2024-01',
    closedFrom: null,
    closedThrough: '2024-01-31',
    position: 3,
    events: { recorded: 3, inPeriod: 0 },
    currencies: [],
    checkpoint: { size: 3, root: 'x' },
  };
  const record = (closing: number): RecordPeriodTotals => ({ type: 'RecordPeriodTotals', closing, totals: data });
  const event = { type: 'PeriodTotalsRecorded', effectiveOn: '2024-02-15', data } as const;

  it('are recorded as they are, today', () => given(close('2024-01')).when(record(1)).then(event));
  it('are recorded once for each closing', () => {
    given(close('2024-01'), record(1)).when(record(1)).thenNothing();
    given(close('2023-12'), close('2024-01'), record(1)).when(record(1)).thenNothing();
    given(close('2023-12'), close('2024-01'), record(1)).when(record(2)).then(event);
  });
  it('are recorded in the order of the closings, and of none that there was not', () => {
    given(close('2023-12'), close('2024-01')).when(record(2)).thenNothing();
    given().when(record(1)).thenNothing();
    given(close('2024-01')).when(record(0)).thenNothing();
  });
  it('are recorded also if the period was reopened meanwhile, or closed again', () => {
    given(close('2024-01'), reopen('2024-01')).when(record(1)).then(event);
    given(close('2024-01'), reopen('2024-01'), close('2024-01')).when(record(1)).then(event);
  });
  it('leave what was done last to a period what it was', () => {
    given(close('2024-01', 'a'), record(1)).when(close('2024-01', 'a')).thenNothing();
    expect(after(close('2024-01'), record(1)).get('ledger').closedThrough).toBe('2024-01-31');
  });
  it('are found in the history: of the closing that a month is closed by, under its own name', () => {
    const position = (...steps: (ClosePeriod | ReopenPeriod)[]): number => after(...steps).position;
    const totals = (at: number, period: string): RecordPeriodTotals['totals'] => ({ ...data, period, position: at });
    const first = position(close('2023-12'));
    const second = position(close('2023-12'), close('2024-01')) + 1;
    const books = after(close('2023-12'), { ...record(1), totals: totals(first, '2023-12') }, close('2024-01'), {
      ...record(2),
      totals: totals(second, '2024-01'),
    });
    const totalsInForce = (period: string): PeriodTotals | undefined => {
      const closing = closingInForce(books.events, period);
      return closing && totalsOf(books.events, closing);
    };
    expect(totalsInForce('2023-12')?.data.position).toBe(first);
    expect(totalsInForce('2024-01')?.data.position).toBe(second);
    expect(totalsInForce('2023-11')).toBeUndefined();
    books.take(reopen('2024-01'));
    expect(totalsInForce('2024-01')).toBeUndefined();
    expect(totalsInForce('2023-12')?.data.position).toBe(first);
    books.take(close('2024-01'));
    expect(totalsInForce('2024-01')).toBeUndefined();
    const closings = books.events.filter(({ type }) => type === 'PeriodClosed') as Closed[];
    expect(closings.map((closing) => closedFrom(books.events, closing))).toEqual([null, '2024-01-01', '2024-01-01']);
  });
});

it('a payment made in an open period settles an invoice of a closed one in the open one', () => {
  const books = after(
    invoice('I1', '1.00', { invoiceDate: '2024-01-10' }),
    close('2024-01'),
    payment('P1', '1.00', { paidOn: '2024-02-10', allocations: [['I1', '1.00']] }),
  );
  expect(books.get('allocation/P1.1').data.on).toBe('2024-02-10');
});
