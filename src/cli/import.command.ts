import { DuebookCommand } from './command.js';
import { Command, Option } from './commander.js';
import type { ImportOptions } from './import.js';

@Command({
  name: 'import',
  arguments: '<file>',
  description:
    'Take an export in as a ledger, byte for byte the same, as the owner of the log (DATABASE_MIGRATION_URL). It has to ' +
    'verify, and there must be no ledger of that name. Its proof goes on under a new epoch.',
})
export class ImportCommand extends DuebookCommand {
  async run([file = '']: string[], options: ImportOptions): Promise<void> {
    const { importLedger } = await import('./import.js');
    await importLedger(file, options);
  }

  @Option({
    flags: '--checkpoint <file>',
    description: 'The signed checkpoint of the export; by default <file>.checkpoint',
  })
  checkpoint(file: string): string {
    return file;
  }

  @Option({ flags: '--public-key <file>', description: 'The verifier keys to trust; by default <file>.public-key' })
  publicKey(file: string): string {
    return file;
  }
}
