import { describe, expect, it } from '@jest/globals';
import { BadRequestException, ForbiddenException, NotFoundException, UnauthorizedException } from '@nestjs/common';
import { Rejection, type RejectionCode, rejections } from '../domain/rejection.js';
import { emptyRoot } from '../audit/merkle.js';
import { LedgerSetBack } from '../audit/sealer.js';
import { Contended, KeyReused, OutcomeUnknown, TooBusy } from '../event-log/ledger-writer.js';
import { NotYetThere } from '../projections/books.js';
import { answerTo } from './problem.filter.js';
import { Problem, type ProblemCode, problems } from './problems.js';

const path = '/v1/ledgers/acme/invoices';
const coded = (code: string, message = 'secret detail'): Error => Object.assign(new Error(message), { code });
const answer = (error: unknown, presentedToken?: boolean) => {
  const { body, ...rest } = answerTo(error, path, presentedToken);
  return { ...rest, problem: JSON.parse(body) as Record<string, unknown> };
};

describe('a problem', () => {
  it('says what it is, where, and the facts of the case', () => {
    const { status, headers, problem } = answer(
      new Rejection('over-allocated', 'Too much.', { open: '5.00', asked: '6.00' }),
    );
    expect(status).toBe(422);
    expect(headers).toEqual({ 'Content-Type': 'application/problem+json' });
    expect(problem).toEqual({
      type: '/problems/over-allocated',
      title: 'The amount is more than what is open',
      status: 422,
      detail: 'Too much.',
      instance: path,
      open: '5.00',
      asked: '6.00',
    });
  });

  it('has a title and a status for every code', () => {
    for (const [code, { title, status }] of Object.entries(problems)) {
      expect({ code, title: typeof title, isError: status >= 400 && status < 600 }).toEqual({
        code,
        title: 'string',
        isError: true,
      });
    }
    for (const code of Object.keys(rejections) as RejectionCode[])
      expect(answer(new Rejection(code, 'x')).problem).toMatchObject({ type: `/problems/${code}` });
  });

  it.each<[ProblemCode, number, Error]>([
    ['malformed', 400, new BadRequestException('not so')],
    ['malformed', 400, Object.assign(new Error('bad'), { name: 'FastifyError', statusCode: 400 })],
    ['unauthorized', 401, new UnauthorizedException()],
    ['forbidden', 403, new ForbiddenException()],
    ['not-found', 404, new NotFoundException('Cannot GET /secret')],
    ['not-found', 404, coded('DB404')],
    ['malformed', 400, coded('DB400')],
    ['payload-too-large', 413, Object.assign(new Error('x'), { name: 'FastifyError', statusCode: 413 })],
    ['unsupported-media-type', 415, Object.assign(new Error('x'), { name: 'FastifyError', statusCode: 415 })],
    ['idempotency-key-reused', 422, new KeyReused()],
    ['too-many-requests', 429, new TooBusy()],
    ['contended', 503, new Contended()],
    ['outcome-unknown', 503, new OutcomeUnknown()],
    ['not-yet-there', 503, new NotYetThere(7, 5)],
    [
      'ledger-set-back',
      503,
      new LedgerSetBack({ ledgerId: 'acme', epoch: 1, size: 9, origin: 'x/acme/1', root: emptyRoot }),
    ],
    ['unavailable', 503, coded('ECONNREFUSED')],
    ['unavailable', 503, coded('57P01')],
    ['unavailable', 503, Object.assign(new Error('query failed'), { driverError: { code: '08006' } })],
    ['unavailable', 503, new Error('Connection terminated unexpectedly')],
    ['internal-error', 500, coded('42P01')],
    ['internal-error', 500, new TypeError('secret detail')],
    ['internal-error', 500, Object.assign(new Error('secret detail'), { name: 'FastifyError', statusCode: 500 })],
    ['not-found', 404, new Problem('not-found', 'No.')],
  ])('%s, %i, comes of %s', (code, status, error) => {
    const { problem, ...rest } = answer(error);
    expect(rest).toMatchObject({ code, status });
    expect(problem).toMatchObject({ type: `/problems/${code}`, status, title: problems[code].title });
    expect(JSON.stringify(problem)).not.toMatch(/secret|stack|Cannot/);
  });

  it.each([undefined, null, 'text', 7, { code: 7 }])('comes of whatever is thrown, even of %j', (error) => {
    expect(answer(error)).toMatchObject({ code: 'internal-error', status: 500 });
  });

  it('says when to try again, and how to get in', () => {
    for (const error of [
      new TooBusy(),
      new Contended(),
      new OutcomeUnknown(),
      new NotYetThere(7, 5),
      coded('ECONNRESET'),
    ]) {
      expect(answer(error).headers).toMatchObject({ 'Retry-After': '1' });
    }
    expect(answer(new UnauthorizedException()).headers).toMatchObject({ 'WWW-Authenticate': 'Bearer realm="duebook"' });
    expect(answer(new UnauthorizedException(), true).headers).toMatchObject({
      'WWW-Authenticate': 'Bearer realm="duebook", error="invalid_token"',
    });
    expect(answer(new NotYetThere(7, 5)).problem).toMatchObject({ asked: 7, position: 5 });
  });
});
