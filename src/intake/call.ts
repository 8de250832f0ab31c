import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, actorOf, type Principal, principalOf } from '../access/actor.js';
import { isPersonId } from '../domain/access.js';
import { isId } from '../domain/events.js';
import { keyIn } from './idempotency.js';
import { Problem } from './problems.js';
import { rejectQuery } from './validation.js';

/** A request, as far as it is the same for all routes. */
export interface Call {
  readonly actor: Actor;
  /** What else the one who calls may do. */
  readonly principal: Principal;
  readonly method: string;
  /** Without query, percent-encoding undone. */
  readonly path: string;
  /** The JSON value, not checked yet. */
  readonly body: unknown;
  /** The caller's Idempotency-Key. */
  readonly key: string | undefined;
  /** The ledger in the path; empty where there is none. */
  readonly ledgerId: string;
  readonly reply: FastifyReply;
}

/**
 * A handler's parameter: the request, with what every route checks of it.
 *
 * @throws {Problem} `not-found` if an id in the path is none: nothing can have it
 * @throws {Rejection} `malformed` for a key that is none, or a query where there can't be one
 */
export const TheCall = createParamDecorator((_: unknown, context: ExecutionContext): Call => {
  const http = context.switchToHttp();
  return callOf(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
});

/** The same where a POST may have a query, which another parameter then checks. */
export const TheCallWithQuery = createParamDecorator((_: unknown, context: ExecutionContext): Call => {
  const http = context.switchToHttp();
  return callOf(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), true);
});

export const callOf = (request: FastifyRequest, reply: FastifyReply, mayHaveQuery = false): Call => {
  const ids = request.params as Readonly<Record<string, string>>;
  for (const name in ids) {
    if (!(name === 'personId' ? isPersonId : isId)(ids[name]) && !isDefaultAllocationId(name, ids[name]!))
      throw new Problem('not-found', 'There is nothing at this address.');
  }
  const { method, url } = request;
  const queryAt = url.indexOf('?');
  if (method === 'POST' && !mayHaveQuery) mustHaveNoQuery(request.query as Readonly<Record<string, unknown>>);
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  return {
    actor: actorOf(request),
    principal: principalOf(request),
    method,
    path: path.includes('%') ? decodeURIComponent(path) : path,
    body: request.body ?? {},
    key: method === 'POST' ? keyIn(request.headers) : undefined,
    ledgerId: ids.ledger ?? '',
    reply,
  };
};

/** An allocation that comes with a payment is named after it, and so may have a longer id than a caller can choose. */
const isDefaultAllocationId = (name: string, id: string): boolean =>
  name === 'id' && id.length <= 70 && isId(id.replace(/\.\d{1,4}$/, ''));

const mustHaveNoQuery = (query: Readonly<Record<string, unknown>>): void => {
  const names = Object.keys(query);
  if (names.length > 0) rejectQuery(names.map((name) => ({ pointer: `/${name}`, detail: 'is not known here' })));
};
