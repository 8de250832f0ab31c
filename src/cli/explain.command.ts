import { CommandGroup, DuebookCommand } from './command.js';
import { Command, Option, SubCommand } from './commander.js';
import type { ExplainOptions } from './explain.js';

@SubCommand({
  name: 'invoice',
  arguments: '<id>',
  description:
    'Everything that ever happened to an invoice: who, when recorded, when effective, and what was open after it',
})
export class ExplainInvoiceCommand extends DuebookCommand {
  async run([id = '']: string[], options: ExplainOptions): Promise<void> {
    const { explain } = await import('./explain.js');
    await explain(id, options);
  }

  @Option({ flags: '--ledger <id>', description: 'The ledger, if there are several' })
  ledger(id: string): string {
    return id;
  }
}

@Command({
  name: 'explain',
  description: 'Tell a story out of the log, in words',
  subCommands: [ExplainInvoiceCommand],
})
export class ExplainCommand extends CommandGroup {}
