import { userInfo } from 'node:os';
import type { Finding } from '../audit/verify.js';
import { StartError } from '../start-error.js';
import { CommandRunner, Option } from './commander.js';

/** What a command was given can't be used, in words for whoever gave it. */
export class UsageError extends StartError {}

export interface CommonOptions {
  readonly json?: boolean;
}

/** What it does not know it refuses, rather than do something else than was meant. */
abstract class StrictCommand extends CommandRunner {
  override setCommand(command: Parameters<CommandRunner['setCommand']>[0]): this {
    return super.setCommand(command.allowExcessArguments(false));
  }
}

/** Commands under one name. */
export abstract class CommandGroup extends StrictCommand {
  run(): Promise<void> {
    this.command.help({ error: true });
  }
}

/**
 * A command of ours: what it is called and what it takes. What it does is in the file beside it, which `run` imports, so
 * that only the command that is asked for is loaded. With `--json` it prints one JSON value on stdout and nothing else;
 * what is meant for people goes to stderr then.
 */
export abstract class DuebookCommand extends StrictCommand {
  @Option({ flags: '--json', description: 'Print the outcome as one JSON value' })
  json(): true {
    return true;
  }
}

/** Prints the outcome: as JSON, or in words. */
export const outcome = ({ json }: CommonOptions, value: unknown, words: readonly string[]): void => {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${words.join('\n')}\n`);
};

/** What a verification found, on one line. */
export const inWords = ({ check, position, through, detail }: Finding): string => {
  const where =
    position === null
      ? 'the log'
      : through === undefined || through === position
        ? `position ${position}`
        : `positions ${position} to ${through}`;
  return `${where}: ${detail} (${check})`;
};

/** @throws {UsageError} unless the text is a whole number from 1 on */
export const positionIn = (text: string): number =>
  /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text))
    ? Number(text)
    : usage(`"${text}" is no position: positions are whole numbers from 1 on.`);

export const usage = (message: string): never => {
  throw new UsageError(message);
};

/** How far a long work is, on one line of a terminal; nothing where stderr is none. */
export class Progress {
  readonly #shown = process.stderr.isTTY;
  #lastMs = 0;

  constructor(
    private readonly what: string,
    private readonly total?: number,
  ) {}

  to(done: number): void {
    const now = Date.now();
    if (!this.#shown || now - this.#lastMs < 100) return;
    this.#lastMs = now;
    const width = 30;
    const share = this.total ? Math.min(1, done / this.total) : undefined;
    const bar =
      share === undefined
        ? ''
        : ` [${'#'.repeat(Math.round(share * width)).padEnd(width)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
    process.stderr.write(`\r${this.what}${bar} ${done}\u001b[K`);
  }

  end(): void {
    if (this.#shown) process.stderr.write('\r\u001b[K');
  }
}

/** Whoever uses this machine, as the log names them. A container may run as somebody without a name. */
export const operatorHere = (): string => {
  try {
    return `operator:${userInfo().username}`;
  } catch {
    return `operator:${process.getuid?.() ?? 'unknown'}`;
  }
};
