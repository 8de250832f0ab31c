import { consequencesOf } from '../domain/consequences.js';
import { discountTermsOf } from '../domain/discounts.js';
import type { RecordedEvent } from '../domain/events.js';
import { parseMinor } from '../domain/money.js';

/** A row of one of the books that cash plans are made from, beside ledger and generation: columns as the table has them. */
export interface CashRow {
  readonly table: CashTable;
  readonly cells: readonly (string | number | bigint | undefined)[];
}

/** These tables, with the columns that a row fills. */
export const cashTables = {
  consequences: ['vendor_id', 'invoice_id', 'effective_on', 'position', 'consequences'],
  offers: ['position', 'offer_id', 'invoice_id', 'currency', 'cost', 'cures_cutoffs', 'schedule', 'expires_on'],
  cash_balances: ['currency', 'account', 'stated_on', 'position', 'balance'],
  cash_expectations: [
    'expectation_id',
    'position',
    'direction',
    'expected_on',
    'amount',
    'currency',
    'certainty',
    'vendor_id',
    'category',
    'description',
  ],
  holds: ['invoice_id', 'position', 'effective_on', 'until', 'reason'],
  settlement_discounts: ['invoice_id', 'position', 'until', 'percent'],
  cash_plans: ['plan_id', 'position', 'facts'],
  policies: ['position', 'policy'],
  accounts: ['position', 'facts'],
} as const satisfies Record<string, readonly string[]>;
export type CashTable = keyof typeof cashTables;

/** What an event adds to the books that cash plans are made from. Each row stands for itself: nothing is looked up. */
export const cashRowsOf = (event: RecordedEvent): CashRow[] => {
  const { position } = event;
  switch (event.type) {
    case 'ConsequencesSet': {
      const { data } = event;
      const cells = [data.vendorId, data.invoiceId ?? '', data.effectiveOn, position];
      return [
        { table: 'consequences', cells: [...cells, JSON.stringify({ ...consequencesOf(data), source: data.source })] },
      ];
    }
    case 'OfferRecorded': {
      const { offerId, invoiceId, currency, cost, curesCutoffs, schedule, validUntil } = event.data;
      const cells = [position, offerId, invoiceId, currency, parseMinor(cost, currency), String(curesCutoffs)];
      return [{ table: 'offers', cells: [...cells, JSON.stringify(schedule), validUntil] }];
    }
    case 'CashBalanceStated': {
      const { currency, account, on, balance } = event.data;
      return [{ table: 'cash_balances', cells: [currency, account, on, position, parseMinor(balance, currency)] }];
    }
    case 'CashExpected': {
      const { expectationId, direction, on, amount, currency, certainty, vendorId, category, description } = event.data;
      const cells = [expectationId, position, direction, on, parseMinor(amount, currency), currency, certainty];
      return [{ table: 'cash_expectations', cells: [...cells, vendorId, category, description] }];
    }
    case 'CashExpectationWithdrawn':
      return [{ table: 'cash_expectations', cells: [event.data.expectationId, position, ...Array<undefined>(8)] }];
    case 'InvoiceHeld': {
      const { invoiceId, on, until, reason } = event.data;
      return [{ table: 'holds', cells: [invoiceId, position, on, until, reason] }];
    }
    case 'InvoiceReleased':
      return [{ table: 'holds', cells: [event.data.invoiceId, position, event.data.on, undefined, undefined] }];
    case 'InvoicePosted': {
      const { invoiceId, terms } = event.data;
      const given = discountTermsOf(event.data);
      if (!given) return [];
      return [{ table: 'settlement_discounts', cells: [invoiceId, position, given.until, terms!.discount!.percent] }];
    }
    case 'CashPlanProposed': {
      const { inputs: _inputs, plan: _plan, ...facts } = event.data;
      return [{ table: 'cash_plans', cells: [facts.planId, position, JSON.stringify(facts)] }];
    }
    case 'PolicySet':
      return [{ table: 'policies', cells: [position, JSON.stringify(event.data)] }];
    case 'AccountSet':
      return [{ table: 'accounts', cells: [position, JSON.stringify(event.data)] }];
    default:
      return [];
  }
};
