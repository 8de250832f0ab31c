import { VendorKeys } from '../vault/vendor-keys.js';
import { type CommonOptions, outcome, usage } from './command.js';
import { record } from './recording.js';
import { atWork, ledgerNamed } from './workplace.js';

export interface EraseOptions extends CommonOptions {
  readonly ledger?: string;
  readonly reason?: string;
}

export const eraseVendorDetails = async (vendorId: string, options: EraseOptions): Promise<void> => {
  const reason = options.reason ?? usage('Say why, with --reason "…": it is recorded.');
  if (!/^[^\p{Cc}]{1,2000}$/u.test(reason)) usage('The reason is one line of at most 2,000 characters.');
  await atWork(async (workplace) => {
    const { log, pool } = workplace;
    const ledger = await ledgerNamed(log, options.ledger);
    // First the record: what ends between the two is ended by the same command, given again.
    await record(workplace, ledger, { type: 'EraseVendorDetails', vendorId, reason });
    const keys = new VendorKeys(pool, () => Promise.reject(new Error('nothing is read here')));
    const destroyed = await keys.destroy(ledger, vendorId);
    outcome(options, { ledger, vendorId, destroyed }, [
      destroyed === 0
        ? `There was no key of vendor ${vendorId} any more in ledger ${ledger}.`
        : `The key of vendor ${vendorId} in ledger ${ledger} is destroyed: nobody can read their bank details here any more.`,
      'The log keeps what was sealed with it, unreadable, and verifies as before.',
      'Backups that were made before hold the wrapped key until they expire: who restores one, with the master key, can',
      'read the details again. Give this command again after a restore.',
    ]);
  });
};
