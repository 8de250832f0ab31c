import { describe, expect, it } from '@jest/globals';
import { normalised } from './acceptance.js';
import type { Json } from './body.js';
import { isAccepted, ReferenceLedger } from './reference.js';
import type { AgeingBy, Basis, LiabilitiesBy } from './reports.js';

// Every expected figure was worked out by hand from the contract; the comments show how.

const TODAY = '2023-12-31';

/** A ledger with one vendor `V`, and short ways to say the most frequent things. */
class Books {
  readonly ledger: ReferenceLedger;

  constructor(today = TODAY) {
    this.ledger = new ReferenceLedger({ currency: 'USD', timeZone: 'Europe/London', today });
    this.post('/vendors', { id: 'V', name: 'Vale Ltd' });
  }

  get position(): number {
    return this.ledger.head;
  }

  post(path: string, body: Json): this {
    const answer = this.ledger.apply({ method: 'POST', path, body });
    if (!isAccepted(answer)) throw new Error(`${path} was refused: ${answer.codes.join(', ')}`);
    return this;
  }

  /** The codes that refuse a request, or none if it is accepted. */
  refusal(path: string, body: Json): readonly string[] {
    const answer = this.ledger.apply({ method: 'POST', path, body });
    return isAccepted(answer) ? [] : answer.codes;
  }

  invoice(id: string, total: string, invoiceDate: string, dueDate: string | undefined, more: Json = {}): this {
    return this.post('/invoices', invoiceBody(id, total, invoiceDate, dueDate, more));
  }

  payment(id: string, amount: string, paidOn: string, allocations: Json[] = [], more: Json = {}): this {
    return this.post('/payments', { id, vendorId: 'V', paidOn, currency: 'USD', amount, allocations, ...more });
  }

  creditNote(id: string, total: string, date: string, allocations: Json[] = [], more: Json = {}): this {
    return this.post('/credit-notes', {
      ...{ id, vendorId: 'V', number: id, date, currency: 'USD', total, allocations },
      ...more,
    });
  }

  allocate(id: string, from: Json, invoiceId: string, amount: string, more: Json = {}): this {
    return this.post('/allocations', { id, from, to: { invoiceId }, amount, ...more });
  }

  reverse(document: string, on?: string): this {
    return this.post(`/${document}/reversal`, { reason: 'wrong', ...(on === undefined ? {} : { on }) });
  }

  defer(id: string, invoiceId: string, on: string, until: string, agreed: boolean, amount?: string): this {
    return this.post(`/invoices/${invoiceId}/deferrals`, deferral(id, on, until, agreed, amount));
  }

  open(invoiceId: string, asOf: string, position = this.position): string {
    return this.ledger.openAmount({ type: 'invoice', id: invoiceId }, { asOf, position });
  }

  left(paymentId: string, asOf: string): string {
    return this.ledger.openAmount({ type: 'payment', id: paymentId }, { asOf, position: this.position });
  }

  /** Open instalments as `amount original/due/planned`, in the order in which they are used up. */
  schedule(invoiceId: string, asOf: string, position = this.position): string[] {
    return this.ledger
      .openInstalments({ type: 'invoice', id: invoiceId }, { asOf, position })
      .map(({ amount, originalDueOn, dueOn, plannedOn }) => `${amount} ${originalDueOn}/${dueOn}/${plannedOn}`);
  }

  ageing(asOf: string, more: { basis?: Basis; by?: AgeingBy; edges?: number[]; position?: number } = {}) {
    return this.ledger.ageing({ asOf, position: this.position, ...more });
  }

  /** The ageing's USD totals: what is above or below zero, by bucket. */
  buckets(asOf: string, more: { basis?: Basis; edges?: number[]; position?: number } = {}): Record<string, string> {
    const { buckets, currencies } = this.ageing(asOf, more);
    const totals = currencies.find(({ currency }) => currency === 'USD')?.totals ?? {};
    return Object.fromEntries(
      buckets.flatMap((bucket) => {
        const amount = totals[bucket] ?? '0.00';
        return amount === '0.00' ? [] : [[bucket, amount] as const];
      }),
    );
  }

  liabilities(asOf: string, by?: LiabilitiesBy) {
    return this.ledger.liabilities({ asOf, position: this.position, by }).currencies;
  }

  /** One column of the liabilities' USD totals. */
  owed(asOf: string, column: string): string {
    return this.liabilities(asOf).find(({ currency }) => currency === 'USD')?.totals[column] ?? '0.00';
  }
}

const invoiceBody = (id: string, total: string, invoiceDate: string, dueDate: string | undefined, more: Json = {}) => ({
  ...{ id, vendorId: 'V', number: id, invoiceDate, currency: 'USD', lines: [{ amount: total }], total },
  ...(dueDate === undefined ? {} : { dueDate }),
  ...more,
});

const deferral = (id: string, on: string, until: string, agreed: boolean, amount?: string) => ({
  ...{ id, on, until, agreed, reason: 'short of cash' },
  ...(amount === undefined ? {} : { amount }),
});

const to = (invoiceId: string, amount: string, more: Json = {}): Json => ({ invoiceId, amount, ...more });

const payment = (paymentId: string): Json => ({ paymentId });

describe('the founding case', () => {
  const books = new Books('2023-10-31');
  for (const [id, name, kind] of [
    ['aws', 'AWS', 'supplier'],
    ['gcp', 'Google Cloud', 'supplier'],
    ['coreweave', 'CoreWeave', 'supplier'],
    ['hmrc', 'HMRC', 'tax-authority'],
  ] as const)
    books.post('/vendors', { id, name, kind, ...(id === 'aws' ? { terms: { netDays: 60 } } : {}) });
  for (const [vendorId, number, invoiceDate, dueDate, total] of [
    ['aws', 'AWS-2023-07', '2023-08-01', undefined, '7000000.00'],
    ['aws', 'AWS-2023-08', '2023-09-01', undefined, '7000000.00'],
    ['aws', 'AWS-2023-09', '2023-10-01', undefined, '7500000.00'],
    ['aws', 'AWS-2023-10', '2023-11-01', undefined, '7500000.00'],
    ['gcp', 'GCP-2023-09', '2023-09-30', '2023-10-30', '1000000.00'],
    ['coreweave', 'CW-2023-09', '2023-09-15', '2023-10-15', '600000.00'],
    ['hmrc', 'PAYE-2023-09', '2023-09-30', '2023-10-22', '550000.00'],
    ['hmrc', 'VAT-2023-Q3', '2023-09-30', '2023-11-07', '300000.00'],
  ] as const)
    books.invoice(number, total, invoiceDate, dueDate, { vendorId });
  books.payment('P1', '6000000.00', '2023-09-29', [to('AWS-2023-07', '6000000.00')], { vendorId: 'aws' });
  books.defer('D1', 'PAYE-2023-09', '2023-10-20', '2024-01-22', false);
  books.defer('D2', 'AWS-2023-08', '2023-10-31', '2023-12-15', false);

  it.each([
    ['2023-09-28', '14600000.00', '0.00', '0.00', '0.00', '0.00', '14600000.00'],
    ['2023-10-31', '14800000.00', '2150000.00', '1000000.00', '0.00', '0.00', '17950000.00'],
    ['2023-11-30', '15000000.00', '7300000.00', '2150000.00', '1000000.00', '0.00', '25450000.00'],
  ])('ages as of %s as its table says', (asOf, ...columns) => {
    const totals = books.ageing(asOf).currencies[0]?.totals ?? {};
    expect(['notDue', '1-30', '31-60', '61-90', 'over-90', 'total'].map((column) => totals[column])).toEqual(columns);
  });

  it('splits the liabilities of 31 October by vendor', () => {
    const split = (owed: string, overdue: string, deferredUnilateral: string) => ({
      ...{ owed, overdue, deferredAgreed: '0.00', deferredUnilateral },
      ...{ disputed: '0.00', held: '0.00', onAccount: '0.00', total: owed },
    });
    const row = (vendorId: string, vendorName: string, ...figures: Parameters<typeof split>) => ({
      ...{ vendorId, vendorName, ...split(...figures) },
    });
    const totals = split('17950000.00', '3150000.00', '7550000.00');
    expect(books.liabilities('2023-10-31')).toEqual([
      {
        currency: 'USD',
        rows: [
          row('aws', 'AWS', '15500000.00', '1000000.00', '7000000.00'),
          row('gcp', 'Google Cloud', '1000000.00', '1000000.00', '0.00'),
          row('hmrc', 'HMRC', '850000.00', '550000.00', '550000.00'),
          row('coreweave', 'CoreWeave', '600000.00', '600000.00', '0.00'),
        ],
        totals,
        reconciliation: { ageingTotal: '17950000.00', controlAccount: '17950000.00', difference: '0.00' },
      },
    ]);
  });

  it('answers the ageing by vendor in the shape of the contract', () => {
    expect(books.ageing('2023-10-31').currencies[0]?.rows[0]).toEqual({
      ...{ vendorId: 'aws', vendorName: 'AWS', notDue: '14500000.00', '1-30': '0.00', '31-60': '1000000.00' },
      ...{ '61-90': '0.00', 'over-90': '0.00', total: '15500000.00', onAccount: '0.00', deferred: '7000000.00' },
      ...{ held: '0.00', disputed: '0.00' },
    });
  });
});

describe('days late', () => {
  // Due 2023-10-01. 31 October is 30 days later, 1 November 31.
  const books = new Books().invoice('I', '10.00', '2023-09-01', '2023-10-01');

  it.each([
    ['2023-10-01', 'notDue'],
    ['2023-10-02', '1-30'],
    ['2023-10-31', '1-30'],
    ['2023-11-01', '31-60'],
    ['2023-11-30', '31-60'],
    ['2023-12-01', '61-90'],
    ['2023-12-30', '61-90'],
    ['2023-12-31', 'over-90'],
  ])('puts it on %s into %s', (asOf, bucket) => {
    expect(books.buckets(asOf)).toEqual({ [bucket]: '10.00' });
  });

  it('follows the edges that were asked for', () => {
    // 14 days late on the 15th, 15 on the 16th, 45 on 15 November, 46 on the 16th.
    expect(books.ageing('2023-10-15', { edges: [14, 45] }).buckets).toEqual(['notDue', '1-14', '15-45', 'over-45']);
    expect(books.buckets('2023-10-15', { edges: [14, 45] })).toEqual({ '1-14': '10.00' });
    expect(books.buckets('2023-10-16', { edges: [14, 45] })).toEqual({ '15-45': '10.00' });
    expect(books.buckets('2023-11-15', { edges: [14, 45] })).toEqual({ '15-45': '10.00' });
    expect(books.buckets('2023-11-16', { edges: [14, 45] })).toEqual({ 'over-45': '10.00' });
  });

  it('is negative for what is not due for 200 days', () => {
    // 2023-06-15 + 200 days: 15 to 30 June, 31, 31, 30, 31, 30, 31 = 199 to 31 December, so 1 January 2024.
    const far = new Books().invoice('I', '10.00', '2023-06-15', '2024-01-01');
    const rows = far.ageing('2023-06-15', { by: 'invoice' }).currencies[0]?.rows;
    expect(rows).toEqual([expect.objectContaining({ dueOn: '2024-01-01', daysLate: -200, notDue: '10.00' })]);
  });

  it('counts over a leap day', () => {
    // Due 2024-01-31: 29 February is day 29, 1 March day 30, 2 March day 31.
    const leap = new Books().invoice('I', '10.00', '2024-01-01', '2024-01-31');
    expect(leap.buckets('2024-03-01')).toEqual({ '1-30': '10.00' });
    expect(leap.buckets('2024-03-02')).toEqual({ '31-60': '10.00' });
  });

  it('takes net terms over a leap day', () => {
    // 2024-01-30 + 30 days: 31 January, then 29 days of February.
    const terms = new Books().post('/vendors/V/changes', { terms: { netDays: 30 } });
    terms.invoice('I', '10.00', '2024-01-30', undefined);
    expect(terms.schedule('I', '2024-01-30')).toEqual(['10.00 2024-02-29/2024-02-29/2024-02-29']);
    expect(terms.refusal('/invoices', invoiceBody('J', '1.00', '2023-02-29', undefined))).toEqual(['malformed']);
  });

  it('freezes the terms at posting, and has none before they are agreed', () => {
    const terms = new Books().invoice('I', '10.00', '2023-10-01', undefined);
    terms.post('/vendors/V/changes', { terms: { netDays: 14 } }).invoice('J', '10.00', '2023-10-01', undefined);
    terms.post('/vendors/V/changes', { terms: { netDays: 60 } });
    expect(terms.schedule('I', '2023-10-01')).toEqual(['10.00 2023-10-01/2023-10-01/2023-10-01']);
    expect(terms.schedule('J', '2023-10-01')).toEqual(['10.00 2023-10-15/2023-10-15/2023-10-15']);
  });
});

describe('an invoice', () => {
  it('counts from its posting date, and ages by its own date and due date', () => {
    const books = new Books().invoice('I', '10.00', '2023-09-25', '2023-10-05', { postingDate: '2023-10-10' });
    expect(books.buckets('2023-10-09')).toEqual({});
    expect(books.buckets('2023-10-10')).toEqual({ '1-30': '10.00' }); // due 5 days ago
    expect(books.buckets('2023-10-26', { basis: 'invoice-date' })).toEqual({ '31-60': '10.00' }); // 31 days old
    expect(books.ledger.controlAccount({ asOf: '2023-10-09', position: books.position })).toEqual({});
  });

  it('ages instalment by instalment, the first due paid first', () => {
    // 600 in three; 250 paid: 200 of the first, 50 of the second.
    const schedule = [
      { dueOn: '2023-12-31', amount: '200.00' },
      { dueOn: '2023-10-31', amount: '200.00' },
      { dueOn: '2023-11-30', amount: '200.00' },
    ];
    const books = new Books().invoice('I', '600.00', '2023-10-01', undefined, { schedule });
    books.payment('P', '250.00', '2023-10-15', [to('I', '250.00')]);
    expect(books.schedule('I', '2023-10-15')).toEqual([
      '150.00 2023-11-30/2023-11-30/2023-11-30',
      '200.00 2023-12-31/2023-12-31/2023-12-31',
    ]);
    // On 31 December the second is 31 days late, the third due that day.
    expect(books.buckets('2023-12-31')).toEqual({ notDue: '200.00', '31-60': '150.00' });
    // Before the payment the first was 0 days late; by invoice date all is 30 days late on 31 October.
    expect(books.schedule('I', '2023-10-14')).toHaveLength(3);
    expect(books.buckets('2023-10-31', { basis: 'invoice-date' })).toEqual({ '1-30': '350.00' });
    const rows = books.ageing('2023-12-31', { by: 'invoice' }).currencies[0]?.rows;
    expect(rows).toEqual([expect.objectContaining({ dueOn: '2023-11-30', daysLate: 31, total: '350.00' })]);
  });

  it('has a total and a schedule that add up', () => {
    const books = new Books();
    const wrong = { lines: [{ amount: '9.00', tax: '0.99' }] };
    expect(books.refusal('/invoices', invoiceBody('I', '10.00', '2023-10-01', undefined, wrong))).toEqual([
      'total-mismatch',
    ]);
    const short = { schedule: [{ dueOn: '2023-10-31', amount: '9.99' }] };
    expect(books.refusal('/invoices', invoiceBody('I', '10.00', '2023-10-01', undefined, short))).toEqual([
      'schedule-mismatch',
    ]);
    const minus = { lines: [{ amount: '12.00', tax: '0.50' }, { amount: '-2.50' }] };
    expect(books.refusal('/invoices', invoiceBody('I', '10.00', '2023-10-01', undefined, minus))).toEqual([]);
  });

  it('is refused twice under one number in one year, unless the first is reversed or it is allowed', () => {
    const books = new Books().invoice('I', '10.00', '2023-10-01', undefined, { number: 'INV-007/2' });
    const again = (id: string, invoiceDate: string, more: Json = {}) =>
      books.refusal('/invoices', invoiceBody(id, '11.00', invoiceDate, undefined, { number: 'inv 7.02', ...more }));
    expect(again('J', '2023-12-31')).toEqual(['duplicate-invoice']);
    expect(again('J', '2024-01-01')).toEqual([]);
    expect(again('K', '2023-12-31', { allowDuplicate: { reason: 'two of them' } })).toEqual([]);
    books.reverse('invoices/I').reverse('invoices/K');
    expect(again('L', '2023-12-31')).toEqual([]);
  });

  it.each([
    ['inv-007/2', 'INV72'], // runs of digits as written: 007 and 2
    ['INV0072', 'INV72'],
    ['inv 70-02', 'INV702'],
    ['A100', 'A100'],
  ])('compares number %s as %s', (number, compared) => {
    expect(normalised(number)).toBe(compared);
  });
});

describe('a payment', () => {
  it('made before its invoice is on account until the invoice is posted', () => {
    const books = new Books().invoice('I', '150.00', '2023-10-01', '2023-10-31');
    books.payment('P', '100.00', '2023-09-20', [to('I', '100.00')]);
    // 25 September: the payment is 5 days old, nothing else counts.
    expect(books.ageing('2023-09-25').currencies[0]?.rows).toEqual([
      expect.objectContaining({ '1-30': '-100.00', total: '-100.00', onAccount: '100.00' }),
    ]);
    expect(books.owed('2023-09-25', 'total')).toBe('-100.00');
    expect(books.buckets('2023-10-01')).toEqual({ notDue: '50.00' });
    expect(books.left('P', '2023-10-01')).toBe('0.00');
    expect(books.left('P', '2023-09-30')).toBe('100.00');
  });

  it('leaves a remainder of a cent, and no more can be paid than that', () => {
    const books = new Books().invoice('I', '100.00', '2023-10-01', '2023-10-31');
    books.payment('P', '99.99', '2023-10-10', [to('I', '99.99')]).payment('Q', '5.00', '2023-10-11');
    expect(books.buckets('2023-11-01')).toEqual({ '1-30': '-4.99' }); // 0.01 late by a day, 5.00 credit of 21 days
    const allocation = { id: 'A', from: payment('Q'), to: { invoiceId: 'I' } };
    expect(books.refusal('/allocations', { ...allocation, amount: '0.02' })).toEqual(['over-allocated']);
    expect(books.refusal('/allocations', { ...allocation, amount: '0.01' })).toEqual([]);
    expect([books.open('I', '2023-10-11'), books.left('Q', '2023-10-11')]).toEqual(['0.00', '4.99']);
  });

  it('settles its discount too, which costs it nothing', () => {
    const books = new Books().invoice('I', '100.00', '2023-10-01', '2023-10-31');
    const tooMuch = [to('I', '98.00', { discount: '2.01' })];
    const body = { id: 'P', vendorId: 'V', paidOn: '2023-10-05', currency: 'USD', amount: '98.00' };
    expect(books.refusal('/payments', { ...body, allocations: tooMuch })).toEqual(['over-allocated']);
    books.post('/payments', { ...body, allocations: [to('I', '98.00', { discount: '2.00' })] });
    expect([books.open('I', '2023-10-05'), books.left('P', '2023-10-05')]).toEqual(['0.00', '0.00']);
  });

  it('takes a discount of the terms up to their last day, of each part its share, and its tax with it', () => {
    const books = new Books().post('/vendors/V/changes', {
      terms: { netDays: 30, discount: { percent: '2.5', days: 10 } },
    });
    // A sixth of it is tax; to be had until 11 October.
    books.invoice('I', '120.00', '2023-10-01', undefined, { lines: [{ amount: '100.00', tax: '20.00' }] });
    const pay = (id: string, paidOn: string, amount: string, discount: string) => ({
      ...{ id, vendorId: 'V', paidOn, currency: 'USD', amount },
      allocations: [to('I', amount, { discount })],
    });
    expect(books.refusal('/payments', pay('P', '2023-10-12', '39.00', '1.00'))).toEqual(['discount-expired']);
    // 2.5 % of 40.01 is 1.00025, so 1.00.
    expect(books.refusal('/payments', pay('P', '2023-10-11', '39.00', '1.01'))).toEqual(['over-discounted']);
    for (const id of ['P', 'Q', 'R']) books.post('/payments', pay(id, '2023-10-11', '39.00', '1.00'));
    const moment = { asOf: '2023-10-11', position: books.position };
    // Of 3.00 in all 0.50 is tax; 0.17 of the first.
    expect(books.ledger.creditOn('tax', moment)).toEqual({ USD: '-19.50' });
    expect(books.ledger.creditOn('discount-received', moment)).toEqual({ USD: '2.50' });
    books.reverse('allocations/P.1', '2023-10-20');
    const then = { asOf: '2023-10-20', position: books.position };
    expect(books.ledger.creditOn('tax', then)).toEqual({ USD: '-19.67' });
    const again = { id: 'A', from: payment('P'), to: { invoiceId: 'I' }, on: '2023-10-20' };
    expect(books.refusal('/allocations', { ...again, amount: '38.99', discount: '1.01' })).toEqual(['over-discounted']);
    expect(books.refusal('/allocations', { ...again, amount: '39.00', discount: '1.00' })).toEqual([]);
  });

  it('may exceed what is open neither on its day nor on any later day', () => {
    // 60 of 100 go on 1 November, so on 15 October only 40 are free, though 100 are open that day.
    const books = new Books().invoice('I', '100.00', '2023-10-01', '2023-10-31');
    books.payment('P', '60.00', '2023-11-01', [to('I', '60.00')]).payment('Q', '50.00', '2023-10-15');
    const allocation = { id: 'A', from: payment('Q'), to: { invoiceId: 'I' } };
    expect(books.open('I', '2023-10-15')).toBe('100.00');
    expect(books.refusal('/allocations', { ...allocation, amount: '40.01' })).toEqual(['over-allocated']);
    expect(books.refusal('/allocations', { ...allocation, amount: '40.00' })).toEqual([]);
    expect(books.open('I', '2023-11-01')).toBe('0.00');
  });

  it('is allocated on a later day if that is asked for, and never on an earlier one', () => {
    const books = new Books().invoice('I', '10.00', '2023-10-10', '2023-10-31').payment('P', '10.00', '2023-10-01');
    books.allocate('A', payment('P'), 'I', '4.00', { on: '2023-10-20' });
    books.allocate('B', payment('P'), 'I', '6.00', { on: '2023-10-02' });
    expect(['2023-10-09', '2023-10-10', '2023-10-19', '2023-10-20'].map((day) => books.open('I', day))).toEqual([
      '0.00', // not posted yet
      '4.00',
      '4.00',
      '0.00',
    ]);
  });

  it('is refused whole if one of its allocations is', () => {
    const books = new Books().invoice('I', '10.00', '2023-10-01', '2023-10-31');
    const body = { id: 'P', vendorId: 'V', paidOn: '2023-10-05', currency: 'USD', amount: '10.00' };
    const { head } = books.ledger;
    expect(books.refusal('/payments', { ...body, allocations: [to('I', '6.00'), to('I', '5.00')] })).toEqual([
      'over-allocated',
    ]);
    expect(books.refusal('/payments', { ...body, allocations: [to('X', '6.00')] })).toEqual(['unknown-invoice']);
    expect(books.ledger.head).toBe(head);
    books.post('/payments', { ...body, allocations: [to('I', '6.00'), to('I', '4.00')] });
    books.reverse('allocations/P.2');
    expect(books.open('I', '2023-10-05')).toBe('4.00');
  });

  it('of another currency or vendor settles nothing', () => {
    const books = new Books()
      .invoice('I', '10.00', '2023-10-01', '2023-10-31')
      .post('/vendors', { id: 'W', name: 'W' });
    const body = { vendorId: 'V', paidOn: '2023-10-05', amount: '10', allocations: [to('I', '10')] };
    expect(books.refusal('/payments', { ...body, id: 'P', currency: 'KWD' })).toEqual(['currency-mismatch']);
    expect(books.refusal('/payments', { ...body, id: 'P', currency: 'USD', vendorId: 'W' })).toEqual([
      'vendor-mismatch',
    ]);
  });
});

describe('a reversed payment', () => {
  const paid = () =>
    new Books()
      .invoice('I', '100.00', '2023-10-01', '2023-10-31')
      .payment('P', '100.00', '2023-10-15', [to('I', '100.00')]);

  it('that bounced a month later had settled the invoice until then', () => {
    const books = paid().reverse('payments/P', '2023-11-15');
    expect(['2023-10-14', '2023-10-15', '2023-11-14', '2023-11-15'].map((day) => books.open('I', day))).toEqual([
      ...['100.00', '0.00', '0.00', '100.00'],
    ]);
    expect(books.left('P', '2023-11-15')).toBe('0.00');
    expect(books.buckets('2023-11-15')).toEqual({ '1-30': '100.00' }); // 15 days late
  });

  it('without a day never was, from its own day on; and was still there as known before', () => {
    const books = paid();
    const before = books.position;
    books.reverse('payments/P');
    expect(books.buckets('2023-10-20')).toEqual({ notDue: '100.00' });
    expect(books.buckets('2023-10-20', { position: before })).toEqual({});
    // Between payment and allocation, of which each has a position of its own: 100 owed, 100 in credit 5 days old.
    expect(books.buckets('2023-10-20', { position: before - 1 })).toEqual({ notDue: '100.00', '1-30': '-100.00' });
  });

  it('ends an allocation that begins later on that later day, so that it never was in effect', () => {
    const books = new Books().invoice('I', '100.00', '2023-10-01', '2023-10-31');
    books.payment('P', '100.00', '2023-09-01', [to('I', '100.00')]).reverse('payments/P', '2023-09-15');
    expect(books.buckets('2023-09-14')).toEqual({ '1-30': '-100.00' });
    expect(books.buckets('2023-09-15')).toEqual({});
    expect(books.open('I', '2023-10-01')).toBe('100.00');
    expect(books.ledger.controlAccount({ asOf: '2023-10-01', position: books.position })).toEqual({ USD: '100.00' });
  });

  it('can be reversed neither twice nor before it was made', () => {
    const books = paid();
    const body = { reason: 'bounced', on: '2023-10-14' };
    expect(books.refusal('/payments/P/reversal', body)).toEqual(['before-original']);
    expect(books.refusal('/payments/P/reversal', { ...body, on: '2023-10-15' })).toEqual([]);
    expect(books.refusal('/payments/P/reversal', { reason: 'bounced' })).toEqual(['already-reversed']);
    expect(books.refusal('/allocations/P.1/reversal', { reason: 'bounced' })).toEqual(['already-reversed']);
    expect(books.refusal('/payments/Q/reversal', { reason: 'bounced' })).toEqual(['not-found']);
  });

  it('is reversed no earlier than the day on which an allocation of it ended', () => {
    // The allocation was in effect from 15 to 19 October and ended on the 20th.
    const books = paid().reverse('allocations/P.1', '2023-10-20');
    const body = { reason: 'bounced' };
    expect(books.refusal('/payments/P/reversal', { ...body, on: '2023-10-19' })).toEqual(['still-in-use']);
    books.reverse('payments/P'); // by default on the 20th
    expect([books.open('I', '2023-10-19'), books.open('I', '2023-10-20')]).toEqual(['0.00', '100.00']);
    expect(books.buckets('2023-10-19')).toEqual({});
    expect(books.buckets('2023-10-20')).toEqual({ notDue: '100.00' });
  });

  it('is not kept by an allocation that was reversed on its own day', () => {
    const books = paid().reverse('allocations/P.1').reverse('payments/P');
    expect(books.buckets('2023-10-15')).toEqual({ notDue: '100.00' });
    expect(books.left('P', '2023-10-15')).toBe('0.00');
  });

  it('waits for its refunds to be reversed', () => {
    const books = new Books().payment('P', '100.00', '2023-10-01');
    books.post('/refunds', { id: 'R', vendorId: 'V', from: payment('P'), amount: '70.00', on: '2023-11-01' });
    expect(books.refusal('/payments/P/reversal', { reason: 'bounced' })).toEqual(['has-refunds']);
    books.reverse('refunds/R', '2023-11-10');
    expect(books.refusal('/payments/P/reversal', { reason: 'bounced', on: '2023-11-09' })).toEqual(['still-in-use']);
    books.reverse('payments/P');
    // 100 in credit; 30 while the refund stood; 100 for no day more, since both end on 10 November.
    expect(['2023-10-31', '2023-11-01', '2023-11-09', '2023-11-10'].map((day) => books.left('P', day))).toEqual([
      ...['100.00', '30.00', '30.00', '0.00'],
    ]);
  });
});

describe('credit', () => {
  it('left of a credit note larger than its invoice stays on account', () => {
    const books = new Books().invoice('I', '80.00', '2023-10-01', '2023-10-31');
    books.creditNote('C', '100.00', '2023-10-10', [{ id: 'A', invoiceId: 'I', amount: '80.00' }]);
    expect(books.owed('2023-10-10', 'onAccount')).toBe('20.00');
    expect(books.buckets('2023-11-10')).toEqual({ '31-60': '-20.00' }); // 31 days after its own date
    expect(books.refusal('/refunds', refund('R', '20.01'))).toEqual(['over-allocated']);
    expect(books.refusal('/refunds', refund('R', '20.00'))).toEqual([]);
    expect(books.buckets('2023-11-10')).toEqual({ '31-60': '-20.00' }); // paid back on the 11th
    expect(books.ageing('2023-11-11').currencies).toEqual([]);
  });

  const refund = (id: string, amount: string) => ({
    ...{ id, vendorId: 'V', from: { creditNoteId: 'C' }, amount, on: '2023-11-11' },
  });

  it('is never netted across currencies, and each is written with its own decimals', () => {
    const books = new Books().invoice('I', '100', '2023-10-01', '2023-10-31', { currency: 'JPY' });
    books.invoice('K', '0.005', '2023-10-01', '2023-10-31', { currency: 'KWD', lines: [{ amount: '0.005' }] });
    books.payment('P', '5', '2023-10-31');
    const totals = books.ageing('2023-10-31').currencies.map(({ currency, totals }) => [currency, totals.total]);
    expect(totals).toEqual([
      ['JPY', '100'],
      ['KWD', '0.005'],
      ['USD', '-5.00'],
    ]);
    expect(books.ledger.controlAccount({ asOf: '2023-10-31', position: books.position })).toEqual({
      ...{ JPY: '100', KWD: '0.005', USD: '-5.00' },
    });
    expect(
      books.refusal('/payments', { id: 'Q', vendorId: 'V', paidOn: '2023-10-31', currency: 'JPY', amount: '0.5' }),
    ).toEqual(['malformed']);
  });

  it('that nets a vendor to nothing in every bucket leaves its row out, but stays in the totals', () => {
    const books = new Books().invoice('I', '5.00', '2023-10-31', '2023-10-31').payment('P', '5.00', '2023-10-31');
    const [usd] = books.ageing('2023-10-31').currencies;
    expect(usd?.rows).toEqual([]);
    expect(usd?.totals).toEqual(expect.objectContaining({ notDue: '0.00', total: '0.00', onAccount: '5.00' }));
    // A day later too: both are one day late. By invoice both have a row.
    expect(books.ageing('2023-11-01').currencies[0]?.rows).toEqual([]);
    expect(books.ageing('2023-10-31', { by: 'invoice' }).currencies[0]?.rows).toHaveLength(2);
    expect(books.liabilities('2023-10-31')[0]?.rows).toEqual([
      expect.objectContaining({ vendorId: 'V', owed: '5.00', onAccount: '5.00', total: '0.00' }),
    ]);
  });
});

describe('an invoice or charge', () => {
  it('is reversed only after what settles it, and not before that ended', () => {
    const books = new Books().invoice('I', '100.00', '2023-10-01', '2023-10-31');
    books.payment('P', '60.00', '2023-10-05', [to('I', '60.00')]);
    books.post('/write-offs', { id: 'W', invoiceId: 'I', reason: 'small', on: '2023-10-10' });
    expect(books.open('I', '2023-10-10')).toBe('0.00');
    expect(books.refusal('/invoices/I/reversal', { reason: 'wrong' })).toEqual(['has-allocations']);
    books.reverse('payments/P', '2023-10-25').reverse('write-offs/W', '2023-10-20');
    expect(books.refusal('/invoices/I/reversal', { reason: 'wrong', on: '2023-10-24' })).toEqual(['still-in-use']);
    books.reverse('invoices/I');
    // 60 paid to the 24th, 40 written off from the 10th to the 19th.
    expect(
      ['2023-10-09', '2023-10-19', '2023-10-20', '2023-10-24', '2023-10-25'].map((d) => books.open('I', d)),
    ).toEqual(['40.00', '0.00', '40.00', '40.00', '0.00']);
  });

  it('is written off whole without an amount: by what is open from that day on', () => {
    // 100 are open on 15 October, but 30 of them are paid on 1 November: 70 can be written off.
    const books = new Books().invoice('I', '100.00', '2023-10-01', '2023-10-31');
    books.payment('P', '30.00', '2023-11-01', [to('I', '30.00')]);
    books.post('/write-offs', { id: 'W', invoiceId: 'I', reason: 'small', on: '2023-10-15' });
    expect([books.open('I', '2023-10-15'), books.open('I', '2023-11-01')]).toEqual(['30.00', '0.00']);
    expect(books.refusal('/write-offs', { id: 'X', invoiceId: 'I', reason: 'small', on: '2023-10-15' })).toContain(
      'nothing-open',
    );
  });

  it('of type charge counts from its day, and is paid and reversed like an invoice', () => {
    const charge = { vendorId: 'V', kind: 'late-fee', amount: '40.00', currency: 'USD', on: '2023-10-05' };
    const books = new Books().post('/charges', { ...charge, id: 'F', dueDate: '2023-10-20' });
    books.payment('P', '15.00', '2023-10-01', [{ chargeId: 'F', amount: '15.00' }]);
    expect(books.buckets('2023-10-04')).toEqual({ '1-30': '-15.00' });
    expect(books.buckets('2023-10-21')).toEqual({ '1-30': '25.00' });
    expect(books.buckets('2023-11-05', { basis: 'invoice-date' })).toEqual({ '31-60': '25.00' }); // 31 days after `on`
    expect(books.refusal('/charges/F/reversal', { reason: 'waived' })).toEqual(['has-allocations']);
    books.reverse('allocations/P.1').reverse('charges/F');
    expect(books.buckets('2023-10-21')).toEqual({ '1-30': '-15.00' });
  });
});

describe('a deferral', () => {
  const due = '2023-10-31';
  const thousand = () => new Books().invoice('I', '1000.00', '2023-10-01', due);

  // 600 of 1000 agreed to 30 November: 400 stay due on 31 October and are used up first. 500 paid: those 400, and 100
  // of the 600. Of the 500 left 200 are then moved without consent to 15 January.
  const partly = () =>
    thousand()
      .defer('D1', 'I', '2023-10-20', '2023-11-30', true, '600.00')
      .payment('P', '500.00', '2023-10-25', [to('I', '500.00')])
      .defer('D2', 'I', '2023-11-05', '2024-01-15', false, '200.00');

  it('that is agreed moves the due date of a part, and a payment uses the rest up first', () => {
    const books = partly();
    expect(books.schedule('I', '2023-10-19')).toEqual(['1000.00 2023-10-31/2023-10-31/2023-10-31']);
    expect(books.schedule('I', '2023-10-20')).toEqual([
      '400.00 2023-10-31/2023-10-31/2023-10-31',
      '600.00 2023-10-31/2023-11-30/2023-11-30',
    ]);
    expect(books.schedule('I', '2023-10-25')).toEqual(['500.00 2023-10-31/2023-11-30/2023-11-30']);
  });

  it('without consent moves the planned date only, of what is due first', () => {
    const books = partly();
    expect(books.schedule('I', '2023-11-05')).toEqual([
      '200.00 2023-10-31/2023-11-30/2024-01-15',
      '300.00 2023-10-31/2023-11-30/2023-11-30',
    ]);
  });

  it('is classed one way at a time, up to the day it was deferred to', () => {
    const books = partly();
    const classes = (asOf: string) =>
      ['deferredUnilateral', 'deferredAgreed', 'overdue'].map((column) => books.owed(asOf, column));
    // 25 October: 500 of 30 November, that was 31 October, are agreed. 5 November: 200 of them go on unilaterally.
    expect(classes('2023-10-25')).toEqual(['0.00', '500.00', '0.00']);
    expect(classes('2023-11-05')).toEqual(['200.00', '300.00', '0.00']);
    expect(classes('2023-11-30')).toEqual(['200.00', '300.00', '0.00']);
    // From 1 December all is overdue; what was agreed is deferred no more, what was not still is, to 15 January.
    expect(classes('2023-12-01')).toEqual(['200.00', '0.00', '500.00']);
    expect(classes('2024-01-15')).toEqual(['200.00', '0.00', '500.00']);
    expect(classes('2024-01-16')).toEqual(['0.00', '0.00', '500.00']);
  });

  it('changes the contractual ageing only by what was paid', () => {
    const books = partly();
    expect(books.buckets('2023-11-10')).toEqual({ notDue: '500.00' });
    expect(books.buckets('2023-11-10', { basis: 'contractual' })).toEqual({ '1-30': '500.00' });
    expect(books.buckets('2023-12-31', { basis: 'agreed' })).toEqual({ '31-60': '500.00' });
    expect(books.buckets('2023-12-31', { basis: 'contractual' })).toEqual({ '61-90': '500.00' });
  });

  it('is withdrawn last first, and gives back the dates it moved', () => {
    const books = partly();
    const withdrawal = { reason: 'paid after all', on: '2023-11-15' };
    expect(books.refusal('/invoices/I/deferrals/D1/withdrawal', withdrawal)).toEqual(['not-the-last-deferral']);
    books.post('/invoices/I/deferrals/D2/withdrawal', withdrawal);
    expect(books.refusal('/invoices/I/deferrals/D2/withdrawal', withdrawal)).toEqual(['not-the-last-deferral']);
    books.post('/invoices/I/deferrals/D1/withdrawal', { ...withdrawal, on: '2023-11-20' });
    expect(books.schedule('I', '2023-11-14')).toHaveLength(2);
    expect(books.schedule('I', '2023-11-15')).toEqual(['500.00 2023-10-31/2023-11-30/2023-11-30']);
    expect(books.schedule('I', '2023-11-20')).toEqual(['500.00 2023-10-31/2023-10-31/2023-10-31']);
    expect(books.refusal('/invoices/I/deferrals/X/withdrawal', withdrawal)).toEqual(['not-found']);
    // A third deferral starts from the schedule that the withdrawals gave back.
    books.defer('D3', 'I', '2023-11-20', '2023-12-20', true);
    expect(books.schedule('I', '2023-11-20')).toEqual(['500.00 2023-10-31/2023-12-20/2023-12-20']);
  });

  it('keeps what it moved when a payment from before it comes to light', () => {
    // 450 move: all of October's 300 and 150 of November's. The order of use is then 150 of 30 November, 300 of 31
    // December, 300 and 150 of 29 February. A payment of 200 from before takes 150 and 50 of these.
    const schedule = ['2023-10-31', '2023-11-30', '2023-12-31'].map((dueOn) => ({ dueOn, amount: '300.00' }));
    const books = new Books().invoice('I', '900.00', '2023-10-01', undefined, { schedule });
    books.defer('D', 'I', '2023-11-10', '2024-02-29', true, '450.00');
    const before = books.position;
    books.payment('P', '200.00', '2023-10-20', [to('I', '200.00')]);
    expect(books.schedule('I', '2023-11-09')).toEqual([
      '100.00 2023-10-31/2023-10-31/2023-10-31',
      '300.00 2023-11-30/2023-11-30/2023-11-30',
      '300.00 2023-12-31/2023-12-31/2023-12-31',
    ]);
    expect(books.schedule('I', '2023-11-10')).toEqual([
      '250.00 2023-12-31/2023-12-31/2023-12-31',
      '300.00 2023-10-31/2024-02-29/2024-02-29',
      '150.00 2023-11-30/2024-02-29/2024-02-29',
    ]);
    expect(books.schedule('I', '2023-11-10', before)[0]).toBe('150.00 2023-11-30/2023-11-30/2023-11-30');
  });

  it('that was recorded before a payment was undone gives the used part its old dates back', () => {
    // 300 of 1000 were used up when the other 700 moved; the payment bounces, so those 300 are open again and late.
    const books = thousand().payment('P', '300.00', '2023-10-10', [to('I', '300.00')]);
    books.defer('D', 'I', '2023-10-20', '2023-12-15', true).reverse('payments/P', '2023-11-10');
    expect(books.schedule('I', '2023-11-09')).toEqual(['700.00 2023-10-31/2023-12-15/2023-12-15']);
    expect(books.schedule('I', '2023-11-10')).toEqual([
      '300.00 2023-10-31/2023-10-31/2023-10-31',
      '700.00 2023-10-31/2023-12-15/2023-12-15',
    ]);
  });

  it('without consent keeps its place, so what it moved is still used up first', () => {
    const books = thousand().defer('D', 'I', '2023-10-30', '2023-12-31', false, '600.00');
    books.payment('P', '100.00', '2023-11-01', [to('I', '100.00')]);
    expect(books.schedule('I', '2023-11-01')).toEqual([
      '500.00 2023-10-31/2023-10-31/2023-12-31',
      '400.00 2023-10-31/2023-10-31/2023-10-31',
    ]);
  });

  it('goes to a later day than every date that it moves', () => {
    const books = thousand();
    const refusal = (on: string, until: string, agreed: boolean, amount?: string) =>
      books.refusal('/invoices/I/deferrals', deferral('X', on, until, agreed, amount));
    expect(refusal('2023-10-20', due, true)).toEqual(['until-not-later']);
    expect(refusal('2023-10-20', due, false)).toEqual(['until-not-later']);
    expect(refusal('2023-10-20', '2023-11-30', true, '1000.01')).toEqual(['over-deferred']);
    books.defer('D1', 'I', '2023-11-02', '2023-12-31', false); // after the due date
    expect(refusal('2023-11-01', '2024-01-31', false)).toEqual(['deferral-out-of-order']);
    expect(refusal('2023-11-02', '2023-12-31', false)).toEqual(['until-not-later']);
    // By consent it need only be later than the due date: the planned date comes back with it.
    books.defer('D2', 'I', '2023-11-02', '2023-11-30', true);
    expect(books.schedule('I', '2023-11-02')).toEqual(['1000.00 2023-10-31/2023-11-30/2023-11-30']);
  });

  it('needs something open', () => {
    const books = thousand().payment('P', '1000.00', '2023-10-10', [to('I', '1000.00')]);
    const body = deferral('D', '2023-10-10', '2023-12-31', true);
    expect(books.refusal('/invoices/I/deferrals', body)).toEqual(['nothing-open']);
    expect(books.refusal('/invoices/I/deferrals', { ...body, on: '2023-10-09' })).toEqual([]);
    expect(books.refusal('/invoices/X/deferrals', body)).toEqual(['not-found']);
  });

  it('moves no reduction that takes effect only after it', () => {
    // 400 go on 25 October, but on the 20th all 1000 are open, and move.
    const books = thousand().payment('P', '400.00', '2023-10-25', [to('I', '400.00')]);
    books.defer('D', 'I', '2023-10-20', '2023-12-15', true);
    expect(books.schedule('I', '2023-10-20')).toEqual(['1000.00 2023-10-31/2023-12-15/2023-12-15']);
    expect(books.schedule('I', '2023-10-25')).toEqual(['600.00 2023-10-31/2023-12-15/2023-12-15']);
  });
});

describe('a held or disputed invoice', () => {
  const today = '2023-11-15';
  const reason = 'goods missing';
  const books = () =>
    new Books(today).invoice('I', '100.00', '2023-10-01', '2023-10-31').payment('P', '100.00', '2023-10-05');
  const pay = { id: 'A', from: payment('P'), to: { invoiceId: 'I' } };

  it('goes on ageing but is not paid while it is held', () => {
    const held = books().post('/invoices/I/holds', { reason, on: '2023-11-10' });
    expect(held.refusal('/allocations', { ...pay, amount: '1.00' })).toEqual(['on-hold']);
    // A payment that has gone out is recorded on account; a credit note may settle it.
    held
      .payment('Q', '5.00', today)
      .creditNote('C', '30.00', '2023-11-12', [{ id: 'B', invoiceId: 'I', amount: '30.00' }]);
    expect(held.owed('2023-11-09', 'held')).toBe('0.00');
    expect(held.owed('2023-11-10', 'held')).toBe('100.00');
    expect(held.owed('2023-11-12', 'held')).toBe('70.00');
    expect(held.owed('2023-11-12', 'overdue')).toBe('70.00');
    held.post('/invoices/I/holds/release', { reason });
    expect([held.owed('2023-11-14', 'held'), held.owed(today, 'held')]).toEqual(['70.00', '0.00']);
    expect(held.refusal('/allocations', { ...pay, amount: '70.00' })).toEqual([]);
  });

  it('is free from the start of the day up to which it was held', () => {
    // Held from the 1st until the 15th, which is today: no hold is in force, whatever the payment's own day.
    const held = books().post('/invoices/I/holds', { reason, on: '2023-11-01', until: today });
    expect([held.owed('2023-11-14', 'held'), held.owed(today, 'held')]).toEqual(['100.00', '0.00']);
    expect(held.refusal('/allocations', { ...pay, amount: '10.00' })).toEqual([]);
    held.post('/invoices/I/holds', { reason, on: '2023-11-02', until: '2023-11-16' });
    expect(held.refusal('/allocations', { ...pay, id: 'B', amount: '10.00' })).toEqual(['on-hold']);
  });

  it('is paid only by what is not disputed', () => {
    const disputed = books().post('/invoices/I/disputes', { reason, amount: '40.00', on: '2023-11-10' });
    expect(disputed.refusal('/allocations', { ...pay, amount: '60.01' })).toContain('on-hold');
    expect(disputed.refusal('/allocations', { ...pay, amount: '60.00' })).toEqual([]);
    expect(disputed.owed(today, 'disputed')).toBe('40.00');
    // A write-off may settle what is disputed, and no more is disputed than is open.
    disputed.post('/write-offs', { id: 'W', invoiceId: 'I', amount: '15.00', reason, on: '2023-11-11' });
    expect([disputed.owed('2023-11-10', 'disputed'), disputed.owed('2023-11-11', 'disputed')]).toEqual([
      '40.00',
      '25.00',
    ]);
  });

  it('is disputed by all that is open and not yet disputed, and resolved in parts or whole', () => {
    const disputed = books().post('/invoices/I/disputes', { reason, amount: '40.00', on: '2023-11-01' });
    disputed.post('/invoices/I/disputes', { reason, on: '2023-11-03' }); // the other 60
    disputed.post('/invoices/I/disputes/resolution', { reason, amount: '10.00', on: '2023-11-05' });
    disputed.post('/invoices/I/disputes/resolution', { reason, on: '2023-11-07' });
    expect(
      ['2023-11-01', '2023-11-03', '2023-11-05', '2023-11-07'].map((day) => disputed.owed(day, 'disputed')),
    ).toEqual(['40.00', '100.00', '90.00', '0.00']);
  });
});

describe('rows', () => {
  const books = new Books()
    .post('/vendors', { id: 'T', name: 'Tax office', kind: 'tax-authority' })
    .invoice('I1', '300.00', '2023-09-01', '2023-09-30')
    .invoice('I2', '50.00', '2023-10-01', '2023-12-15', { kind: 'landlord' })
    .invoice('I3', '350.00', '2023-10-01', '2023-10-31', { vendorId: 'T' })
    .creditNote('C1', '40.00', '2023-10-25')
    .payment('P1', '50.00', '2023-10-31');
  const asOf = '2023-10-31';
  const summary = (by: AgeingBy, key: string) =>
    books.ageing(asOf, { by }).currencies[0]?.rows.map((row) => [row[key], row.total, row.onAccount]);

  it('by vendor are net, and largest first', () => {
    // V: 300 + 50 - 40 - 50 = 260; T: 350.
    expect(summary('vendor', 'vendorId')).toEqual([
      ['T', '350.00', '0.00'],
      ['V', '260.00', '90.00'],
    ]);
    expect(books.ageing(asOf).currencies[0]?.rows[1]).toEqual(
      // Credit of 25 October is 6 days old, that of the 31st 0; 300 are 31 days late.
      expect.objectContaining({ notDue: '0.00', '1-30': '-40.00', '31-60': '300.00' }),
    );
  });

  it('by invoice have credit of their own', () => {
    expect(summary('invoice', 'itemId')).toEqual([
      ['I3', '350.00', '0.00'],
      ['I1', '300.00', '0.00'],
      ['I2', '50.00', '0.00'],
      ['C1', '-40.00', '40.00'],
      ['P1', '-50.00', '50.00'],
    ]);
    expect(books.ageing(asOf, { by: 'invoice' }).currencies[0]?.rows[3]).toEqual({
      ...{ vendorId: 'V', vendorName: 'Vale Ltd', itemId: 'C1', itemType: 'credit-note', number: 'C1' },
      ...{ dueOn: '2023-10-25', daysLate: 6, notDue: '0.00', '1-30': '-40.00', '31-60': '0.00', '61-90': '0.00' },
      ...{ 'over-90': '0.00', total: '-40.00', onAccount: '40.00', deferred: '0.00', held: '0.00', disputed: '0.00' },
    });
  });

  it('by kind take the invoice kind, else that of the vendor', () => {
    // supplier: 300 - 40 - 50; landlord: I2; tax-authority: I3.
    expect(summary('kind', 'kind')).toEqual([
      ['tax-authority', '350.00', '0.00'],
      ['supplier', '210.00', '90.00'],
      ['landlord', '50.00', '0.00'],
    ]);
  });

  it('with the same total are in the order of their ids', () => {
    const equal = new Books()
      .invoice('b', '5.00', '2023-10-01', asOf, { number: '1' })
      .invoice('B', '5.00', '2023-10-01', asOf, { number: '2' })
      .invoice('a', '5.00', '2023-10-01', asOf, { number: '3' });
    expect(equal.ageing(asOf, { by: 'invoice' }).currencies[0]?.rows.map(({ itemId }) => itemId)).toEqual([
      ...['B', 'a', 'b'],
    ]);
  });

  it('by due month and by maturity keep the credit in a row of its own', () => {
    const months = books.liabilities(asOf, 'due-month')[0]?.rows.map((row) => [row.dueMonth, row.total]);
    expect(months).toEqual([
      ['2023-09', '300.00'],
      ['2023-10', '350.00'],
      ['2023-12', '50.00'],
      ['on-account', '-90.00'],
    ]);
    const bands = books.liabilities(asOf, 'maturity')[0]?.rows.map((row) => [row.maturity, row.total]);
    expect(bands).toEqual([
      ['overdue', '300.00'],
      ['0-30', '350.00'],
      ['31-90', '50.00'],
      ['on-account', '-90.00'],
    ]);
  });

  it.each([
    // 2023-10-31 + 30 = 30 November; + 90 = 29 January; + 365 = 30 October 2024, since 29 February lies between.
    ['2023-10-30', 'overdue'],
    ['2023-10-31', '0-30'],
    ['2023-11-30', '0-30'],
    ['2023-12-01', '31-90'],
    ['2024-01-29', '31-90'],
    ['2024-01-30', '91-365'],
    ['2024-10-30', '91-365'],
    ['2024-10-31', 'over-365'],
  ])('put what is due on %s into the band %s', (dueDate, band) => {
    const one = new Books().invoice('I', '1.00', '2023-10-01', dueDate);
    expect(one.liabilities(asOf, 'maturity')[0]?.rows.map(({ maturity }) => maturity)).toEqual([band]);
  });

  it('follow names and kinds as they were known', () => {
    const named = new Books().invoice('I', '1.00', '2023-10-01', asOf);
    const before = named.position;
    named.post('/vendors/V/changes', { name: 'Vale plc', kind: 'lender' });
    const names = [before, named.position].map((position) => named.ageing(asOf, { position }).currencies[0]?.rows[0]);
    expect(names.map((row) => row?.vendorName)).toEqual(['Vale Ltd', 'Vale plc']);
    expect(named.ageing(asOf, { by: 'kind' }).currencies[0]?.rows[0]?.kind).toBe('lender');
  });
});

describe('a statement', () => {
  // Positions: 1 the ledger, 2 the vendor, 3 the invoice, 4 the payment and 5 its allocation, 6 the credit note,
  // 7 the reversal of the payment, which undoes the discount of its allocation as well.
  const books = new Books()
    .invoice('I', '1000.00', '2023-10-01', '2023-10-31')
    .payment('P', '480.00', '2023-10-10', [to('I', '480.00', { discount: '20.00' })])
    .creditNote('C', '100.00', '2023-10-15')
    .reverse('payments/P', '2023-11-10');
  const statement = (asOf: string, from?: string) =>
    books.ledger.statement({ asOf, position: books.position, vendorId: 'V', from }).currencies[0];

  it('runs through the account by day, then position', () => {
    const lines = statement('2023-11-10')?.lines.map((line) => [
      line.on,
      line.itemType,
      line.amount,
      line.balance,
      line.position,
    ]);
    expect(lines).toEqual([
      ['2023-10-01', 'invoice', '1000.00', '1000.00', 3],
      ['2023-10-10', 'payment', '-480.00', '520.00', 4],
      ['2023-10-10', 'discount', '-20.00', '500.00', 5],
      ['2023-10-15', 'credit-note', '-100.00', '400.00', 6],
      ['2023-11-10', 'reversal', '480.00', '880.00', 7],
      ['2023-11-10', 'reversal', '20.00', '900.00', 7],
    ]);
    expect(statement('2023-11-10')).toEqual(expect.objectContaining({ opening: '0.00', closing: '900.00' }));
  });

  it('opens with the balance of the day before', () => {
    expect(statement('2023-11-09', '2023-10-15')).toEqual(
      expect.objectContaining({
        opening: '500.00',
        lines: [expect.objectContaining({ itemId: 'C' })],
        closing: '400.00',
      }),
    );
  });

  it('closes with what is owed', () => {
    for (const asOf of ['2023-09-30', '2023-10-10', '2023-10-15', '2023-11-10'])
      expect(statement(asOf)?.closing ?? '0.00').toBe(books.owed(asOf, 'total'));
  });
});

describe('an id', () => {
  const body = { id: 'P', vendorId: 'V', paidOn: '2023-10-05', currency: 'USD', amount: '5.00' };

  it('with the same content is accepted again and does nothing', () => {
    const books = new Books().post('/payments', body);
    const { head } = books.ledger;
    expect(books.refusal('/payments', { ...body, amount: '5', allocations: [] })).toEqual([]);
    expect(books.refusal('/vendors', { id: 'V', name: 'Vale Ltd', kind: 'supplier' })).toEqual([]);
    books.reverse('payments/P');
    expect(books.refusal('/payments', body)).toEqual([]); // also after it was reversed
    expect(books.ledger.head).toBe(head + 1);
  });

  it('with other content is refused', () => {
    const books = new Books().post('/payments', body);
    expect(books.refusal('/payments', { ...body, amount: '5.01' })).toEqual(['id-already-used']);
    expect(books.refusal('/payments', { ...body, id: 'p' })).toEqual([]); // ids are case-sensitive
    expect(books.refusal('/credit-notes', { ...creditNote, id: 'P' })).toEqual([]); // and unique per kind only
  });

  const creditNote = { vendorId: 'V', number: 'C', date: '2023-10-05', currency: 'USD', total: '5.00' };

  it('that the body names must be known', () => {
    const books = new Books();
    expect(books.refusal('/payments', { ...body, vendorId: 'X' })).toEqual(['unknown-vendor']);
    expect(books.refusal('/payments', { ...body, colour: 'red' })).toEqual(['malformed']);
    expect(books.refusal('/vendors/X/changes', { name: 'X' })).toEqual(['not-found']);
  });
});

describe('positions', () => {
  it('are those that the product answered, one for each event', () => {
    const books = new Books().invoice('I', '10.00', '2023-10-01', '2023-10-31');
    books.ledger.recorded(8);
    books.payment('P', '10.00', '2023-10-05', [to('I', '4.00'), to('I', '6.00')]);
    books.ledger.recorded(20); // the payment is 18, its allocations 19 and 20
    expect([7, 8, 18, 19, 20].map((position) => books.open('I', '2023-10-05', position))).toEqual([
      ...['0.00', '10.00', '10.00', '6.00', '0.00'],
    ]);
    expect(books.ledger.positions).toEqual([2, 8, 20]);
    expect(() => {
      books.invoice('J', '1.00', '2023-10-01', undefined).ledger.recorded(20);
    }).toThrow('not behind');
  });
});
