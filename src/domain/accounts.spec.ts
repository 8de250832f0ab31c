import { describe, expect, it } from '@jest/globals';
import {
  account,
  after,
  closed,
  creditNote,
  event,
  given,
  invoice,
  type Step,
  today,
} from '../../test/support/domain.js';
import { accountFor, accountOf, accountsIn, type Chart, viewOf } from './chart-of-accounts.js';

const set = (code: string, more: object, on = '2024-02-15') =>
  event('AccountSet', on, { account: code, name: `Account ${code}`, ...more, on } as never);

describe('setting an account', () => {
  it('names one of our own, an expense if nothing else is said, from today on', () =>
    given()
      .when(account('5000'))
      .then(set('5000', { type: 'expense' })));
  it.each([
    ['payables', 'liability'],
    ['on-account', 'asset'],
    ['cash', 'asset'],
    ['expense', 'expense'],
    ['input-tax', 'asset'],
    ['late-interest', 'expense'],
    ['late-fee', 'expense'],
    ['penalty', 'expense'],
    ['discount-received', 'income'],
    ['write-off', 'income'],
  ] as const)('for %s is of type %s', (role, type) =>
    given()
      .when(account('1', { for: role, on: '2024-01-01' }))
      .then(set('1', { type, for: role }, '2024-01-01')),
  );
  it('keeps the type of one of our own, or changes it', () => {
    const own = account('5000', { accountType: 'liability' });
    given(own)
      .when(account('5000', { name: 'Accruals' }))
      .then(set('5000', { name: 'Accruals', type: 'liability' }));
    given(own)
      .when(account('5000', { accountType: 'asset' }))
      .then(set('5000', { type: 'asset' }));
  });
  it('gives one of our own something to stand for, if no line names it', () =>
    given(account('2110', { accountType: 'liability' }))
      .when(account('2110', { for: 'payables' }))
      .then(set('2110', { type: 'liability', for: 'payables' })));
  it('that lines name lets it stand for what lines may be posted to', () =>
    given()
      .when(account('5000', { for: 'expense', isOnLines: true }))
      .then(set('5000', { type: 'expense', for: 'expense' })));
  it('names the account of one bank account, and renames those of the default chart', () => {
    given()
      .when(account('cash:main'))
      .then(set('cash:main', { type: 'asset' }));
    given()
      .when(account('payables'))
      .then(set('payables', { type: 'liability' }));
  });
  it('without a day takes the first open one', () =>
    given(today('2024-03-05'), closed('2024-03-31'))
      .when(account('1'))
      .then(set('1', { type: 'expense' }, '2024-04-01')));
  it('in a closed period is refused', () =>
    given(today('2024-03-05'), closed('2024-02-29'))
      .when(account('1', { on: '2024-02-29' }))
      .thenRejected('period-closed'));

  it.each([
    ['the default account of something else', 'payables', 'cash', 'reserved-account', []],
    ['the account of a bank account', 'cash:main', 'payables', 'reserved-account', []],
    ['the account of a bank account for all', 'cash:main', 'cash', 'account-in-use', []],
    ['what stands for something else', '1', 'cash', 'account-in-use', [account('1', { for: 'payables' })]],
    [
      'what once stood for it',
      '1',
      'cash',
      'account-in-use',
      [account('1', { for: 'payables' }), account('payables', { for: 'payables' })],
    ],
    ['a bank account under another name', '1:a', 'payables', 'account-in-use', [account('1', { for: 'cash' })]],
    ['what others would be bank accounts of', '1', 'cash', 'account-in-use', [account('1:a')]],
  ] as const)('as %s is refused', (_what, code, role, refusal, steps) =>
    given(...steps)
      .when(account(code, { for: role }))
      .thenRejected(refusal),
  );
  it.each(['payables', 'on-account', 'cash', 'discount-received', 'write-off'] as const)(
    'that lines name is refused for %s',
    (role) =>
      given()
        .when(account('5000', { for: role, isOnLines: true }))
        .thenRejected('account-in-use'),
  );
  it.each([
    ['payables', false],
    ['cash', true],
  ] as const)('for %s holds only if no line that is recorded meanwhile names it', (role, ofBanks) => {
    const { unlessOnLines } = after().decide(account('2110', { for: role, linesThrough: 7 }));
    expect(unlessOnLines).toMatchObject({ account: '2110', ofBanks, after: 7, refusal: { code: 'account-in-use' } });
  });
  it('for what lines may be posted to holds anyway, and so does what it stands for already', () => {
    expect(after().decide(account('2110', { for: 'expense' }))).not.toHaveProperty('unlessOnLines');
    expect(after().decide(account('2110'))).not.toHaveProperty('unlessOnLines');
    expect(after().decide(account('payables', { for: 'payables' }))).not.toHaveProperty('unlessOnLines');
  });
  it('with a type that contradicts its use is refused', () => {
    given()
      .when(account('1', { for: 'payables', accountType: 'asset' }))
      .thenRejected('account-type-mismatch', { accountType: 'liability', for: 'payables' });
    given(account('1', { for: 'payables' }))
      .when(account('1', { accountType: 'expense' }))
      .thenRejected('account-type-mismatch');
  });
});

describe('lines may not name', () => {
  const steps = [account('1', { for: 'payables', on: '2024-12-01' }), account('2', { for: 'cash' })] as const;
  it.each(['1', '2', '2:main', 'payables', 'cash:x'])('%s, which the ledger alone posts to', (code) => {
    const lines = [{ amount: '10', account: code }];
    given(...steps)
      .when(invoice('I1', '10', { lines }))
      .thenRejected('reserved-account', { account: code });
    given(...steps)
      .when(creditNote('N1', '10', { lines }))
      .thenRejected('reserved-account', { account: code });
  });
  it('but may name what stands for expenses, taxes or charges', () =>
    expect(
      after(
        account('3', { for: 'expense' }),
        account('4', { for: 'input-tax' }),
        invoice('I1', '10', {
          lines: [
            { amount: '4', account: '3' },
            { amount: '6', account: '4' },
          ],
        }),
      ).open('I1', '2024-02-15'),
    ).toBe('10.00'));
});

describe('the account that stands for something', () => {
  const chart = (...steps: readonly Step[]): Chart => after(...steps).get('ledger').chart ?? [];
  const said = chart(
    account('1', { for: 'payables', on: '2024-03-01' }),
    account('2', { for: 'payables', on: '2024-02-01' }),
    account('3', { for: 'payables', on: '2024-03-01' }),
  );
  const [first] = said;

  it('is that of the latest day, of one day the one recorded last', () =>
    expect(
      ['2024-01-31', '2024-02-01', '2024-02-29', '2024-03-01'].map((on) => accountFor(said, 'payables', on)),
    ).toEqual(['payables', '2', '2', '3']));
  it('is what was known', () =>
    expect(
      [first!.position - 1, first!.position, first!.position + 1].map((at) =>
        accountFor(said, 'payables', '2024-03-01', at),
      ),
    ).toEqual(['payables', '1', '1']));
  it('is in the chart with all others, each as it is on a day', () => {
    expect(
      accountsIn(said)
        .map((one) => one.account)
        .slice(-4),
    ).toEqual(['write-off', '1', '2', '3']);
    const view = (code: string, asOf: string) => viewOf(said, code, asOf);
    expect(view('payables', '2024-01-31')).toMatchObject({ inForce: true, for: 'payables' });
    expect(view('payables', '2024-02-01')).toMatchObject({ inForce: false });
    expect(view('2', '2024-02-01')).toMatchObject({ inForce: true, since: '2024-02-01' });
    expect(view('2', '2024-03-01')).toMatchObject({ inForce: false, since: '2024-02-01' });
    expect(view('1', '2024-03-01')).toMatchObject({ inForce: false, since: '2024-03-01' });
    expect(viewOf(chart(account('5', { on: '2024-02-01' })), '5', '2024-01-31')).toMatchObject({ inForce: false });
  });
  it('has the name that was said last', () => {
    const renamed = chart(account('1', { for: 'cash' }), account('1', { name: 'Bank' }));
    expect(accountOf(renamed, '1')).toEqual({ account: '1', name: 'Bank', type: 'asset' });
    expect(accountOf(renamed, '1:main')).toEqual({ account: '1:main', name: 'Bank: main', type: 'asset' });
    expect(accountOf(renamed, 'cash:main').name).toBe('Cash at bank: main');
  });
});
