import { DuebookCommand, positionIn } from './command.js';
import { Command, Option } from './commander.js';
import type { ReplayOptions } from './replay.js';

@Command({
  name: 'replay',
  arguments: '[ledger]',
  description:
    'Rebuild the books from the log beside the live ones, and compare the two row by row. Exit code 0 only if all rows ' +
    'agree; else those that differ are listed.',
})
export class ReplayCommand extends DuebookCommand {
  async run([name]: string[], options: ReplayOptions): Promise<void> {
    const { replay } = await import('./replay.js');
    await replay(name, options);
  }

  @Option({ flags: '--as-of-position <position>', description: 'Rebuild the books as they stood at this position' })
  asOfPosition(text: string): number {
    return positionIn(text);
  }

  @Option({ flags: '--swap', description: 'Then put the rebuilt books in place of the live ones' })
  swap(): true {
    return true;
  }
}
