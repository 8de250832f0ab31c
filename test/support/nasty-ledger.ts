import type { LedgerClient } from './app.js';

/** Ids that are taken for something else, with names that are. */
const vendors: readonly (readonly [id: string, name: string])[] = [
  ['-', '  leading | blanks; "quoted" \\ and\n\ta second line  '],
  ['5000', 'date:2023-13-45, [2024-99-99] ; = $5'],
  ['cash', '* (x) ! "'],
  ['A-b_c.d', 'Ünï\u202ecode \u{1F600} \u2028 \ufeff ’ e\u0301'],
  ['a-b', '"""'],
  ['a.b', '|'],
];

const numbers = [
  '  N | 1; "x" ',
  '-1+1',
  '=SUM(A1)',
  '@ 5 USD',
  'two\nlines\tand a tab',
  "'; --",
  '\u{1F600}\u202e',
  '{}[]()<>#^&%',
];

const accounts = [
  '5000',
  'cash flow: "x" ; y | z',
  'Expenses:5000  two',
  '(virtual)',
  '[balanced]',
  'ünï: c\u{1F600}de',
  '-5 USD',
  '5000-2D-x',
  'assets/cash',
];

/** A ledger of texts that mean something to other programs, in four currencies, with everything that can happen to a document. */
export const recordNastyLedger = async (client: LedgerClient): Promise<void> => {
  for (const [n, [id, name]] of vendors.entries()) {
    const terms = { netDays: 30, discount: { percent: '2.25', days: 10 } };
    await client.record('/vendors', { id, name, ...(n === 0 && { country: 'DE', terms }) });
  }
  await client.record('/vendors/cash/changes', { name: 'Not ; cash | any more' });
  let count = 0;
  const invoice = async (
    vendorId: string,
    invoiceDate: string,
    currency: string,
    total: string,
    lines: readonly object[],
  ) => {
    const id = `i${++count}`;
    const number = `${numbers[count % numbers.length]!}${count > numbers.length ? count : ''}`;
    await client.record('/invoices', {
      id,
      vendorId,
      number,
      invoiceDate,
      currency,
      total,
      lines,
      allowDuplicate: { reason: 'x' },
    });
    return id;
  };
  const whole = (amount: string, n = count) => [
    { amount, account: accounts[n % accounts.length], description: numbers[n % numbers.length] },
  ];

  await invoice('-', '2024-01-10', 'USD', '120.00', [
    { amount: '150.00', tax: '30.00', account: accounts[1], description: numbers[0] },
    { amount: '-50.00', tax: '-10.00', description: numbers[4] },
  ]);
  await invoice('5000', '2024-01-31', 'JPY', '5000', whole('5000'));
  await invoice('cash', '2024-01-31', 'KWD', '5000.125', whole('5000.125'));
  await invoice('A-b_c.d', '2024-02-29', 'CLF', '1.0005', whole('1.0005'));
  await invoice('a-b', '2024-02-01', 'USD', '90071992547409.91', whole('90071992547409.91'));
  await invoice('a.b', '2024-02-01', 'USD', '0.03', whole('0.03'));
  for (const [n, account] of accounts.entries())
    await invoice('a.b', `2024-03-0${n + 1}`, 'USD', '10.00', [{ amount: '10.00', account }]);

  await client.record('/credit-notes', {
    id: 'i1',
    vendorId: '-',
    number: ' cn;|" ',
    date: '2024-02-05',
    currency: 'USD',
    total: '24.00',
    lines: [{ amount: '20.00', tax: '4.00', account: accounts[3] }],
    allocations: [{ invoiceId: 'i1', amount: '10.00' }],
  });
  await client.record('/credit-notes', {
    id: 'c2',
    vendorId: '5000',
    number: '1',
    date: '2024-02-05',
    currency: 'JPY',
    total: '77',
  });
  await client.record('/charges', {
    id: 'i1',
    vendorId: '-',
    kind: 'late-fee',
    amount: '9.99',
    currency: 'USD',
    on: '2024-02-06',
    dueDate: '2024-02-07',
  });
  await client.record('/charges', {
    id: 'x2',
    vendorId: 'cash',
    kind: 'late-interest',
    amount: '0.001',
    currency: 'KWD',
    on: '2024-02-06',
    dueDate: '2024-02-07',
  });

  const pay = (id: string, vendorId: string, paidOn: string, currency: string, amount: string, more: object = {}) =>
    client.record('/payments', { id, vendorId, paidOn, currency, amount, ...more });
  await pay('p1', '-', '2024-01-15', 'USD', '50.00', {
    bankAccount: 'main: "account" | 1; x',
    reference: numbers[0],
    allocations: [{ invoiceId: 'i1', amount: '40.00', discount: '0.92' }],
  });
  await client.record('/refunds', {
    id: 'r1',
    vendorId: '-',
    from: { paymentId: 'p1' },
    amount: '5.00',
    on: '2024-02-10',
  });
  await pay('p2', '5000', '2024-02-10', 'JPY', '6000', {
    bankAccount: 'yen',
    allocations: [{ invoiceId: 'i2', amount: '3000' }],
  });
  // The bank returns it: what it settled is open again from then on.
  await client.record('/payments/p2/reversal', { reason: 'bounced', on: '2024-02-25' });
  await pay('p3', 'cash', '2024-02-11', 'KWD', '0.125', { allocations: [{ invoiceId: 'i3', amount: '0.125' }] });
  // Recorded last, in effect first.
  await pay('p4', 'cash', '2024-01-31', 'KWD', '1000.000', { allocations: [{ invoiceId: 'i3', amount: '999.999' }] });
  await client.record('/write-offs', { id: 'w1', invoiceId: 'i3', amount: '0.001', reason: 'small', on: '2024-02-12' });
  await client.record('/write-offs', { id: 'w2', invoiceId: 'i6', reason: 'all of it', on: '2024-02-20' });
  await client.record('/write-offs/w2/reversal', { reason: 'after all', on: '2024-03-20' });
  await client.record('/invoices/i5/deferrals', {
    until: '2024-09-01',
    agreed: true,
    amount: '1000.01',
    reason: 'cash',
    on: '2024-02-15',
  });
  await client.record('/invoices/i5/deferrals', {
    until: '2024-10-01',
    agreed: false,
    reason: 'cash; no',
    on: '2024-02-16',
  });
  await client.record('/invoices/i4/reversal', { reason: '; never | ours', on: '2024-04-30' });
};
