import type { Step } from './demo-founding-case.js';

// What the founding case's cash plan is made from. Each text says what the press report states and what is assumed.

/** The day of the plan, and what it is asked for. */
export const planDay = '2023-10-31';
export const planRequest = {
  asOf: planDay,
  currency: 'USD',
  minimumBalance: '250000.00',
  newMoney: {
    on: '2023-11-10',
    amounts: ['300000.00', '1000000.00', '3000000.00', '8000000.00', '12000000.00'],
  },
};

const vendors: readonly Step[] = [
  { id: 'payroll-us', name: 'US staff', kind: 'payroll', country: 'US' },
  { id: 'payroll-uk', name: 'UK staff', kind: 'payroll', country: 'GB' },
  { id: 'irs', name: 'Internal Revenue Service', kind: 'tax-authority', country: 'US' },
  { id: 'other-suppliers', name: 'Other suppliers', kind: 'supplier', terms: { netDays: 30 } },
].map((body) => ({ path: '/vendors', body }));

const consequences = (of: string, body: Readonly<Record<string, unknown>>): Step => ({
  path: `/${of}/consequences`,
  key: `consequences ${of}`,
  body: { effectiveOn: '2023-10-01', ...body },
});

const monthlyOneAndAHalf = { lateInterest: { annualPercent: '18.00' } };

const costs: readonly Step[] = [
  consequences('vendors/aws', {
    tier: 3,
    ...monthlyOneAndAHalf,
    cutoffs: [
      {
        name: 'AWS suspends',
        on: '2023-12-15',
        overdueDays: 30,
        tolerance: '2000000.00',
        cost: '6000000.00',
        weekly: '350000.00',
      },
    ],
    source: 'Customer agreement: 1.5 % a month. Assumed: when it suspends, and what that costs.',
  }),
  consequences('vendors/google-cloud', {
    tier: 3,
    ...monthlyOneAndAHalf,
    cutoffs: [
      {
        name: 'Google Cloud suspends',
        on: '2023-12-01',
        overdueDays: 30,
        tolerance: '0.00',
        cost: '900000.00',
        weekly: '50000.00',
      },
    ],
    source: 'Customer agreement: 1.5 % a month. Assumed: when it suspends, and what that costs.',
  }),
  consequences('vendors/coreweave', {
    tier: 3,
    ...monthlyOneAndAHalf,
    cutoffs: [
      {
        name: 'CoreWeave cuts off',
        on: '2023-11-20',
        overdueDays: 30,
        tolerance: '0.00',
        cost: '1200000.00',
        weekly: '100000.00',
      },
    ],
    source: 'Assumed, 1.5 % a month not verified.',
  }),
  consequences('vendors/hmrc', {
    tier: 2,
    lateInterest: { annualPercent: '7.75' },
    steps: [{ afterDays: 0, percent: '1.00' }],
    source: 'HMRC: 7.75 % a year in October 2023; PAYE 1 % from the first day for the 2nd to 4th default of the year.',
  }),
  consequences('invoices/vat-2023-q3', {
    steps: [
      { afterDays: 15, percent: '2.00' },
      { afterDays: 30, percent: '2.00', annualPercent: '4.00' },
    ],
    source: 'Finance Act 2021, Schedule 26: VAT paid late',
  }),
  consequences('vendors/payroll-us', {
    tier: 0,
    neverDefer: true,
    steps: [{ afterDays: 0, percent: '100.00' }],
    source: 'Fair Labor Standards Act: an equal amount as damages. Reported: legal sanctions for not paying US staff.',
  }),
  consequences('vendors/payroll-uk', { tier: 0, neverDefer: true, source: 'Assumed.' }),
  consequences('vendors/irs', {
    tier: 1,
    steps: [
      { afterDays: 0, percent: '2.00' },
      { afterDays: 5, percent: '3.00' },
      { afterDays: 15, percent: '5.00' },
    ],
    unpaidAtEndPercent: '100.00',
    source: '26 U.S.C. 6656 (late deposits) and 6672 (trust-fund recovery)',
  }),
  consequences('vendors/other-suppliers', {
    tier: 5,
    lateInterest: { annualPercent: '13.00' },
    source: 'Late Payment of Commercial Debts (Interest) Act 1998: 5 + 8 points in the second half of 2023',
  }),
];

const balance: Step = {
  path: '/cash/balances',
  key: 'balance 2023-10-31',
  body: { account: 'main', currency: 'USD', on: planDay, balance: '3900000.00' },
};

const expected = (
  id: string,
  direction: 'receipt' | 'outflow',
  on: string,
  amount: string,
  description: string,
  more: { vendorId?: string; certainty?: string } = {},
): Step => ({
  path: '/cash/expectations',
  body: { id, direction, on, amount, currency: 'USD', description, ...more },
});

const day = (from: string, days: number): string =>
  new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10);

const fridays = Array.from({ length: 13 }, (_, week) => day('2023-11-03', 7 * week));

const receipts: readonly Step[] = [
  ...fridays.map((on) =>
    expected(`sales-${on}`, 'receipt', on, '211538.46', 'Sales. Reported: 11 million a year; even weeks assumed.', {
      certainty: '0.9',
    }),
  ),
  expected(
    'intel-2023-12-15',
    'receipt',
    '2023-12-15',
    '30000000.00',
    'Rest of the round. Reported: 20 of 50 million paid in; day and certainty assumed.',
    { certainty: '0.3' },
  ),
];

const bills = (
  id: string,
  vendorId: string,
  amount: string,
  description: string,
  days: readonly string[],
): readonly Step[] =>
  days.map((on) => expected(`${id}-${on}`, 'outflow', on, amount, `${description} of ${on}. Assumed.`, { vendorId }));

const paydays = ['2023-10-31', '2023-11-15', '2023-11-30', '2023-12-15', '2023-12-31', '2024-01-15'];

const expectedBills: readonly Step[] = [
  ...bills('wages-us', 'payroll-us', '500000.00', 'US wages', paydays),
  ...bills(
    'tax-us',
    'irs',
    '175000.00',
    'Tax withheld from US wages',
    paydays.map((on) => day(on, 3)),
  ),
  ...bills('wages-uk', 'payroll-uk', '800000.00', 'UK wages', ['2023-10-31', '2023-11-30', '2023-12-31']),
  ...bills('paye', 'hmrc', '550000.00', 'PAYE', ['2023-11-22', '2023-12-22', '2024-01-22']),
  ...bills('other', 'other-suppliers', '600000.00', 'Other suppliers', [
    ...['2023-10-31', '2023-11-10', '2023-11-20', '2023-11-30', '2023-12-10', '2023-12-20', '2023-12-31'],
    ...['2024-01-10', '2024-01-20'],
  ]),
  expected(
    'aws-october',
    'outflow',
    '2023-12-31',
    '7500000.00',
    'AWS, computing in October: the bill has yet to come. Reported: outstanding; total and day assumed.',
    { vendorId: 'aws' },
  ),
];

/** In the order in which they can be recorded, after the steps of the founding case itself. */
export const cashSteps: readonly Step[] = [...vendors, ...costs, balance, ...receipts, ...expectedBills];
