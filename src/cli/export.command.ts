import { DuebookCommand, positionIn } from './command.js';
import { Command, Option } from './commander.js';
import type { ExportOptions } from './export.js';

@Command({
  name: 'export',
  arguments: '[ledger]',
  description:
    'Write the log to a file, one event a line exactly as it was recorded and hashed, with the signed checkpoint, the ' +
    'public keys and the hashes of the lines beside it. Goes on with a file that is there already.',
})
export class ExportCommand extends DuebookCommand {
  async run([name]: string[], options: ExportOptions): Promise<void> {
    const { exportLedger } = await import('./export.js');
    await exportLedger(name, options);
  }

  @Option({
    flags: '--out <file>',
    description: 'Where to; by default <ledger>.ndjson. With an extract a folder; by default the current one',
  })
  out(file: string): string {
    return file;
  }

  @Option({ flags: '--to <position>', description: 'Only up to this position' })
  to(text: string): number {
    return positionIn(text);
  }

  @Option({ flags: '--csv', description: 'The books instead: <out>.subledger.csv and <out>.journal.csv' })
  csv(): true {
    return true;
  }

  @Option({
    flags: '--audit-data',
    description:
      'Extract: the files Invoices_Received, Invoices_Received_Lines and Supplier_Listing of the AICPA Audit Data Standards',
  })
  auditData(): true {
    return true;
  }

  @Option({ flags: '--hledger', description: 'Extract: a journal for hledger' })
  hledger(): true {
    return true;
  }

  @Option({ flags: '--beancount', description: 'Extract: a ledger for beancount' })
  beancount(): true {
    return true;
  }

  @Option({ flags: '--as-of <day>', description: 'The day that extracts speak of; by default today' })
  asOf(day: string): string {
    return day;
  }

  @Option({ flags: '--known-at <instant>', description: 'Extracts know what was recorded by then; instead of --to' })
  knownAt(instant: string): string {
    return instant;
  }

  @Option({ flags: '--from <day>', description: 'The first day of the two files of invoices; by default the first' })
  from(day: string): string {
    return day;
  }
}
