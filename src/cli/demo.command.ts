import { type CommonOptions, DuebookCommand } from './command.js';
import { Command } from './commander.js';

@Command({ name: 'demo', description: 'Load the founding case into the ledger founding-case and show its reports' })
export class DemoCommand extends DuebookCommand {
  async run(_: string[], options: CommonOptions): Promise<void> {
    const { demo } = await import('./demo.js');
    await demo(options);
  }
}
