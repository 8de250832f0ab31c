import { Command, Option, SubCommand } from 'nest-commander';
import { NotSetBack, openEpoch } from '../audit/epoch.js';
import {
  CommandGroup,
  type CommonOptions,
  DuebookCommand,
  operatorHere,
  outcome,
  usage,
  UsageError,
} from './command.js';
import { atWork, ledgerNamed } from './workplace.js';

interface Options extends CommonOptions {
  readonly reason?: string;
}

@SubCommand({
  name: 'open',
  arguments: '[ledger]',
  description: 'Let a ledger that was set back to an earlier state go on, with a proof of its own from here on',
})
export class EpochOpenCommand extends DuebookCommand {
  async run([name]: string[], options: Options): Promise<void> {
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
  }

  @Option({ flags: '--reason <text>', description: 'Why: what was restored, and when' })
  reason(text: string): string {
    return text;
  }
}

@Command({ name: 'epoch', description: 'What a ledger’s checkpoints are signed as', subCommands: [EpochOpenCommand] })
export class EpochCommand extends CommandGroup {}
