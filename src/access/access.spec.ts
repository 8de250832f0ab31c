import { describe, expect, it } from '@jest/globals';
import { type ExecutionContext, ForbiddenException, UnauthorizedException } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AccessGuard, Public, Roles } from './access.guard.js';
import { type Actor, actorOf } from './actor.js';
import { operator, Tokens } from './tokens.js';

const ann: Actor = { id: 'ann', role: 'clerk' };
const tokens = new Tokens([
  { token: 'the-first-token-of-all', actor: operator },
  { token: 'another-token-of-ann', actor: ann },
]);

describe('a token', () => {
  it.each([
    ['Bearer the-first-token-of-all', operator],
    ['bearer the-first-token-of-all', operator],
    ['Bearer  another-token-of-ann ', ann],
    ['Bearer another-token-of-an', undefined],
    ['Bearer another-token-of-annn', undefined],
    ['Basic another-token-of-ann', undefined],
    ['another-token-of-ann', undefined],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('in %j is that of %j', (header, actor) => {
    expect(tokens.actorOf(header)).toEqual(actor);
  });

  it('lets nobody in where there is none', () => {
    expect(new Tokens([]).actorOf('Bearer the-first-token-of-all')).toBeUndefined();
  });
});

class Routes {
  plain(): void {
    // Only its marks matter.
  }
  @Public()
  open(): void {
    // Only its marks matter.
  }
  @Roles('approver', 'admin')
  special(): void {
    // Only its marks matter.
  }
}

@Public()
class OpenRoutes {
  plain(): void {
    // Only its marks matter.
  }
}

const knock = (
  handler: () => void,
  authorization?: string,
  routes: object = Routes,
): { allowed: boolean; request: { actor?: Actor } } => {
  const request: { actor?: Actor; headers: object } = {
    headers: { ...(authorization !== undefined && { authorization }) },
  };
  const context = {
    getHandler: () => handler,
    getClass: () => routes,
    switchToHttp: () => ({ getRequest: () => request }),
  };
  return {
    allowed: new AccessGuard(tokens, new Reflector()).canActivate(context as unknown as ExecutionContext),
    request,
  };
};

describe('the guard', () => {
  const { plain, open, special } = new Routes();

  it('lets in whoever has a token, and says who it is', () => {
    const { allowed, request } = knock(plain, 'Bearer another-token-of-ann');
    expect(allowed).toBe(true);
    expect(actorOf(request)).toEqual(ann);
  });

  it('lets nobody else in', () => {
    expect(() => knock(plain)).toThrow(UnauthorizedException);
    expect(() => knock(plain, 'Bearer wrong')).toThrow(UnauthorizedException);
  });

  it('lets everybody in where it is public, without an actor', () => {
    expect(knock(open).allowed).toBe(true);
    expect(knock(new OpenRoutes().plain, undefined, OpenRoutes).allowed).toBe(true);
    expect(() => actorOf(knock(open).request)).toThrow('no actor');
  });

  it('lets only some roles in where it is said so', () => {
    expect(knock(special, 'Bearer the-first-token-of-all').allowed).toBe(true);
    expect(() => knock(special, 'Bearer another-token-of-ann')).toThrow(ForbiddenException);
  });
});
