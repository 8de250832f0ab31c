import { ConfigError } from './config.js';
import { SecretFileError } from './files/secret-file.js';
import { StartError } from './start-error.js';

/** Ends the process on an error: what has to be put right outside is said in a line, a fault of ours with its stack. */
export const exitWith = (error: unknown): never => {
  const expected = [ConfigError, SecretFileError, StartError].some((kind) => error instanceof kind);
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${expected ? message : (stack ?? message)}\n`);
  process.exit(1);
};

/** `… | head` closes our output before we are done. That is no reason to leave a database running, or to stop serving. */
export const outliveOutput = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
};
