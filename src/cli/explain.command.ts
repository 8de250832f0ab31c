import { Command, Option, SubCommand } from 'nest-commander';
import { explainInvoice } from '../audit/explain.js';
import { CommandGroup, type CommonOptions, DuebookCommand, outcome, usage } from './command.js';
import { atWork, ledgerNamed } from './workplace.js';

interface Options extends CommonOptions {
  readonly ledger?: string;
}

@SubCommand({
  name: 'invoice',
  arguments: '<id>',
  description:
    'Everything that ever happened to an invoice: who, when recorded, when effective, and what was open after it',
})
export class ExplainInvoiceCommand extends DuebookCommand {
  async run([id = '']: string[], options: Options): Promise<void> {
    await atWork(async ({ log }) => {
      const ledger = await ledgerNamed(log, options.ledger);
      const found = await log.document(ledger, `invoice/${id}`);
      if (found?.document.kind !== 'invoice') return usage(`Ledger ${ledger} has no invoice ${id}.`);
      const { currency } = found.document;
      const events = explainInvoice(id, found.history);
      outcome(options, { ledger, invoice: id, currency, events }, [
        `Invoice ${id} in ledger ${ledger}`,
        ...events.flatMap(({ position, effectiveOn, recordedAt, actor, text, open }) => [
          '',
          `${effectiveOn}  ${text}`,
          `            Recorded ${recordedAt} by ${actor.id} (${actor.role}) at position ${position}. Open after it: ${open} ${currency}.`,
        ]),
      ]);
    });
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
