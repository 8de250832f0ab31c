import { Command, Option, SubCommand } from 'nest-commander';
import { VendorKeys } from '../vault/vendor-keys.js';
import { CommandGroup, type CommonOptions, DuebookCommand, outcome, usage } from './command.js';
import { record } from './recording.js';
import { atWork, ledgerNamed } from './workplace.js';

interface Options extends CommonOptions {
  readonly ledger?: string;
  readonly reason?: string;
}

@SubCommand({
  name: 'vendor-details',
  arguments: '<vendor>',
  description: 'Make a vendor’s bank details unreadable for good, by destroying the key that they are sealed with',
})
export class EraseVendorDetailsCommand extends DuebookCommand {
  async run([vendorId = '']: string[], options: Options): Promise<void> {
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
  }

  @Option({ flags: '--ledger <id>', description: 'The ledger, if there are several' })
  ledger(id: string): string {
    return id;
  }

  @Option({ flags: '--reason <text>', description: 'Why' })
  reason(text: string): string {
    return text;
  }
}

@Command({
  name: 'erase',
  description: 'Make personal data unreadable that the log has sealed',
  subCommands: [EraseVendorDetailsCommand],
})
export class EraseCommand extends CommandGroup {}
