import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TooManyFailures } from '../access/failed-logins.js';
import { KeysUnavailable } from '../access/oidc.js';
import { type Facts, Rejection } from '../domain/rejection.js';
import { LedgerSetBack } from '../audit/sealer.js';
import { Contended, KeyReused, OutcomeUnknown, TooBusy } from '../event-log/ledger-writer.js';
import { NotYetThere } from '../projections/books.js';
import { Problem, type ProblemCode, problems } from './problems.js';

/** An error as it is answered. */
export interface Answered {
  readonly code: ProblemCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON of media type application/problem+json. */
  readonly body: string;
}

interface Explained {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly facts?: Facts;
  readonly headers?: Readonly<Record<string, string>>;
}

const soon = { 'Retry-After': '1' };

/**
 * What an error says to the one who asked. Errors that nobody expects say nothing of what is behind them.
 *
 * @param instance the path that was asked for
 * @param presentedToken whether the request bore a token at all
 */
export const answerTo = (error: unknown, instance: string, presentedToken = false): Answered => {
  const { code, detail, facts, headers } = explain(error, presentedToken);
  const { title, status } = problems[code];
  const body = JSON.stringify({ type: `/problems/${code}`, title, status, detail, instance, ...facts });
  return { code, status, headers: { 'Content-Type': 'application/problem+json', ...headers }, body };
};

const explain = (error: unknown, presentedToken: boolean): Explained => {
  if (error instanceof Rejection || error instanceof Problem) return error;
  if (error instanceof KeyReused) {
    return {
      code: 'idempotency-key-reused',
      detail: 'This Idempotency-Key came before with another request: use a new key, or repeat that request as it was.',
    };
  }
  if (error instanceof TooBusy)
    return { code: 'too-many-requests', detail: 'Nothing was recorded; send it again in a moment.', headers: soon };
  if (error instanceof Contended) return { code: 'contended', detail: 'Send it again in a moment.', headers: soon };
  if (error instanceof OutcomeUnknown) {
    return {
      code: 'outcome-unknown',
      detail:
        'It may be recorded or not. Repeat the request with the same Idempotency-Key, or with the same id: the answer tells.',
      headers: soon,
    };
  }
  if (error instanceof NotYetThere) {
    const { asked, position } = error;
    return {
      code: 'not-yet-there',
      detail: `The data goes up to position ${position} so far, not yet up to ${asked}.`,
      facts: { asked, position },
      headers: soon,
    };
  }
  if (error instanceof TooManyFailures) {
    return {
      code: 'too-many-failed-logins',
      detail:
        'Too many tokens from this address, or with this beginning, were wrong: wait before you send another one.',
      headers: { 'Retry-After': String(error.retryAfterSeconds) },
    };
  }
  if (error instanceof KeysUnavailable) {
    const detail = 'Whether the access token is good can’t be said for now. Send the request again in a moment.';
    return { code: 'no-identity-keys', detail, headers: soon };
  }
  if (error instanceof LedgerSetBack) return { code: 'ledger-set-back', detail: `${error.message}.` };
  const status = statusOf(error);
  if (status !== undefined && status < 500) return explainStatus(status, error as Error, presentedToken);
  const said = codeOf(error);
  if (said === 'DB404') return { code: 'not-found', detail: 'There is no such ledger.' };
  if (said === 'DB400') {
    const errors = [{ pointer: '/knownAt', detail: 'must not lie in the future' }];
    return { code: 'malformed', detail: 'The instant lies in the future.', facts: { errors } };
  }
  if (status === 503 || isOutOfReach(error))
    return { code: 'unavailable', detail: 'Send it again in a moment.', headers: soon };
  return { code: 'internal-error', detail: 'The fault is ours, and it is in our log. Nothing is half done.' };
};

const codeOfStatus: Readonly<Record<number, ProblemCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  406: 'not-acceptable',
  408: 'request-timeout',
  413: 'payload-too-large',
  414: 'uri-too-long',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
  431: 'headers-too-large',
};

/** What Nest and Fastify refuse: the status says what, their words as a rule how. */
const explainStatus = (status: number, error: Error, presentedToken: boolean): Explained => {
  const code = codeOfStatus[status] ?? 'malformed';
  switch (code) {
    case 'unauthorized':
      return {
        code,
        detail: error.message,
        headers: { 'WWW-Authenticate': `Bearer realm="duebook"${presentedToken ? ', error="invalid_token"' : ''}` },
      };
    case 'payload-too-large':
      return { code, detail: 'A body may have at most 1 MiB.' };
    case 'unsupported-media-type':
      return { code, detail: 'Send the body as application/json, in UTF-8 and without a Content-Encoding.' };
    case 'not-found':
      return {
        code,
        detail: error.message.startsWith('Cannot ') ? 'There is nothing at this address.' : error.message,
      };
    case 'malformed':
      return { code, detail: error.message, facts: { errors: [{ pointer: '', detail: error.message }] } };
    default:
      return { code, detail: error.message };
  }
};

/** Nest's and Fastify's errors have a status. */
const statusOf = (error: unknown): number | undefined => {
  if (error instanceof HttpException) return error.getStatus();
  const { name, statusCode } = (error ?? {}) as { name?: unknown; statusCode?: unknown };
  return name === 'FastifyError' && typeof statusCode === 'number' ? statusCode : undefined;
};

/** What the database or the network says. TypeORM puts its own error around it. */
const codeOf = (error: unknown): string | undefined => {
  const { code, driverError } = (error ?? {}) as { code?: unknown; driverError?: { code?: unknown } };
  const said = driverError?.code ?? code;
  return typeof said === 'string' ? said : undefined;
};

/** Whether the database could not be asked, rather than that it refused what we asked. */
const isOutOfReach = (error: unknown): boolean => {
  const code = codeOf(error);
  // 08 connection, 57P shutdown and start, 53 no resources, 40 rolled back, 25006 a standby that was the primary.
  if (code !== undefined)
    return /^(08|57P|53|40)|^25006$|^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET)/.test(code);
  return (
    error instanceof Error &&
    /^(Connection terminated|timeout (exceeded|expired)|Client has encountered a connection error)/i.test(error.message)
  );
};

/** Answers every error of the application, whichever room it comes from, as a problem (RFC 9457). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Intake');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const path = request.url.split('?', 1)[0]!;
    if (request.is404 && error instanceof NotFoundException && this.#answerMethod(request, reply, path)) return;
    const answered = answerTo(error, path, request.headers.authorization !== undefined);
    if (answered.code === 'internal-error') {
      this.#logger.error(`${request.method} ${path} failed`, error instanceof Error ? error.stack : String(error));
    } else if (answered.status === 503 && !(error instanceof NotYetThere)) {
      this.#logger.warn(
        `${request.method} ${path}: ${answered.code} (${error instanceof Error ? error.message : String(error)})`,
      );
    }
    if (reply.sent || reply.raw.headersSent) {
      // Part of an answer is on its way: cut off, it can't be taken for the whole.
      reply.raw.destroy();
      return;
    }
    void reply.code(answered.status).headers(answered.headers).send(answered.body);
  }

  /** Where there is something, though not with this method. */
  #answerMethod(request: FastifyRequest, reply: FastifyReply, path: string): boolean {
    const allowed = request.server.methodsAt?.(path) ?? [];
    if (allowed.length === 0) return false;
    void reply.header('Allow', [...allowed, 'OPTIONS'].join(', '));
    if (request.method === 'OPTIONS') {
      void reply.code(204).send();
      return true;
    }
    const { status, headers, body } = answerTo(
      new Problem('method-not-allowed', `This address takes ${allowed.join(', ')}.`),
      path,
    );
    void reply.code(status).headers(headers).send(body);
    return true;
  }
}
