import { describe, expect, it } from '@jest/globals';
import { planRequestOf, toPlanRequest } from './plan-request.js';

describe('what a plan is asked for', () => {
  it('is the same with and without its defaults, however amounts and shares are written, and with empty lists', () => {
    const short = planRequestOf({ currency: 'USD', scenarios: [{ name: 'late', receiptsSlipDays: 7 }] });
    const long = planRequestOf({
      currency: 'USD',
      minimumBalance: '0.0',
      runs: [],
      periods: 13,
      periodDays: 7,
      require: [],
      forbid: [],
      gap: '0.0010',
      scenario: { receiptsSlipDays: 0, receipts: { atLeast: '0.50', below: 'drop' }, extraCash: [] },
      scenarios: [{ name: 'late', receiptsSlipDays: 7, receipts: {} }],
      newMoney: { amounts: [] },
    });
    expect(long).toEqual(short);
    expect(toPlanRequest(short)).not.toHaveProperty('currency');
  });
  it('keeps what it says', () => {
    const asked = {
      currency: 'JPY',
      asOf: '2024-01-31',
      knownAtPosition: 7,
      minimumBalance: '5',
      runs: ['2024-01-31'],
      horizonEnd: '2024-03-01',
      require: [{ itemId: 'a' }],
      forbid: [{ itemId: 'b' }],
      scenario: {
        receiptsSlipDays: 3,
        receipts: { atLeast: '1', below: 'weigh' as const },
        extraCash: [{ on: '2024-02-01', amount: '9' }],
      },
      gap: '0',
      newMoney: { on: '2024-02-01', amounts: ['1'] },
      overrides: 0,
    };
    expect(planRequestOf(asked)).toEqual(asked);
  });
});
