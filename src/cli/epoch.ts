import { NotSetBack, openEpoch } from '../audit/epoch.js';
import { type CommonOptions, operatorHere, outcome, usage, UsageError } from './command.js';
import { atWork, ledgerNamed } from './workplace.js';

export interface EpochOptions extends CommonOptions {
  readonly reason?: string;
}

export const epochOpen = async (name: string | undefined, options: EpochOptions): Promise<void> => {
  const reason = options.reason ?? usage('Say why, with --reason "…": it is recorded and signed.');
  if (!/^[^\p{Cc}]{1,500}$/u.test(reason)) usage('The reason is one line of at most 500 characters.');
  await atWork(async ({ pool, log, sealing, sealer: makeSealer }) => {
    const ledgerId = await ledgerNamed(log, name);
    const sealer = await makeSealer();
    await sealer.compare(ledgerId);
    const actor = { id: operatorHere(), role: 'admin' };
    const settings = await sealing();
    let opened;
    try {
      opened = await openEpoch(pool, log, sealer, settings, { ledgerId, reason, actor });
    } catch (error) {
      throw error instanceof NotSetBack ? new UsageError(error.message) : error;
    }
    await settings.outside.drain();
    outcome(options, { ledger: ledgerId, ...opened }, [
      `Ledger ${ledgerId} goes on as ${opened.origin}; the event that says so is position ${opened.position}.`,
      'Give this statement to whoever keeps checkpoints of this ledger:',
      '',
      opened.statement,
    ]);
  });
};
