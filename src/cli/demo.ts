import { readConfig, readEnvironment } from '../config.js';
import { runDemo } from '../demo-run.js';
import { type CommonOptions, outcome } from './command.js';

export const demo = async (options: CommonOptions): Promise<void> => {
  const said: string[] = [];
  await runDemo(readConfig(readEnvironment()), (text) => {
    if (options.json) said.push(text);
    else process.stdout.write(`${text}\n`);
  });
  if (options.json) outcome(options, { said }, []);
};
