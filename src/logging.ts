import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from './config.js';

/**
 * The log: one JSON object a line, on stderr, so that stdout is left to what is meant for a person.
 * Nothing secret gets in: headers are never logged as such, and the one with the token is blanked wherever it turns up.
 */
export const createLogger = (level: LogLevel, destination?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: ['authorization', '*.authorization', '*.*.authorization', 'headers.cookie', '*.headers.cookie'],
    },
    destination ?? stderr(),
  );

const stderr = (): DestinationStream => {
  // Written at once: a line that explains why the process ended must not be lost with it.
  const stream = pino.destination({ dest: 2, sync: true });
  // A log that nobody takes any more is no reason to stop serving.
  stream.on('error', () => undefined);
  return stream;
};

/** Nest's own messages in our log. What it says of each module and route while it starts is for debugging. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.#write(startUp.has(contextOf(rest) ?? '') ? 'debug' : 'info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  /** Nest gives a message, perhaps a stack or an error, and last the name of who speaks. */
  #write(level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace', message: unknown, rest: unknown[]): void {
    const err = [message, ...rest].find((value) => value instanceof Error);
    const stack = rest.slice(0, -1).find((value) => typeof value === 'string');
    const said = message instanceof Error ? message.message : message;
    const about = { context: contextOf(rest), ...(err ? { err } : stack !== undefined && { stack }) };
    if (typeof said === 'string') this.logger[level](about, said);
    else this.logger[level]({ ...about, said });
  }
}

const startUp = new Set(['InstanceLoader', 'NestApplication', 'NestFactory', 'RouterExplorer', 'RoutesResolver']);

const contextOf = (rest: readonly unknown[]): string | undefined => {
  const last = rest.at(-1);
  return typeof last === 'string' ? last : undefined;
};
