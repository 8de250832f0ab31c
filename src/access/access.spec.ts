import { beforeEach, describe, expect, it } from '@jest/globals';
import { ForbiddenException, NotFoundException, UnauthorizedException, type ExecutionContext } from '@nestjs/common';
import { afterNothingBut, type Books, ledger } from '../../test/support/domain.js';
import { type Grant, noCurrency, type Role } from '../domain/access.js';
import { AccessGuard, actingIn } from './access.guard.js';
import { actorOf, type Principal } from './actor.js';
import { AnyRole, declaredOn, Public, Roles, RolesOverAccess, SignedIn } from './declared.js';
import { AccessDirectory } from './directory.js';
import { expiryOf } from './expiry.js';
import { FailedLogins, TooManyFailures } from './failed-logins.js';
import { type Failure, Login, type Outcome } from './login.js';
import { hashOf, newToken } from './token-text.js';

const firstToken = 'the-first-token-of-all';
const annsToken = 'dbk_0123456789ab_another-token-of-ann';

/** A log of `_installation` in memory, and the clock beside it. */
class Installation {
  readonly books: Books = afterNothingBut(ledger({ id: '_installation', currency: noCurrency }));
  looks = 0;
  hidden = 0;
  nowMs = Date.parse('2024-02-15T12:00:00Z');
  readonly directory = new AccessDirectory(
    {
      head: () => {
        this.looks += 1;
        return Promise.resolve({ position: this.books.position - this.hidden, recordedAt: undefined });
      },
      linesAfter: (_, position, limit) => {
        const end = Math.min(position + Math.min(limit, 2), this.books.position - this.hidden);
        const lines = this.books.lines.slice(position, end);
        return Promise.resolve(lines.map((line, n) => ({ position: position + n + 1, line })));
      },
    },
    () => this.nowMs,
  );
  readonly used: string[] = [];
  readonly failed: Failure[] = [];
  readonly login = new Login({
    firstToken,
    directory: this.directory,
    onUse: (tokenId) => void this.used.push(tokenId),
    onFailure: (failure) => void this.failed.push(failure),
    failures: new FailedLogins(() => this.nowMs),
    nowMs: () => this.nowMs,
  });

  issue(id: string, token: string, grants: readonly Grant[], expiresAt = '2024-06-01T00:00:00.000000Z'): void {
    this.books.execute({
      type: 'IssueToken',
      id,
      personId: 'ann',
      expiresAt,
      expiryGiven: true,
      grants,
      prefix: 'dbk_0123456789ab',
      hash: hashOf(token),
    });
  }
}

let installation: Installation;
beforeEach(() => {
  installation = new Installation();
  installation.issue('t1', annsToken, [{ ledger: 'acme', roles: ['clerk', 'auditor'] }]);
});

const refusalOf = (outcome: Outcome): string => ('refused' in outcome ? outcome.refused : `${outcome.id} is let in`);

describe('a token', () => {
  it.each([
    [`Bearer ${firstToken}`, 'operator'],
    [`bearer ${firstToken}`, 'operator'],
    [`Bearer  ${annsToken} `, 'ann'],
    [`Bearer ${annsToken}n`, undefined],
    [`Bearer ${annsToken.slice(0, -1)}`, undefined],
    [`Basic ${annsToken}`, undefined],
    [annsToken, undefined],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    [`Bearer ${annsToken} ${annsToken}`, undefined],
    [`Bearer ${hashOf(annsToken)}`, undefined],
    ['', undefined],
    [undefined, undefined],
  ])('in %j is that of %j', async (header, id) => {
    const outcome = await installation.login.identify(header);
    if (id === undefined) expect(refusalOf(outcome)).toContain('Authorization: Bearer <token>');
    else expect(outcome).toMatchObject({ id });
  });

  it('of somebody has their roles, as they are at the moment', async () => {
    const ann = (await installation.login.identify(`Bearer ${annsToken}`)) as Principal;
    expect(ann.rolesIn('acme')).toEqual(['auditor', 'clerk']);
    expect(ann.rolesIn('beta')).toEqual([]);
    installation.books.execute({ type: 'RevokeAccess', personId: 'ann', ledger: 'acme', reason: 'x' });
    await installation.directory.refresh();
    expect(ann.rolesIn('acme')).toEqual([]);
  });

  it('that is first has all roles, and acts as admin', async () => {
    const operator = (await installation.login.identify(`Bearer ${firstToken}`)) as Principal;
    expect(operator.rolesIn('anything')).toEqual(['auditor', 'clerk', 'approver', 'treasurer', 'admin']);
    expect(operator.rolesIn('_installation')).toEqual(['auditor', 'admin']);
    expect(operator.actsAs).toBe('admin');
    expect(installation.looks).toBe(0);
  });

  it('is refused from the moment at which it expires', async () => {
    installation.nowMs = Date.parse('2024-06-01T00:00:00Z') - 1;
    expect(refusalOf(await installation.login.identify(`Bearer ${annsToken}`))).toBe('ann is let in');
    installation.nowMs += 1;
    expect(refusalOf(await installation.login.identify(`Bearer ${annsToken}`))).toContain('has expired');
    expect(installation.used).toEqual(['t1']);
  });

  it('is refused within a second of being revoked elsewhere, and the log is asked no oftener', async () => {
    expect(refusalOf(await installation.login.identify(`Bearer ${annsToken}`))).toBe('ann is let in');
    installation.books.execute({ type: 'RevokeToken', tokenId: 't1', reason: 'x' });
    const { looks } = installation;
    installation.nowMs += 999;
    // Known at once: no promise, and no look at the log.
    expect(refusalOf(installation.login.identify(`Bearer ${annsToken}`) as Outcome)).toBe('ann is let in');
    expect(installation.looks).toBe(looks);
    installation.nowMs += 1;
    expect(refusalOf(await installation.login.identify(`Bearer ${annsToken}`))).toContain('was revoked');
    expect(installation.looks).toBe(looks + 1);
  });

  it('that was issued elsewhere just now is found', async () => {
    await installation.login.identify(`Bearer ${annsToken}`);
    installation.nowMs += 200;
    installation.issue('t2', 'dbk_0123456789ac_newer', []);
    expect(refusalOf(await installation.login.identify('Bearer dbk_0123456789ac_newer'))).toBe('ann is let in');
  });

  it('is unknown again where the log was set back', async () => {
    await installation.login.identify(`Bearer ${annsToken}`);
    installation.hidden = installation.books.position - 1;
    installation.nowMs += 1_000;
    expect(refusalOf(await installation.login.identify(`Bearer ${annsToken}`))).toContain('not one of ours');
  });

  it('is 256 bits of chance behind a prefix to recognise it by', () => {
    const made = Array.from({ length: 100 }, newToken);
    expect(new Set(made.map(({ prefix }) => prefix)).size).toBe(100);
    for (const { token, prefix, hash } of made) {
      expect(token).toMatch(/^dbk_[0-9a-f]{12}_[\w-]{43}$/);
      expect(token.startsWith(`${prefix}_`)).toBe(true);
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      expect(hash).toBe(hashOf(token));
    }
  });

  it.each([
    [undefined, { expiresAt: '2024-05-15T12:00:00.000000Z', expiryGiven: false }],
    ['2024-02-15T12:00:00.000000Z', { fault: 'must lie in the future' }],
    ['2024-02-15T12:00:01.000000Z', { expiresAt: '2024-02-15T12:00:01.000000Z', expiryGiven: true }],
    ['2034-02-15T12:00:01.000000Z', { fault: 'must be at most 1830 days from now' }],
  ])('that is to expire at %j does so, or not: %j', (given, expected) => {
    expect(expiryOf(given, Date.parse('2024-02-15T12:00:00Z'))).toEqual(expected);
  });
});

describe('logins that fail', () => {
  const wrong = (n: number): string => `Bearer dbk_${String(n).padStart(12, '0')}_wrong`;
  const tryIt = async (header: string, address: string): Promise<string> => {
    try {
      return refusalOf(await installation.login.identify(header, address));
    } catch (error) {
      return error instanceof TooManyFailures ? `wait ${error.retryAfterSeconds} s` : String(error);
    }
  };

  it('are held up by address, all but those who were let in from there before', async () => {
    expect(await tryIt(`Bearer ${firstToken}`, '10.0.0.1')).toBe('operator is let in');
    for (let n = 0; n < 30; n++) expect(await tryIt(wrong(n), '10.0.0.1')).toContain('not one of ours');
    expect(installation.failed.map(({ isLast }) => isLast).lastIndexOf(false)).toBe(28);
    installation.nowMs += 20_000;
    expect(await tryIt(wrong(30), '10.0.0.1')).toBe('wait 40 s');
    // Not even a right one, which could be a guess that hit.
    expect(await tryIt(`Bearer ${annsToken}`, '10.0.0.1')).toBe('wait 40 s');
    expect(await tryIt(`Bearer ${firstToken}`, '10.0.0.1')).toBe('operator is let in');
    expect(await tryIt(`Bearer ${annsToken}`, '10.0.0.2')).toBe('ann is let in');
    expect(installation.failed).toHaveLength(30);
    installation.nowMs += 40_000;
    expect(await tryIt(`Bearer ${annsToken}`, '10.0.0.1')).toBe('ann is let in');
  });

  it('are held up by what the token begins with, from wherever they come', async () => {
    for (let n = 0; n < 10; n++) await tryIt(`Bearer dbk_0123456789ab_wrong-${n}`, `10.0.1.${n}`);
    expect(await tryIt('Bearer dbk_0123456789ab_wrong', '10.0.1.99')).toBe('wait 60 s');
    expect(await tryIt('Bearer dbk_0123456789ac_wrong', '10.0.1.99')).toContain('not one of ours');
  });

  it('with a token that was good once count against that token only', async () => {
    installation.nowMs = Date.parse('2024-06-02T00:00:00Z');
    for (let n = 0; n < 40; n++) await tryIt(`Bearer ${annsToken}`, '10.0.2.1');
    expect(await tryIt(`Bearer ${annsToken}`, '10.0.2.1')).toBe('wait 60 s');
    expect(await tryIt(`Bearer ${firstToken}`, '10.0.2.1')).toBe('operator is let in');
  });

  it('are told of without the token', async () => {
    await tryIt(`Bearer ${annsToken}-wrong`, '10.0.3.1');
    await tryIt('Bearer a-secret-of-somebody', '10.0.3.1');
    expect(installation.failed).toMatchObject([
      { address: '10.0.3.1', prefix: 'dbk_0123456789ab', isLast: false },
      { address: '10.0.3.1', prefix: undefined, isLast: false },
    ]);
    expect(JSON.stringify(installation.failed)).not.toMatch(/another-token|a-secret/);
  });

  it('take no more memory however many addresses there are: the oldest are forgotten', async () => {
    for (let n = 0; n < 30; n++) await tryIt('Bearer wrong', '10.0.4.1');
    const fill = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await tryIt('Bearer wrong', `2001:db8::${n.toString(16)}`);
    };
    await fill(19_999);
    expect(await tryIt('Bearer wrong', '10.0.4.1')).toBe('wait 60 s');
    await fill(20_000);
    expect(await tryIt('Bearer wrong', '10.0.4.1')).toContain('not one of ours');
  });
});

class Routes {
  silent(): void {
    // Only its marks matter.
  }
  @Public()
  open(): void {
    // Only its marks matter.
  }
  @SignedIn()
  mine(): void {
    // Only its marks matter.
  }
  @AnyRole()
  read(): void {
    // Only its marks matter.
  }
  @Roles('approver', 'clerk')
  post(): void {
    // Only its marks matter.
  }
  @RolesOverAccess('auditor', 'admin')
  access(): void {
    // Only its marks matter.
  }
}
const routes = new Routes();
const whose = (of: Readonly<Record<string, readonly Role[]>>, actsAs?: Role): Principal => ({
  id: 'ann',
  rolesIn: (ledgerId) => of[ledgerId] ?? [],
  ...(actsAs && { actsAs }),
});

const knock = (handler: () => void, principal?: Principal, params: object = { ledger: 'acme' }) => {
  const request = { principal, params, actor: undefined };
  const context = { getHandler: () => handler, switchToHttp: () => ({ getRequest: () => request }) };
  return { allowed: new AccessGuard().canActivate(context as unknown as ExecutionContext), request };
};

describe('the guard', () => {
  it('lets everybody in where it is public, without an actor', () => {
    const { allowed, request } = knock(routes.open);
    expect(allowed).toBe(true);
    expect(() => actorOf(request)).toThrow('no actor');
  });
  it('lets nobody else in without a token, and nobody at all where nothing is said', () => {
    for (const handler of [routes.mine, routes.read, routes.post, routes.access])
      expect(() => knock(handler)).toThrow(UnauthorizedException);
    expect(() => knock(routes.silent, whose({ acme: ['admin'] }))).toThrow(UnauthorizedException);
  });

  it.each<[keyof Routes, Readonly<Record<string, readonly Role[]>>, Role | 404 | 403, string?]>([
    ['mine', {}, 'auditor'],
    ['read', { acme: ['treasurer', 'admin'] }, 'treasurer'],
    ['read', { beta: ['treasurer'] }, 404],
    ['post', { acme: ['clerk', 'approver', 'admin'] }, 'clerk'],
    ['post', { acme: ['approver', 'admin'] }, 'approver'],
    ['post', { acme: ['auditor', 'treasurer', 'admin'] }, 403],
    ['post', { beta: ['clerk'] }, 404],
    ['post', { _installation: ['admin'] }, 404],
    ['access', { acme: ['auditor', 'admin'] }, 'auditor'],
    ['access', { acme: ['clerk'] }, 403],
    ['access', { acme: ['clerk'], _installation: ['admin'] }, 'admin'],
    ['access', { _installation: ['auditor', 'admin'] }, 'auditor'],
    ['access', { beta: ['admin'] }, 404],
  ])('on %s, to whoever has %j, says %j', (name, of, expected) => {
    const act = () => actorOf(knock(routes[name], whose(of)).request);
    if (expected === 404) expect(act).toThrow(new NotFoundException('There is no ledger acme.'));
    else if (expected === 403) expect(act).toThrow(ForbiddenException);
    else expect(act()).toEqual({ id: 'ann', role: expected });
  });

  it('asks for a role in _installation where the address names no ledger', () => {
    expect(() => knock(routes.post, whose({ acme: ['clerk'] }), {})).toThrow(ForbiddenException);
    expect(knock(routes.post, whose({ _installation: ['approver'] }), {}).allowed).toBe(true);
  });
  it('lets the first token act as it always has', () => {
    const all: readonly Role[] = ['auditor', 'clerk', 'admin'];
    expect(actingIn(whose({ acme: all }, 'admin'), declaredOn(routes.post)!, 'acme').role).toBe('admin');
  });
});
