import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  after,
  type Books,
  charge,
  closed,
  defer,
  dispute,
  given,
  hold,
  invoice,
  payment,
  release,
  reverse,
  type Step,
  today,
  withdraw,
} from '../../test/support/domain.js';
import { addDays } from './calendar.js';
import type { AdoptCashPlan, ProposeCashPlan } from './cash-plan.js';
import { formatMinor } from './money.js';
import { disputedOn, holdOn, isHeld, openSchedule } from './open-item.js';
import { deferralOf } from './schedule.js';

const asOf = '2024-02-15';
const propose = (more: Partial<ProposeCashPlan> = {}): ProposeCashPlan => ({
  type: 'ProposeCashPlan',
  id: 'CP1',
  request: { currency: 'USD' },
  plan: {
    asOf,
    position: 2,
    currency: 'USD',
    engine: 'test',
    proven: true,
    reproducible: true,
    cost: '1.00',
    lowerBound: '1.00',
    gap: '0.0000',
    inputsHash: 'i',
    planHash: 'p',
    inputs: { encoding: 'gzip+base64', bytes: 1, content: 'x' },
    plan: { encoding: 'gzip+base64', bytes: 1, content: 'y' },
  },
  ...more,
});

type Part = readonly [on: string, amount: string];
type Planned = AdoptCashPlan['items'][number];

/** An item as a plan of that day would have found it. */
const planned = (books: Books, id: string, parts: readonly Part[], offer?: Planned['offer']): Planned => {
  const item = books.item(id);
  const { schedule, open } = openSchedule(item, asOf);
  const disputed = disputedOn(item, asOf);
  return {
    itemId: id,
    name: `${item.kind}/${id}`,
    ...(isHeld(item, asOf) && { hold: holdOn(item, asOf)! }),
    instalments: schedule.flatMap(({ dueOn, originalDueOn, plannedOn }, place) =>
      open[place] === 0n
        ? []
        : [
            {
              dueOn,
              originalDueOn,
              plannedOn,
              amount: formatMinor(open[place]!, item.currency),
              ...(place === 0 && disputed > 0n && { disputed: formatMinor(disputed, item.currency) }),
            },
          ],
    ),
    parts: parts.map(([on, amount], n) => ({ id: `D.${id}.${n + 1}`, on, amount })),
    ...(offer && { offer }),
  };
};

const adopt = (items: readonly Planned[], more: Partial<AdoptCashPlan> = {}): AdoptCashPlan => ({
  type: 'AdoptCashPlan',
  planId: 'CP1',
  reason: 'the board',
  items,
  expected: [],
  ...more,
});

/** What is open on a day by the days on which it is planned, first due first. */
const plannedDays = (books: Books, id: string, on = asOf): string[] => books.instalments(id, on);

describe('proposing a plan', () => {
  it('is recorded on the day of the plan, with all it says', () => {
    const command = propose();
    given()
      .when(command)
      .then({ type: 'CashPlanProposed', effectiveOn: asOf, data: { planId: 'CP1', ...command.plan } });
  });
  it('is possible in a closed period', () => {
    const command = propose({ plan: { ...propose().plan, asOf: '2024-01-15' } });
    given(closed('2024-01-31'))
      .when(command)
      .then({ type: 'CashPlanProposed', effectiveOn: '2024-01-15', data: { planId: 'CP1', ...command.plan } });
  });
  it('is recorded once for the same request, whatever plan came of it', () =>
    given(propose())
      .when(propose({ plan: { ...propose().plan, planHash: 'q' } }))
      .thenNothing());
  it('is refused under the same id for another request', () =>
    given(propose())
      .when(propose({ request: { currency: 'EUR' } }))
      .thenRejected('id-already-used'));
  it('is the same request with its defaults written out: the day, and the position that everything recorded came to', () => {
    const asked = (request: object) => propose({ request: { currency: 'USD', ...request } });
    const position = propose().plan.position;
    given(asked({}))
      .when(asked({ asOf, knownAtPosition: position }))
      .thenNothing();
    given(asked({ asOf })).when(asked({})).thenNothing();
    given(asked({}))
      .when(asked({ asOf: '2024-02-16' }))
      .thenRejected('id-already-used');
    given(asked({}))
      .when(asked({ knownAtPosition: position - 1 }))
      .thenRejected('id-already-used');
    given(asked({ asOf: '2024-02-14' }))
      .when(asked({}))
      .thenRejected('id-already-used');
  });
  it('keeps the long texts out of memory', () =>
    expect(after(propose()).get('plan/CP1').facts).not.toHaveProperty('inputs'));
});

describe('adopting a plan', () => {
  const one = invoice('I1', '100'); // due on 2024-02-10
  const adopted = (
    steps: readonly Step[],
    items: (books: Books) => readonly Planned[],
    more: Partial<AdoptCashPlan> = {},
  ) => {
    const books = after(...steps, propose());
    books.execute(adopt(items(books), more));
    return books;
  };

  it('plans each part on its run, what is paid first being what falls due first', () => {
    const books = adopted([one], (b) => [
      planned(b, 'I1', [
        ['2024-02-22', '60.00'],
        ['2024-03-07', '30.00'],
        ['2024-05-16', '10.00'],
      ]),
    ]);
    expect(plannedDays(books, 'I1')).toEqual([
      '60.00 due 2024-02-10 planned 2024-02-22',
      '30.00 due 2024-02-10 planned 2024-03-07',
      '10.00 due 2024-02-10 planned 2024-05-16',
    ]);
    const { deferrals } = books.get('invoice/I1');
    expect(deferrals.every(({ data }) => !data.agreed && data.reason === 'the board' && data.on === asOf)).toBe(true);
    expect(books.get('plan/CP1').adopted).toEqual({
      planId: 'CP1',
      on: asOf,
      deferrals: 3,
      withdrawals: 0,
      charges: 0,
    });
  });
  it('still has the rest deferred when the first part has been paid', () => {
    const books = adopted([one], (b) => [
      planned(b, 'I1', [
        ['2024-02-22', '60.00'],
        ['2024-03-07', '40.00'],
      ]),
    ]);
    books.execute(payment('P1', '60', { paidOn: '2024-02-22', allocations: [['I1', '60']] }));
    expect(plannedDays(books, 'I1', '2024-02-23')).toEqual(['40.00 due 2024-02-10 planned 2024-03-07']);
  });
  it('records nothing of what is paid when it was planned to be', () => {
    const books = adopted([invoice('I1', '100', { dueDate: asOf })], (b) => [planned(b, 'I1', [[asOf, '100.00']])]);
    expect(books.get('invoice/I1').deferrals).toEqual([]);
    expect(books.get('plan/CP1').adopted).toMatchObject({ deferrals: 0 });
  });
  it('records nothing of a charge, which has no schedule, and of what is blocked', () => {
    const books = adopted([charge('C1', '5'), one, hold('I1', { on: '2024-02-01' })], (b) => [
      planned(b, 'C1', [['2024-03-07', '5.00']]),
      planned(b, 'I1', []),
    ]);
    expect(books.get('plan/CP1').adopted).toMatchObject({ deferrals: 0, withdrawals: 0, charges: 0 });
  });
  it('withdraws our own deferral of what is planned earlier now', () => {
    const books = adopted([one, defer('D1', 'I1', '2024-06-01', { agreed: false })], (b) => [
      planned(b, 'I1', [
        ['2024-02-22', '60.00'],
        ['2024-03-07', '40.00'],
      ]),
    ]);
    expect(books.get('plan/CP1').adopted).toMatchObject({ deferrals: 2, withdrawals: 1 });
    expect(plannedDays(books, 'I1')).toEqual([
      '60.00 due 2024-02-10 planned 2024-02-22',
      '40.00 due 2024-02-10 planned 2024-03-07',
    ]);
  });
  it('leaves a deferral alone that already says the same', () => {
    const books = adopted([one, defer('D1', 'I1', '2024-03-07', { agreed: false })], (b) => [
      planned(b, 'I1', [['2024-03-07', '100.00']]),
    ]);
    expect(books.get('plan/CP1').adopted).toMatchObject({ deferrals: 0, withdrawals: 0 });
  });
  it('does not take back what the creditor has agreed to', () => {
    const books = adopted([one, defer('D1', 'I1', '2024-06-01')], (b) => [
      planned(b, 'I1', [['2024-02-22', '100.00']]),
    ]);
    expect(books.get('plan/CP1').adopted).toMatchObject({ deferrals: 0, withdrawals: 0 });
    expect(plannedDays(books, 'I1')).toEqual(['100.00 due 2024-06-01 was 2024-02-10']);
  });
  it('records an accepted offer as agreed deferrals, one per instalment, and its cost as a charge', () => {
    const offer = { id: 'O1', cost: '2.50', chargeId: 'F1' };
    const schedule: readonly Part[] = [
      ['2024-03-31', '60.00'],
      ['2024-04-30', '40.00'],
    ];
    const recorded = {
      type: 'RecordOffer',
      id: 'O1',
      invoiceId: 'I1',
      cost: '2.50',
      curesCutoffs: true,
      schedule: schedule.map(([on, amount]) => ({ on, amount })),
      source: 'letter',
    } as const;
    const books = adopted([one, recorded], (b) => [planned(b, 'I1', schedule, offer)]);
    expect(plannedDays(books, 'I1')).toEqual([
      '60.00 due 2024-03-31 was 2024-02-10',
      '40.00 due 2024-04-30 was 2024-02-10',
    ]);
    expect(books.get('invoice/I1').deferrals.map(({ data }) => [data.agreed, data.reference])).toEqual([
      [true, 'offer O1'],
      [true, 'offer O1'],
    ]);
    expect(books.get('charge/F1').posted).toMatchObject({
      invoiceId: 'I1',
      kind: 'late-interest',
      amount: '2.50',
      on: asOf,
      dueDate: '2024-04-30',
    });
    expect(books.get('plan/CP1').adopted).toMatchObject({ deferrals: 2, charges: 1 });
  });

  const after2 = (books: Books, ...steps: readonly Step[]): Books => books.take(...steps);
  const later: readonly [string, readonly Step[], RegExp][] = [
    ['was paid in part', [payment('P1', '1', { paidOn: '2024-02-20', allocations: [['I1', '1']] })], /99\.00 open/],
    ['was put on hold', [hold('I1')], /on hold/],
    ['was disputed', [dispute('I1', { amount: '5' })], /5\.00 in dispute/],
    ['was deferred', [defer('D9', 'I1', '2024-06-01', { agreed: false })], /other days/],
    [
      'was deferred from a later day',
      [defer('D9', 'I1', '2024-06-01', { agreed: false, on: '2024-02-20' })],
      /deferred anew/,
    ],
    ['was reversed', [reverse('I1')], /reversed/],
  ];
  it.each(later)('is refused if an item %s since', (_, steps, what) => {
    const books = after(one, invoice('I2', '7'), propose());
    const items = [planned(books, 'I1', [['2024-03-07', '100.00']]), planned(books, 'I2', [['2024-03-07', '7.00']])];
    after2(books, ...steps);
    expect(() => books.decide(adopt(items))).toThrow('stale-plan');
    try {
      books.decide(adopt(items));
    } catch (error) {
      expect((error as { facts: object }).facts).toEqual({
        changed: [{ itemId: 'I1', what: expect.stringMatching(what) }],
      });
    }
  });
  it('is refused if a hold was released since', () => {
    const books = after(one, hold('I1', { on: '2024-02-01' }), propose());
    const items = [planned(books, 'I1', [])];
    books.take(release('I1', { on: '2024-02-10' }));
    expect(() => books.decide(adopt(items))).toThrow('no longer on hold');
  });
  it('is refused if a hold was given another end since, and is not if it has the same', () => {
    const until = { on: '2024-02-01', until: '2024-03-10' };
    const books = after(one, hold('I1', until), propose());
    const items = [planned(books, 'I1', [['2024-03-14', '100.00']])];
    expect(books.decide(adopt(items)).events.at(-1)).toMatchObject({ type: 'CashPlanAdopted' });
    books.take(release('I1', { on: '2024-03-01' }));
    expect(() => books.decide(adopt(items))).toThrow('on hold until 2024-03-01 now');
  });
  it('is refused if a hold or a dispute began after the day of the plan, and is not for a hold that has ended as planned', () => {
    const books = after(one, invoice('I2', '7'), hold('I2', { on: '2024-02-01', until: '2024-02-18' }), propose());
    const items = [planned(books, 'I1', [['2024-03-07', '100.00']]), planned(books, 'I2', [['2024-02-22', '7.00']])];
    books.take(today('2024-02-20'));
    expect(books.decide(adopt(items)).events.at(-1)).toMatchObject({ type: 'CashPlanAdopted' });
    const before = after(one, propose());
    const only = [planned(before, 'I1', [['2024-03-07', '100.00']])];
    const since = (...steps: readonly Step[]) => after(one, propose(), today('2024-02-20'), ...steps);
    expect(() => since(hold('I1')).decide(adopt(only))).toThrow('I1 is on hold');
    expect(() => since(dispute('I1', { amount: '5' })).decide(adopt(only))).toThrow('5.00 in dispute');
  });
  it('is refused if a deferral was withdrawn since', () => {
    const books = after(one, defer('D1', 'I1', '2024-06-01', { agreed: false }), propose());
    const items = [planned(books, 'I1', [['2024-06-01', '100.00']])];
    books.take(withdraw('D1', 'I1'));
    expect(() => books.decide(adopt(items))).toThrow('stale-plan');
  });
  it('is refused if a bill is no longer expected', () => {
    const books = after(
      {
        type: 'ExpectCash',
        id: 'E1',
        direction: 'outflow',
        on: '2024-03-01',
        amount: '1',
        currency: 'USD',
        certainty: '1',
        vendorId: 'V1',
      },
      propose(),
      { type: 'WithdrawCashExpectation', expectationId: 'E1', reason: 'it has come' },
    );
    expect(() => books.decide(adopt([], { expected: ['E1'] }))).toThrow('E1 is no longer expected');
  });
  it('is refused the second time', () => given(propose(), adopt([])).when(adopt([])).thenRejected('already-adopted'));
  it('is refused of a plan that is not there', () => given().when(adopt([])).thenRejected('not-found'));
  it('is refused before the day of the plan', () =>
    given(propose())
      .when(adopt([], { on: '2024-02-14' }))
      .thenRejected('before-original'));
  it('is refused in a closed period, and moves past one if no day is given', () => {
    given(propose(), closed('2024-02-29'))
      .when(adopt([], { on: '2024-02-20' }))
      .thenRejected('period-closed', {});
    given(propose(), closed('2024-02-29'))
      .when(adopt([]))
      .then({
        type: 'CashPlanAdopted',
        effectiveOn: '2024-03-01',
        data: { planId: 'CP1', on: '2024-03-01', deferrals: 0, withdrawals: 0, charges: 0 },
      });
  });

  it('makes of any schedule what the plan says, cent by cent', () => {
    // Independent of how deferrals are laid: a row of cents in the order in which they are settled.
    const days = fc.integer({ min: 0, max: 40 });
    const parts = fc.array(
      fc.record({ after: fc.integer({ min: 1, max: 30 }), size: fc.integer({ min: 1, max: 9 }) }),
      { minLength: 1, maxLength: 4 },
    );
    const instalments = fc.array(fc.record({ day: days, size: fc.integer({ min: 1, max: 9 }) }), {
      minLength: 1,
      maxLength: 3,
    });
    const earlier = fc.option(
      fc.record({ until: fc.integer({ min: 41, max: 60 }), amount: fc.integer({ min: 1, max: 5 }) }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(instalments, parts, earlier, (due, wanted, deferral) => {
        const total = due.reduce((sum, { size }) => sum + size, 0);
        const posted = invoice('I1', formatMinor(BigInt(total), 'USD'), {
          schedule: due.map(({ day, size }) => ({
            dueOn: addDays('2024-02-01', day),
            amount: formatMinor(BigInt(size), 'USD'),
          })),
        });
        const before = deferral
          ? [
              defer('D1', 'I1', addDays('2024-02-15', deferral.until), {
                agreed: false,
                amount: formatMinor(BigInt(Math.min(deferral.amount, total)), 'USD'),
              }),
            ]
          : [];
        // The parts in the order of their days, cut to what is open; what they leave goes to the end.
        let left = total;
        let on = asOf;
        const cut: Part[] = [];
        for (const { after: gap, size } of wanted) {
          on = addDays(on, gap);
          if (left > 0) cut.push([on, formatMinor(BigInt(Math.min(size, left)), 'USD')]);
          left -= Math.min(size, left);
        }
        if (left > 0) cut.push([addDays(on, 30), formatMinor(BigInt(left), 'USD')]);
        const books = after(posted, ...before, propose());
        books.execute(adopt([planned(books, 'I1', cut)]));

        const cents = (rows: readonly { amount: bigint; value: string }[]): string[] =>
          rows.flatMap(({ amount, value }) => Array<string>(Number(amount)).fill(value));
        const { schedule } = openSchedule(books.item('I1'), asOf);
        const inOrder = schedule
          .map((one, place) => ({ ...one, place }))
          .sort((a, b) => (a.dueOn < b.dueOn ? -1 : a.dueOn > b.dueOn ? 1 : a.place - b.place));
        const plannedOn = cents(inOrder.map(({ amount, plannedOn: value }) => ({ amount, value })));
        const dueOn = cents(inOrder.map(({ amount, dueOn: value }) => ({ amount, value })));
        const runs = cents(cut.map(([value, amount]) => ({ amount: BigInt(amount.replace('.', '')), value })));
        expect(plannedOn).toEqual(runs.map((run, i) => (run > dueOn[i]! ? run : dueOn[i]!)));
        expect(inOrder.every((one) => deferralOf(one, asOf) !== 'agreed')).toBe(true);
      }),
    );
  });
});
