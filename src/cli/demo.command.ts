import { Command } from 'nest-commander';
import { readConfig, readEnvironment } from '../config.js';
import { runDemo } from '../demo-run.js';
import { type CommonOptions, DuebookCommand, outcome } from './command.js';

@Command({ name: 'demo', description: 'Load the founding case into the ledger founding-case and show its reports' })
export class DemoCommand extends DuebookCommand {
  async run(_: string[], options: CommonOptions): Promise<void> {
    const said: string[] = [];
    await runDemo(readConfig(readEnvironment()), (text) => {
      if (options.json) said.push(text);
      else process.stdout.write(`${text}\n`);
    });
    if (options.json) outcome(options, { said }, []);
  }
}
