import type { PlanRequest, Scenario } from '../cash-priority/model.js';
import type { LocalDate } from '../domain/calendar.js';
import { type Currency, formatMinor, parseMinor } from '../domain/money.js';

/** What a plan is asked for: as it came, or in the form of `planRequestOf`. */
export interface AskedPlan extends PlanRequest {
  readonly currency: Currency;
  readonly asOf?: LocalDate;
  readonly knownAtPosition?: number;
}

/**
 * The one form of all requests that ask for the same: defaults filled in where they depend on nothing else, amounts with
 * all their decimals, and no empty lists. It is what is planned, recorded and compared.
 *
 * @example planRequestOf({ currency: 'USD', require: [] })
 * // { currency: 'USD', minimumBalance: '0.00', periods: 13, periodDays: 7, gap: '0.001', scenario: {…} }
 */
export const planRequestOf = (asked: AskedPlan): AskedPlan => {
  const { currency, runs, require, forbid, scenarios, newMoney, ...rest } = asked;
  const money = (amount: string): string => formatMinor(parseMinor(amount, currency), currency);
  const scenarioOf = <S extends Scenario>({ receiptsSlipDays = 0, receipts, extraCash, ...named }: S) => ({
    ...named,
    receiptsSlipDays,
    receipts: { atLeast: shortest(receipts?.atLeast ?? '0.5'), below: receipts?.below ?? 'drop' },
    ...listed(
      'extraCash',
      extraCash?.map(({ on, amount }) => ({ on, amount: money(amount) })),
    ),
  });
  const { on, amounts } = newMoney ?? {};
  const more = { ...(on !== undefined && { on }), ...listed('amounts', amounts?.map(money)) };
  return {
    ...rest,
    currency,
    minimumBalance: money(asked.minimumBalance ?? '0'),
    ...(runs && runs.length > 0 ? { runs } : { periods: asked.periods ?? 13, periodDays: asked.periodDays ?? 7 }),
    ...listed('require', require),
    ...listed('forbid', forbid),
    scenario: scenarioOf(asked.scenario ?? {}),
    gap: shortest(asked.gap ?? '0.001'),
    ...listed('scenarios', scenarios?.map(scenarioOf)),
    ...(Object.keys(more).length > 0 && { newMoney: more }),
  };
};

/** What the engine takes of it: the moment is resolved by then. */
export const toPlanRequest = ({
  asOf: _asOf,
  knownAtPosition: _position,
  currency: _currency,
  ...request
}: AskedPlan): PlanRequest => request;

const listed = <K extends string, T>(
  name: K,
  list: readonly T[] | undefined,
): Readonly<Partial<Record<K, readonly T[]>>> =>
  (list && list.length > 0 ? { [name]: list } : {}) as Readonly<Partial<Record<K, readonly T[]>>>;

const shortest = (share: string): string => (share.includes('.') ? share.replace(/\.?0+$/, '') : share);
