import 'reflect-metadata';
import { type Config, readConfig, readEnvironment } from './config.js';
import { tokenFile } from './first-token.js';
import { createLogger } from './logging.js';
import { exitWith, outliveOutput } from './program.js';
import { type Running, start } from './start.js';

/** For the person who started it; the log goes to stderr. */
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Under npm one Ctrl-C arrives twice: from the terminal, and passed on by npm. */
const echoMs = 500;

const main = async (): Promise<void> => {
  const config = readConfig(readEnvironment());
  const logger = createLogger(config.logLevel);

  let firstAtMs: number | undefined;
  let stop: () => void = () => undefined;
  const signalled = new Promise<void>((resolve) => (stop = resolve));
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstAtMs === undefined) {
      firstAtMs = Date.now();
      say(`${signal}: finishing what is under way; once more to stop at once.`);
      stop();
    } else if (Date.now() - firstAtMs > echoMs) {
      // Nothing acknowledged is lost; the embedded database, if it still runs, is taken over by the next start.
      say('Stopped at once.');
      process.exit(130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);

  const running = await start(config, logger);
  say(greeting(config, running));
  await signalled;
  await running.close();
  say('Stopped.');
};

const greeting = (config: Config, { url, token }: Running): string => {
  const lines = ['', `Duebook answers at   ${url}`, `How to talk to it    ${url}/docs`];
  if (token.file === undefined) lines.push('Token                that of DUEBOOK_TOKEN');
  else {
    lines.push(`Token                in ${token.file}${token.isNew ? ', made just now:' : ''}`);
    if (token.isNew) lines.push(`                     ${token.value}`);
    lines.push('', `  curl -H "Authorization: Bearer $(cat ${shellWord(tokenFile(config))})" ${url}/v1/ledgers`);
  }
  return [...lines, ''].join('\n');
};

/** As one word for the shell. */
const shellWord = (text: string): string => (/^[\w./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

outliveOutput();
try {
  await main();
  process.exit(0);
} catch (error) {
  exitWith(error);
}
