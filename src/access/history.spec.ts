import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afterNothingBut, ledger } from '../../test/support/domain.js';
import { noCurrency, type Role, roles, rolesIn } from '../domain/access.js';
import { addDays } from '../domain/calendar.js';
import type { Person, Token } from '../domain/access.js';
import { evolve, type Document } from '../domain/documents.js';
import { documentsOf } from '../domain/events.js';
import { accessOn, accessOver } from './history.js';

const people = ['ann', 'bob'];
const ledgers = ['acme', 'beta', '*'];
const firstDay = '2024-02-15';

const step = fc.record({
  what: fc.constantFrom('grant', 'revoke', 'issue', 'end', 'sleep'),
  who: fc.constantFrom(...people),
  where: fc.constantFrom(...ledgers),
  which: fc.uniqueArray(fc.constantFrom(...roles), { minLength: 1, maxLength: 3 }),
});

describe('who could do what on a day', () => {
  it('is whatever anybody could do after some event that was the last one at some moment of that day', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const books = afterNothingBut(ledger({ id: '_installation', currency: noCurrency }));
        let day = 0;
        let count = 0;
        for (const { what, who, where, which } of steps) {
          books.today = addDays(firstDay, day);
          try {
            if (what === 'sleep') day += 1;
            else if (what === 'grant')
              books.execute({ type: 'GrantAccess', personId: who, grant: { ledger: where, roles: which } });
            else if (what === 'revoke')
              books.execute({ type: 'RevokeAccess', personId: who, ledger: where, roles: which, reason: 'x' });
            else if (what === 'issue') {
              count += 1;
              const expiresAt = `${addDays(books.today, 2)}T12:00:00.000000Z`;
              const text = { prefix: `p${count}`, hash: String(count) };
              const about = { id: `t${count}`, personId: who, expiresAt, expiryGiven: true, grants: [] };
              books.execute({ type: 'IssueToken', ...about, ...text });
            } else books.execute({ type: 'RevokeToken', tokenId: `t${count}`, reason: 'x' });
          } catch {
            // Refused: then nothing has happened.
          }
        }

        const held = accessOver(books.events);
        for (let n = -1; n <= day + 3; n++) {
          const asOf = addDays(firstDay, n);
          for (const asked of ['acme', 'beta']) {
            // Play the log once more, event by event, and look after each that was the last one at a moment of the day.
            const documents = new Map<string, Document>();
            const could = new Set<string>();
            const good = new Set<string>();
            books.events.forEach((event, i) => {
              for (const name of documentsOf(event)) documents.set(name, evolve(name, documents.get(name), event)!);
              const next = books.events[i + 1]?.recordedAt ?? '9999';
              if (event.recordedAt.slice(0, 10) > asOf || next <= `${asOf}T00:00:00.000000Z`) return;
              for (const document of documents.values()) {
                if (document.kind === 'person')
                  for (const role of rolesIn(document.grants, asked)) could.add(`${document.id} ${role}`);
                if (document.kind === 'token' && !document.revoked && document.facts.expiresAt.slice(0, 10) >= asOf)
                  good.add(document.facts.tokenId);
              }
            });
            const said = accessOn(held, asOf, (where) => where === asked || where === '*');
            expect([
              asOf,
              asked,
              [...new Set(said.roles.map(({ personId, role }) => `${personId} ${role}`))].sort(),
            ]).toEqual([asOf, asked, [...could].sort()]);
            const owners = new Set([...could].map((one) => one.split(' ')[0]));
            const ownerOf = (id: string): string => (documents.get(`token/${id}`) as Token).facts.personId;
            expect(said.tokens.map(({ tokenId }) => tokenId).sort()).toEqual(
              [...good].filter((id) => owners.has(ownerOf(id))).sort(),
            );
          }
        }
      }),
    );
  });

  it('has what the identity provider said, until it says otherwise', () => {
    const books = afterNothingBut(ledger({ id: '_installation', currency: noCurrency }));
    const issuer = 'https://login.example.com/';
    const say = (n: number, ...given: Role[]): void => {
      books.today = addDays(firstDay, n);
      const grants = [{ ledger: 'acme', roles: given }];
      const issuedAt = `${books.today}T08:00:00.000000Z`;
      books.execute({ type: 'AssertAccess', personId: 'ann', issuer, issuedAt, grants });
    };
    say(0, 'clerk', 'auditor');
    say(2, 'clerk', 'admin');
    say(4);
    const rolesOn = (n: number): string[] =>
      accessOn(accessOver(books.events), addDays(firstDay, n), () => true).roles.map(({ role }) => role);
    expect([-1, 0, 1, 2, 3, 4, 5].map(rolesOn)).toEqual([
      ...[[], ['auditor', 'clerk'], ['auditor', 'clerk'], ['auditor', 'clerk', 'admin'], ['clerk', 'admin']],
      ...[['clerk', 'admin'], []],
    ]);
    const by = { id: issuer, role: 'issuer' };
    expect(accessOver(books.events).roles[0]).toMatchObject({ grantedBy: by, revokedBy: by });
  });

  it('names who gave it and who took it, and when', () => {
    const books = afterNothingBut(ledger({ id: '_installation', currency: noCurrency }));
    const which: Role[] = ['clerk'];
    books.actor = { id: 'root', role: 'admin' };
    books.execute({ type: 'GrantAccess', personId: 'ann', grant: { ledger: 'acme', roles: which } });
    books.today = '2024-02-17';
    books.actor = { id: 'eve', role: 'admin' };
    books.execute({ type: 'RevokeAccess', personId: 'ann', ledger: 'acme', reason: 'left' });
    expect(accessOn(accessOver(books.events), '2024-02-16', () => true).roles).toEqual([
      {
        personId: 'ann',
        ledger: 'acme',
        role: 'clerk',
        since: '2024-02-15T09:00:00.000002Z',
        until: '2024-02-17T09:00:00.000003Z',
        grantedBy: { id: 'root', role: 'admin' },
        revokedBy: { id: 'eve', role: 'admin' },
      },
    ]);
    const person: Person = books.get('person/ann');
    expect(person.grants).toEqual([]);
  });
});
