import { Command } from 'nest-commander';
import { migrateOnly } from '../start.js';
import { type CommonOptions, DuebookCommand, outcome, settings } from './command.js';

@Command({
  name: 'migrate',
  description: 'Bring the schema of the database up to date, as the role of DATABASE_MIGRATION_URL',
})
export class MigrateCommand extends DuebookCommand {
  async run(_: string[], options: CommonOptions): Promise<void> {
    const { config, logger } = settings();
    const ran = await migrateOnly(config, logger);
    outcome(options, { ran }, [
      ran.length === 0 ? 'The schema is up to date.' : `The schema is up to date now. Ran: ${ran.join(', ')}.`,
    ]);
  }
}
