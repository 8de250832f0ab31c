import { describe, expect, it } from '@jest/globals';
import {
  after,
  allocate,
  allocated,
  type Books,
  charge,
  creditNote,
  defer,
  dispute,
  hold,
  invoice,
  payment,
  refund,
  release,
  resolve,
  reverse,
  type Step,
  withdraw,
  writeOff,
} from '../../test/support/domain.js';
import { accountOf, defaults, isReserved } from './chart-of-accounts.js';
import type { Command } from './decider.js';
import { accountRoles } from './events.js';
import { formatMinor } from './money.js';
import { postingsOf } from './posting.js';

/** The entries of a command, short: `2024-01-10 expense 100.00 USD`, credits negative. */
const entries = (books: Books, command: Command): string[] =>
  books.decide(command).events.flatMap((event) =>
    postingsOf(event, (name) => books.get(name)).map(({ effectiveOn, account, currency, debit, credit }) => {
      expect([debit, credit].filter((side) => side > 0n)).toHaveLength(1);
      return `${effectiveOn} ${account} ${formatMinor(debit - credit, currency)} ${currency}`;
    }),
  );
const when = (command: Command, ...steps: Step[]) => entries(after(...steps), command);

const lines = [
  { amount: '70', tax: '14', account: 'hosting' },
  { amount: '20', tax: '-4' },
];
const one = invoice('I1', '100', { lines, postingDate: '2024-01-20' });

describe('the double entry of', () => {
  it('an invoice: costs and taxes against payables, on the posting date', () =>
    expect(when(one)).toEqual([
      '2024-01-20 hosting 70.00 USD',
      '2024-01-20 input-tax 10.00 USD',
      '2024-01-20 expense 20.00 USD',
      '2024-01-20 payables -100.00 USD',
    ]));
  it('an invoice with a line that gives money back', () =>
    expect(when(invoice('I1', '5', { lines: [{ amount: '15' }, { amount: '-10', account: 'hosting' }] }))).toEqual([
      '2024-01-10 expense 15.00 USD',
      '2024-01-10 hosting -10.00 USD',
      '2024-01-10 payables -5.00 USD',
    ]));
  it('an invoice whose lines cancel on an account leaves that out', () =>
    expect(
      when(
        invoice('I1', '5', {
          lines: [{ amount: '15', account: 'a' }, { amount: '-15', account: 'a' }, { amount: '5' }],
        }),
      ),
    ).toEqual(['2024-01-10 expense 5.00 USD', '2024-01-10 payables -5.00 USD']));
  it('the reversal of an invoice: the other way round, on its day', () =>
    expect(when(reverse('I1', '2024-02-03'), one)).toEqual([
      '2024-02-03 hosting -70.00 USD',
      '2024-02-03 input-tax -10.00 USD',
      '2024-02-03 expense -20.00 USD',
      '2024-02-03 payables 100.00 USD',
    ]));

  it('a credit note', () =>
    expect(when(creditNote('N1', '30'))).toEqual(['2024-01-20 on-account 30.00 USD', '2024-01-20 expense -30.00 USD']));
  it('a credit note with lines', () =>
    expect(when(creditNote('N1', '30', { lines: [{ amount: '25', tax: '5', account: 'hosting' }] }))).toEqual([
      '2024-01-20 on-account 30.00 USD',
      '2024-01-20 hosting -25.00 USD',
      '2024-01-20 input-tax -5.00 USD',
    ]));
  it('the reversal of a credit note', () =>
    expect(when(reverse('N1'), creditNote('N1', '30'))).toEqual([
      '2024-01-20 on-account -30.00 USD',
      '2024-01-20 expense 30.00 USD',
    ]));

  it.each([['late-interest'], ['late-fee'], ['penalty']] as const)('a charge of the kind %s', (kind) =>
    expect(when(charge('C1', '5', { kind }))).toEqual([`2024-01-31 ${kind} 5.00 USD`, '2024-01-31 payables -5.00 USD']),
  );
  it('the reversal of a charge', () =>
    expect(when(reverse('C1', '2024-02-03'), charge('C1', '5'))).toEqual([
      '2024-02-03 late-fee -5.00 USD',
      '2024-02-03 payables 5.00 USD',
    ]));

  it('a payment', () =>
    expect(when(payment('P1', '7', { currency: 'JPY' }))).toEqual([
      '2024-02-01 on-account 7 JPY',
      '2024-02-01 cash -7 JPY',
    ]));
  it('a payment from an account of ours', () =>
    expect(when(payment('P1', '7', { bankAccount: 'main' }))).toEqual([
      '2024-02-01 on-account 7.00 USD',
      '2024-02-01 cash:main -7.00 USD',
    ]));
  it('a payment with allocations', () =>
    expect(when(payment('P1', '97', { allocations: [['I1', '97', '3']] }), one)).toEqual([
      '2024-02-01 on-account 97.00 USD',
      '2024-02-01 cash -97.00 USD',
      '2024-02-01 payables 100.00 USD',
      '2024-02-01 on-account -97.00 USD',
      '2024-02-01 discount-received -2.70 USD',
      '2024-02-01 input-tax -0.30 USD',
    ]));
  it('a discount of before its tax was parted, and what takes it back', () => {
    const old = allocated('A0', 'P1', 'I1', '97.00', '2024-02-01', { discount: '3.00' });
    expect(when(reverse('A0', '2024-02-20'), one, payment('P1', '97'), old)).toEqual([
      '2024-02-20 payables -100.00 USD',
      '2024-02-20 on-account 97.00 USD',
      '2024-02-20 discount-received 3.00 USD',
    ]);
  });
  it('the reversal of a payment with allocations', () =>
    expect(when(reverse('P1', '2024-02-20'), one, payment('P1', '97', { allocations: [['I1', '97', '3']] }))).toEqual([
      '2024-02-20 payables -100.00 USD',
      '2024-02-20 on-account 97.00 USD',
      '2024-02-20 discount-received 2.70 USD',
      '2024-02-20 input-tax 0.30 USD',
      '2024-02-20 on-account -97.00 USD',
      '2024-02-20 cash 97.00 USD',
    ]));
  it('an allocation', () =>
    expect(when(allocate('A1', 'N1', 'I1', '30'), one, creditNote('N1', '30'))).toEqual([
      '2024-01-20 payables 30.00 USD',
      '2024-01-20 on-account -30.00 USD',
    ]));
  it('the reversal of an allocation', () =>
    expect(when(reverse('A1'), one, creditNote('N1', '30'), allocate('A1', 'N1', 'I1', '30'))).toEqual([
      '2024-01-20 payables -30.00 USD',
      '2024-01-20 on-account 30.00 USD',
    ]));

  it('a refund: to the account that was paid from', () =>
    expect(when(refund('R1', 'P1', '5'), payment('P1', '7', { bankAccount: 'main' }))).toEqual([
      '2024-02-05 cash:main 5.00 USD',
      '2024-02-05 on-account -5.00 USD',
    ]));
  it('a refund of a credit note', () =>
    expect(when(refund('R1', 'N1', '5'), creditNote('N1', '7'))).toEqual([
      '2024-02-05 cash 5.00 USD',
      '2024-02-05 on-account -5.00 USD',
    ]));
  it('the reversal of a refund', () =>
    expect(when(reverse('R1'), payment('P1', '7', { bankAccount: 'main' }), refund('R1', 'P1', '5'))).toEqual([
      '2024-02-05 cash:main -5.00 USD',
      '2024-02-05 on-account 5.00 USD',
    ]));

  it('a write-off', () =>
    expect(when(writeOff('W1', 'I1', { amount: '5' }), one)).toEqual([
      '2024-02-05 payables 5.00 USD',
      '2024-02-05 write-off -5.00 USD',
    ]));
  it('the reversal of a write-off', () =>
    expect(when(reverse('W1'), one, writeOff('W1', 'I1', { amount: '5' }))).toEqual([
      '2024-02-05 payables -5.00 USD',
      '2024-02-05 write-off 5.00 USD',
    ]));

  it.each<[string, Command, Step[]]>([
    ['a deferral', defer('D1', 'I1', '2024-04-01'), []],
    ['its withdrawal', withdraw('D1', 'I1'), [defer('D1', 'I1', '2024-04-01')]],
    ['a hold', hold('I1'), []],
    ['a release', release('I1'), [hold('I1')]],
    ['a dispute', dispute('I1'), []],
    ['its resolution', resolve('I1'), [dispute('I1')]],
  ])('%s is none: we owe what we owed', (_what, command, steps) => expect(when(command, one, ...steps)).toEqual([]));
});

describe('the default chart of accounts', () => {
  it('names each account by one code', () => {
    const codes = Object.values(defaults).map(({ account }) => account);
    expect(codes).toEqual(accountRoles);
    for (const entry of Object.values(defaults)) expect(accountOf([], entry.account)).toBe(entry);
  });
  it('takes our bank accounts for cash, and others for expenses', () => {
    expect(accountOf([], 'cash:main')).toEqual({ account: 'cash:main', name: 'Cash at bank: main', type: 'asset' });
    expect(accountOf([], 'hosting')).toEqual({ account: 'hosting', name: 'hosting', type: 'expense' });
    expect([accountOf([], 'toString').name, accountOf([], 'cashier').type]).toEqual(['toString', 'expense']);
  });
  it('keeps to itself what reports reconcile with', () =>
    expect(
      [
        'payables',
        'on-account',
        'cash',
        'cash:x',
        'discount-received',
        'write-off',
        'expense',
        'input-tax',
        'penalty',
      ].filter((account) => isReserved([], account)),
    ).toEqual(['payables', 'on-account', 'cash', 'cash:x', 'discount-received', 'write-off']));
});
