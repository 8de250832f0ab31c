import { type Decision, repeated, type Working } from './decision.js';
import type { Currency } from './money.js';

export interface OpenLedger {
  readonly type: 'OpenLedger';
  readonly id: string;
  readonly name: string;
  readonly currency: Currency;
  readonly timeZone: string;
}

export const decideLedger = ({ type: _, id, ...facts }: OpenLedger, working: Working): Decision => {
  if (repeated(working, 'ledger', { id, ...facts })) return working.unchanged('ledger');
  working.emit({ type: 'LedgerOpened', effectiveOn: working.today, data: { ledgerId: id, ...facts } });
  return working.decision('ledger');
};
