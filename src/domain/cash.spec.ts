import { describe, expect, it } from '@jest/globals';
import { after, closed, given } from '../../test/support/domain.js';
import type { ExpectCash, StateCashBalance, WithdrawCashExpectation } from './cash.js';
import type { ApEvent } from './events.js';

const balance = (more: Partial<StateCashBalance> = {}): StateCashBalance => ({
  type: 'StateCashBalance',
  id: 'B1',
  account: 'main',
  currency: 'USD',
  on: '2024-01-20',
  balance: '-5',
  ...more,
});
const expected = (more: Partial<ExpectCash> = {}): ExpectCash => ({
  type: 'ExpectCash',
  id: 'E1',
  direction: 'receipt',
  on: '2024-04-01',
  amount: '100',
  currency: 'USD',
  certainty: '0.9',
  ...more,
});
const withdrawal: WithdrawCashExpectation = { type: 'WithdrawCashExpectation', expectationId: 'E1', reason: 'lost' };
const cashExpected = (more: object = {}): ApEvent => ({
  type: 'CashExpected',
  effectiveOn: '2024-04-01',
  data: {
    expectationId: 'E1',
    direction: 'receipt',
    on: '2024-04-01',
    amount: '100.00',
    currency: 'USD',
    certainty: '0.9',
    ...more,
  },
});

describe('stating a balance', () => {
  it('is recorded on its day, also below zero and in a closed period', () =>
    given(closed('2024-01-31'))
      .when(balance())
      .then({
        type: 'CashBalanceStated',
        effectiveOn: '2024-01-20',
        data: { balanceId: 'B1', account: 'main', currency: 'USD', on: '2024-01-20', balance: '-5.00' },
      }));
  it('is refused with more decimals than the currency has', () =>
    given()
      .when(balance({ currency: 'JPY', balance: '5.5' }))
      .thenMalformed('/balance'));
});

describe('expecting cash', () => {
  it('is recorded for its day', () => given().when(expected()).then(cashExpected()));
  it('may name a vendor, a category and words', () =>
    given()
      .when(expected({ direction: 'outflow', vendorId: 'V1', category: 'rent', description: 'April' }))
      .then(cashExpected({ direction: 'outflow', vendorId: 'V1', category: 'rent', description: 'April' })));
  it('is recorded once, however often it is sent', () =>
    given(expected())
      .when(expected({ amount: '100.00', certainty: '0.90' }))
      .thenNothing());
  it('is refused under an id that was used', () =>
    given(expected())
      .when(expected({ amount: '101' }))
      .thenRejected('id-already-used'));
  it('is refused of a vendor that is not there', () =>
    given()
      .when(expected({ vendorId: 'V9' }))
      .thenRejected('unknown-vendor'));
  it('is refused without an amount above zero', () =>
    given()
      .when(expected({ amount: '0' }))
      .thenMalformed('/amount'));
});

describe('withdrawing an expectation', () => {
  it('is recorded today, with the reason', () =>
    given(expected())
      .when(withdrawal)
      .then({
        type: 'CashExpectationWithdrawn',
        effectiveOn: '2024-02-15',
        data: { expectationId: 'E1', reason: 'lost' },
      }));
  it('leaves what was expected, and why no longer', () =>
    expect(after(expected(), withdrawal).get('expectation/E1')).toMatchObject({
      data: { amount: '100.00' },
      withdrawn: { reason: 'lost' },
    }));
  it('is refused the second time', () =>
    given(expected(), withdrawal).when(withdrawal).thenRejected('already-withdrawn'));
  it('is refused where nothing was expected', () => given().when(withdrawal).thenRejected('not-found'));
});
