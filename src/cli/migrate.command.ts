import { type CommonOptions, DuebookCommand } from './command.js';
import { Command } from './commander.js';

@Command({
  name: 'migrate',
  description: 'Bring the schema of the database up to date, as the role of DATABASE_MIGRATION_URL',
})
export class MigrateCommand extends DuebookCommand {
  async run(_: string[], options: CommonOptions): Promise<void> {
    const { migrate } = await import('./migrate.js');
    await migrate(options);
  }
}
