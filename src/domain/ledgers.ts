import { type Decision, repeated, type Working } from './decision.js';
import type { DataOf } from './events.js';
import type { Currency } from './money.js';

export interface OpenLedger {
  readonly type: 'OpenLedger';
  readonly id: string;
  readonly name: string;
  readonly currency: Currency;
  readonly timeZone: string;
}

/** Lets a log that was set back to an earlier state go on, with a proof of its own from here on. */
export type OpenEpoch = { readonly type: 'OpenEpoch' } & DataOf<'EpochOpened'>;

export type LedgerCommand = OpenLedger | OpenEpoch;

export const decideLedger = (command: LedgerCommand, working: Working): Decision =>
  command.type === 'OpenLedger' ? openLedger(command, working) : openEpoch(command, working);

/** A later epoch than the one asked for is open already where the command was given twice: then nothing happens. */
const openEpoch = ({ type: _, ...data }: OpenEpoch, working: Working): Decision => {
  const { epoch = 1 } = working.inPath('ledger');
  if (data.epoch <= epoch) return working.unchanged('ledger');
  working.emit({ type: 'EpochOpened', effectiveOn: working.firstOpen(working.today), data });
  return working.decision('ledger');
};

const openLedger = ({ type: _, id, ...facts }: OpenLedger, working: Working): Decision => {
  if (repeated(working, 'ledger', { id, ...facts })) return working.unchanged('ledger');
  working.emit({ type: 'LedgerOpened', effectiveOn: working.today, data: { ledgerId: id, ...facts } });
  return working.decision('ledger');
};
