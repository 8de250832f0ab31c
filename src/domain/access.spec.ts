import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afterNothingBut, givenNothingBut, ledger } from '../../test/support/domain.js';
import {
  type AssertAccess,
  everyLedger,
  type GrantAccess,
  installationLedger,
  type IssueToken,
  type RevokeAccess,
  type RevokeToken,
  type Role,
  roles,
  rolesIn,
  noCurrency,
} from './access.js';
import type { ApEvent, DataOf, EventType } from './events.js';

const opened = ledger({ id: installationLedger, currency: noCurrency });
const grant = (personId: string, ledgerId: string, ...given: Role[]): GrantAccess => ({
  type: 'GrantAccess',
  personId,
  grant: { ledger: ledgerId, roles: given },
});
const revoke = (personId: string, ledgerId: string, ...taken: Role[]): RevokeAccess => ({
  type: 'RevokeAccess',
  personId,
  ledger: ledgerId,
  ...(taken.length > 0 && { roles: taken }),
  reason: 'left',
});
const issue = (id: string, personId: string, more: Partial<IssueToken> = {}): IssueToken => ({
  type: 'IssueToken',
  id,
  personId,
  expiresAt: '2024-06-01T00:00:00.000000Z',
  expiryGiven: false,
  grants: [],
  prefix: `dbk_${id}`,
  hash: 'ab'.repeat(32),
  ...more,
});
const revokeToken = (tokenId: string): RevokeToken => ({ type: 'RevokeToken', tokenId, reason: 'lost' });
const on = '2024-02-15';
const event = <T extends EventType>(type: T, effectiveOn: string, data: DataOf<T>): ApEvent =>
  ({ type, effectiveOn, data }) as ApEvent;

describe('granting access', () => {
  it('records the roles that are new, the least first', () =>
    givenNothingBut(opened, grant('ann', 'acme', 'clerk'))
      .when(grant('ann', 'acme', 'admin', 'clerk', 'auditor'))
      .then(event('AccessGranted', on, { personId: 'ann', ledger: 'acme', roles: ['auditor', 'admin'] })));
  it('is quiet about roles that are there', () =>
    givenNothingBut(opened, grant('ann', 'acme', 'clerk'))
      .when(grant('ann', 'acme', 'clerk'))
      .thenNothing());
  it('takes a role everywhere for another one', () =>
    givenNothingBut(opened, grant('ann', everyLedger, 'clerk'))
      .when(grant('ann', 'acme', 'clerk'))
      .then(event('AccessGranted', on, { personId: 'ann', ledger: 'acme', roles: ['clerk'] })));
  it.each(['operator', 'duebook', 'operator:root'])('is refused for %s, whom nobody grants anything', (personId) =>
    givenNothingBut(opened)
      .when(grant(personId, 'acme', 'clerk'))
      .thenMalformed('/personId'),
  );
  it('is refused for roles that there are none of where no books are', () =>
    givenNothingBut(opened)
      .when(grant('ann', installationLedger, 'clerk'))
      .thenMalformed('/roles'));
});

describe('revoking access', () => {
  it('takes away all of a ledger where no role is named', () =>
    givenNothingBut(opened, grant('ann', 'acme', 'clerk', 'approver'))
      .when(revoke('ann', 'acme'))
      .then(
        event('AccessRevoked', on, { personId: 'ann', ledger: 'acme', roles: ['clerk', 'approver'], reason: 'left' }),
      ));
  it('takes away only what is named, and what is there', () =>
    givenNothingBut(opened, grant('ann', 'acme', 'clerk', 'approver'))
      .when(revoke('ann', 'acme', 'approver', 'treasurer'))
      .then(event('AccessRevoked', on, { personId: 'ann', ledger: 'acme', roles: ['approver'], reason: 'left' })));
  it('is refused where there is nothing to take away', () =>
    givenNothingBut(opened, grant('ann', everyLedger, 'clerk'))
      .when(revoke('ann', 'acme'))
      .thenRejected('not-granted'));
  it('is refused for somebody who is not there', () =>
    givenNothingBut(opened).when(revoke('ann', 'acme')).thenRejected('not-found'));
});

describe('a token', () => {
  const issued = { personId: 'ann', expiresAt: '2024-06-01T00:00:00.000000Z', hash: 'ab'.repeat(32) };

  it('is issued to somebody with a role', () =>
    givenNothingBut(opened, grant('ann', 'acme', 'clerk'))
      .when(issue('t1', 'ann', { description: 'scanner' }))
      .then(event('TokenIssued', on, { tokenId: 't1', description: 'scanner', prefix: 'dbk_t1', ...issued })));
  it('can bring the roles with it, as far as they are new', () =>
    givenNothingBut(opened, grant('ann', 'acme', 'clerk'))
      .when(
        issue('t1', 'ann', {
          grants: [
            { ledger: 'acme', roles: ['clerk'] },
            { ledger: 'beta', roles: ['auditor'] },
          ],
        }),
      )
      .then(
        event('TokenIssued', on, { tokenId: 't1', prefix: 'dbk_t1', ...issued }),
        event('AccessGranted', on, { personId: 'ann', ledger: 'beta', roles: ['auditor'] }),
      ));
  it('is refused to somebody without any', () =>
    givenNothingBut(opened).when(issue('t1', 'ann')).thenRejected('unknown-person', { personId: 'ann' }));
  it('is not issued again, though another one was made and the clock has moved', () =>
    givenNothingBut(opened, grant('ann', 'acme', 'clerk'), issue('t1', 'ann'))
      .when(issue('t1', 'ann', { expiresAt: '2024-06-02T00:00:00.000000Z', hash: 'cd'.repeat(32) }))
      .thenNothing());
  it('is refused under the id of another one', () =>
    givenNothingBut(opened, grant('ann', 'acme', 'clerk'), issue('t1', 'ann'))
      .when(issue('t1', 'ann', { description: 'another' }))
      .thenRejected('id-already-used', { id: 't1' }));
  it('is revoked once', () => {
    const books = afterNothingBut(opened, grant('ann', 'acme', 'clerk'), issue('t1', 'ann'), revokeToken('t1'));
    expect(books.events.at(-1)).toMatchObject({
      type: 'TokenRevoked',
      data: { tokenId: 't1', personId: 'ann', reason: 'lost' },
    });
    expect(books.get('token/t1').revoked).toEqual({ at: books.events.at(-1)!.recordedAt, reason: 'lost' });
    givenNothingBut(opened, grant('ann', 'acme', 'clerk'), issue('t1', 'ann'), revokeToken('t1'))
      .when(revokeToken('t1'))
      .thenRejected('already-revoked');
  });
});

describe('what the identity provider says', () => {
  const said = (issuedAt: string, ...given: Role[]): AssertAccess => ({
    type: 'AssertAccess',
    personId: 'ann',
    issuer: 'https://login.example.com/',
    issuedAt: `${issuedAt}T00:00:00.000000Z`,
    grants: given.length === 0 ? [] : [{ ledger: 'acme', roles: given }],
  });
  const { type: _, ...data } = said('2024-02-02', 'clerk');

  it('is recorded where it is news', () =>
    givenNothingBut(opened, said('2024-02-01', 'auditor'))
      .when(said('2024-02-02', 'clerk'))
      .then(event('AccessAsserted', on, data)));
  it('is recorded as well where it is nothing any more', () =>
    givenNothingBut(opened, said('2024-02-01', 'auditor'))
      .when(said('2024-02-02'))
      .then(event('AccessAsserted', on, { ...data, grants: [] })));
  it('is none where it was said before, or by an older token', () => {
    givenNothingBut(opened, said('2024-02-01', 'clerk')).when(said('2024-02-02', 'clerk')).thenNothing();
    givenNothingBut(opened, said('2024-02-02', 'clerk')).when(said('2024-02-01', 'auditor')).thenNothing();
  });
  it('stands beside what was granted, and neither ends the other', () => {
    const books = afterNothingBut(opened, said('2024-02-01', 'clerk'), grant('ann', 'acme', 'auditor'));
    expect(books.get('person/ann')).toMatchObject({
      grants: [{ ledger: 'acme', roles: ['auditor'] }],
      asserted: { grants: [{ ledger: 'acme', roles: ['clerk'] }] },
    });
    books.take(said('2024-02-03'), revoke('ann', 'acme'));
    expect(books.get('person/ann')).toMatchObject({ grants: [], asserted: { grants: [] } });
  });
});

describe('what somebody may do', () => {
  const anyLedger = fc.constantFrom('acme', 'beta', everyLedger, installationLedger);
  const anyRoles = fc.uniqueArray(fc.constantFrom(...roles), { minLength: 1 });
  const step = fc.record({ isGrant: fc.boolean(), ledger: anyLedger, asked: anyRoles });

  it('is what was granted there or everywhere and not revoked since, whatever came in between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const books = afterNothingBut(opened);
        // The same once more as a plain set of pairs.
        const pairs = new Set<string>();
        for (const { isGrant, ledger: where, asked } of steps) {
          const fitting = where === installationLedger ? asked.filter((r) => r === 'auditor' || r === 'admin') : asked;
          if (fitting.length === 0) continue;
          try {
            books.execute(isGrant ? grant('ann', where, ...fitting) : revoke('ann', where, ...fitting));
          } catch {
            expect(fitting.some((role) => pairs.has(`${where} ${role}`))).toBe(false);
          }
          for (const role of fitting) pairs[isGrant ? 'add' : 'delete'](`${where} ${role}`);
        }
        const grants = books.find('person/ann')?.grants ?? [];
        for (const where of ['acme', 'beta', 'gamma', installationLedger]) {
          const expected = roles.filter(
            (role) =>
              (pairs.has(`${where} ${role}`) || pairs.has(`${everyLedger} ${role}`)) &&
              (where !== installationLedger || role === 'auditor' || role === 'admin'),
          );
          expect(rolesIn(grants, where)).toEqual(expected);
        }
      }),
    );
  });
});
