import { CommandGroup, DuebookCommand } from './command.js';
import { Command, Option, SubCommand } from './commander.js';
import type { EpochOptions } from './epoch.js';

@SubCommand({
  name: 'open',
  arguments: '[ledger]',
  description: 'Let a ledger that was set back to an earlier state go on, with a proof of its own from here on',
})
export class EpochOpenCommand extends DuebookCommand {
  async run([name]: string[], options: EpochOptions): Promise<void> {
    const { epochOpen } = await import('./epoch.js');
    await epochOpen(name, options);
  }

  @Option({ flags: '--reason <text>', description: 'Why: what was restored, and when' })
  reason(text: string): string {
    return text;
  }
}

@Command({ name: 'epoch', description: 'What a ledger’s checkpoints are signed as', subCommands: [EpochOpenCommand] })
export class EpochCommand extends CommandGroup {}
