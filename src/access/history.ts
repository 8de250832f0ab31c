import { addDays, type Instant, lastDay, type LocalDate } from '../domain/calendar.js';
import type { DataOf, RecordedEvent } from '../domain/events.js';
import { type Role, roles } from '../domain/access.js';

/** Who changed something, and in which role. */
interface By {
  readonly id: string;
  readonly role: string;
}

/** A role that somebody had for a time. */
export interface HeldRole {
  readonly personId: string;
  /** `*` for every ledger. */
  readonly ledger: string;
  readonly role: Role;
  /** Null for what holds by the settings. */
  readonly since: Instant | null;
  /** The first instant at which it no longer held; null while it holds. */
  readonly until: Instant | null;
  readonly grantedBy: By | null;
  readonly revokedBy: By | null;
}

/** A token that was good for a time. */
export interface HeldToken {
  readonly tokenId: string;
  readonly personId: string;
  readonly prefix: string;
  readonly since: Instant;
  /** When it expired, or will, or was revoked. */
  readonly until: Instant;
  readonly issuedBy: By;
  readonly revokedBy: By | null;
}

export interface AccessHeld {
  readonly roles: readonly HeldRole[];
  readonly tokens: readonly HeldToken[];
}

/**
 * Every role and token that there ever was, each with its time.
 *
 * @param events of `_installation`, in the order of positions
 */
export const accessOver = (events: Iterable<RecordedEvent>): AccessHeld => {
  const held: HeldRole[] = [];
  const open = new Map<string, number>();
  /** By person, what the identity provider says that is still so. */
  const saidOf = new Map<string, Map<string, number>>();
  const tokens: HeldToken[] = [];
  const placeOf = new Map<string, number>();
  for (const event of events) {
    const { type, recordedAt, actor, data } = event;
    const by = { id: actor.id, role: actor.role };
    if (type === 'AccessGranted') {
      const { personId, ledger } = data;
      for (const role of data.roles) {
        const row = { personId, ledger, role, since: recordedAt, until: null, grantedBy: by, revokedBy: null };
        open.set(keyOf(data, role), held.push(row) - 1);
      }
    } else if (type === 'AccessRevoked') {
      for (const role of data.roles) {
        const place = open.get(keyOf(data, role));
        if (place !== undefined) held[place] = { ...held[place]!, until: recordedAt, revokedBy: by };
      }
    } else if (type === 'AccessAsserted') {
      const { personId, issuer, grants } = data;
      const issuing = { id: issuer, role: 'issuer' };
      const said = new Map(
        grants.flatMap(({ ledger, roles: given }) =>
          given.map((role) => [keyOf({ personId, ledger }, role), { ledger, role }] as const),
        ),
      );
      const before = saidOf.get(personId) ?? new Map<string, number>();
      saidOf.set(personId, before);
      for (const [key, place] of before) {
        if (said.delete(key)) continue;
        held[place] = { ...held[place]!, until: recordedAt, revokedBy: issuing };
        before.delete(key);
      }
      for (const [key, { ledger, role }] of said) {
        const row = { personId, ledger, role, since: recordedAt, until: null, grantedBy: issuing, revokedBy: null };
        before.set(key, held.push(row) - 1);
      }
    } else if (type === 'TokenIssued') {
      const { tokenId, personId, prefix, expiresAt } = data;
      const row = { tokenId, personId, prefix, since: recordedAt, until: expiresAt, issuedBy: by, revokedBy: null };
      placeOf.set(tokenId, tokens.push(row) - 1);
    } else if (type === 'TokenRevoked') {
      const place = placeOf.get(data.tokenId);
      const token = place === undefined ? undefined : tokens[place];
      // One that had expired before was good until then.
      if (token && recordedAt < token.until) tokens[place!] = { ...token, until: recordedAt, revokedBy: by };
    }
  }
  return { roles: held, tokens };
};

const keyOf = ({ personId, ledger }: Pick<DataOf<'AccessGranted'>, 'personId' | 'ledger'>, role: Role): string =>
  `${role} ${ledger} ${personId}`;

/**
 * What held at any moment of a day, in UTC: by person, ledger, role and time.
 *
 * @param isSeen which grants are asked for, by their ledger
 */
export const accessOn = (held: AccessHeld, day: LocalDate, isSeen: (ledger: string) => boolean): AccessHeld => {
  // There is no day after the last; as text its hour 24 comes after all the others.
  const [from, to] = [`${day}T00:00:00.000000Z`, day === lastDay ? `${day}T24` : `${addDays(day, 1)}T00:00:00.000000Z`];
  const holds = ({ since, until }: { readonly since: Instant | null; readonly until: Instant | null }): boolean =>
    (since ?? '') < to && (until === null || until > from);
  const seen = held.roles.filter((row) => isSeen(row.ledger) && holds(row)).sort(byPerson);
  const people = new Set(seen.map(({ personId }) => personId));
  return {
    roles: seen,
    tokens: held.tokens
      .filter((token) => people.has(token.personId) && holds(token))
      .sort((a, b) => compare(a.personId, b.personId) || compare(a.since, b.since) || compare(a.tokenId, b.tokenId)),
  };
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const byPerson = (a: HeldRole, b: HeldRole): number =>
  compare(a.personId, b.personId) ||
  compare(a.ledger, b.ledger) ||
  roles.indexOf(a.role) - roles.indexOf(b.role) ||
  compare(a.since ?? '', b.since ?? '');
