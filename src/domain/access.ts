import { type Decision, repeated, type Working } from './decision.js';
import type { DataOf, RecordedEvent } from './events.js';
import type { Instant } from './calendar.js';
import { type Made, madeBy, madeStill } from './open-item.js';
import { type Fault, reject, rejectMalformed } from './rejection.js';

/** The parts that people play (contract, rule 11), the least first: whoever has several acts in the first that will do. */
export const roles = ['auditor', 'clerk', 'approver', 'treasurer', 'admin'] as const;
export type Role = (typeof roles)[number];

/** The ledger in which access itself is recorded. */
export const installationLedger = '_installation';
/** What whoever wants to do there what is for books is told. */
export const noBooks = `There are no books in ${installationLedger}, only who may do what: name the ledger of a company.`;
/** What its opening has in place of a currency: ISO 4217 for "no currency", since there are no amounts in it. */
export const noCurrency = 'XXX';
/** Stands for every ledger, those that are still to be opened and `_installation` too. */
export const everyLedger = '*';
/** There are no books in it: nobody could clerk there, approve or pay. */
export const installationRoles: readonly Role[] = ['auditor', 'admin'];

/** What names somebody, such as an e-mail address. */
const personIdPattern = /^[A-Za-z0-9][A-Za-z0-9._@+|~:-]{0,127}$/;
export const isPersonId = (value: unknown): value is string => typeof value === 'string' && personIdPattern.test(value);

/** Roles in one ledger, or in `*`. */
export interface Grant {
  readonly ledger: string;
  readonly roles: readonly Role[];
}

export interface GrantAccess {
  readonly type: 'GrantAccess';
  readonly personId: string;
  readonly grant: Grant;
  readonly reason?: string;
}
export interface RevokeAccess {
  readonly type: 'RevokeAccess';
  readonly personId: string;
  readonly ledger: string;
  /** By default all that the person has there. */
  readonly roles?: readonly Role[];
  readonly reason: string;
}
export interface IssueToken {
  readonly type: 'IssueToken';
  readonly id: string;
  readonly personId: string;
  readonly description?: string;
  readonly expiresAt: Instant;
  /** Whether the request named `expiresAt`: the default depends on the clock. */
  readonly expiryGiven: boolean;
  /** What is wrong with `expiresAt` now, unless the request repeats an earlier one. */
  readonly expiryFault?: string;
  /** Roles for the person, granted with the token. */
  readonly grants: readonly Grant[];
  readonly prefix: string;
  readonly hash: string;
}
export interface RevokeToken {
  readonly type: 'RevokeToken';
  readonly tokenId: string;
  readonly reason: string;
}
/** Takes down what the identity provider says of somebody, where that is news. */
export interface AssertAccess {
  readonly type: 'AssertAccess';
  readonly personId: string;
  readonly issuer: string;
  readonly issuedAt: Instant;
  readonly grants: readonly Grant[];
}
export type AccessCommand = GrantAccess | RevokeAccess | IssueToken | RevokeToken | AssertAccess;

/** Somebody, and what they may do: a human being or a program. */
export interface Person {
  readonly kind: 'person';
  readonly id: string;
  /** By ledger, in their order; a ledger without roles is left out. */
  readonly grants: readonly Grant[];
  /** What the identity provider said of them last. */
  readonly asserted?: { readonly issuer: string; readonly issuedAt: Instant; readonly grants: readonly Grant[] };
  readonly made: Made;
}

/** What somebody shows to be let in as a person. */
export interface Token {
  readonly kind: 'token';
  readonly facts: DataOf<'TokenIssued'>;
  readonly issuedAt: Instant;
  readonly revoked?: { readonly at: Instant; readonly reason: string };
  readonly made: Made;
}

export const decideAccess = (command: AccessCommand, working: Working): Decision => {
  switch (command.type) {
    case 'GrantAccess':
      return grantAccess(command, working);
    case 'RevokeAccess':
      return revokeAccess(command, working);
    case 'IssueToken':
      return issueToken(command, working);
    case 'RevokeToken':
      return revokeToken(command, working);
    case 'AssertAccess':
      return assertAccess(command, working);
  }
};

const grantAccess = ({ personId, grant, reason }: GrantAccess, working: Working): Decision => {
  mustBeFaultless([...faultsOfPerson(personId), ...faultsOfGrant(grant)]);
  const subject = `person/${personId}` as const;
  if (!give(working, personId, grant, reason)) return working.repeatsLast(subject);
  return working.decision(subject);
};

/** Ids that the log has for those who are not granted anything: whoever has the first token or the machine, and ourselves. */
export const isKept = (personId: string): boolean => /^(operator|duebook)(:|$)/.test(personId);

/** @param at where the grant stands in the request, as a pointer */
const faultsOfGrant = ({ ledger, roles: asked }: Grant, at = ''): Fault[] =>
  ledger === installationLedger && !asked.every((role) => installationRoles.includes(role))
    ? [{ pointer: `${at}/roles`, detail: `must be of ${installationRoles.join(', ')} in ${ledger}` }]
    : [];

const faultsOfPerson = (personId: string): Fault[] =>
  isKept(personId)
    ? [
        {
          pointer: '/personId',
          detail: `is kept for Duebook itself and for whoever runs it: give people and programs ids of their own`,
        },
      ]
    : [];

/** @throws {Rejection} `malformed`, if there is any fault */
const mustBeFaultless = (faults: readonly Fault[]): void => {
  if (faults.length > 0) rejectMalformed(faults);
};

/** @returns whether there was anything to give that the person had not */
const give = (working: Working, personId: string, { ledger, roles: asked }: Grant, reason?: string): boolean => {
  const held = rolesGranted(working.findFresh(`person/${personId}`), ledger);
  const given = roles.filter((role) => asked.includes(role) && !held.includes(role));
  if (given.length === 0) return false;
  const data = { personId, ledger, roles: given, ...(reason !== undefined && { reason }) };
  working.emit({ type: 'AccessGranted', effectiveOn: working.today, data });
  return true;
};

const revokeAccess = ({ personId, ledger, roles: asked = roles, reason }: RevokeAccess, working: Working): Decision => {
  const held = rolesGranted(working.inPath(`person/${personId}`), ledger);
  const taken = held.filter((role) => asked.includes(role));
  if (taken.length === 0) {
    const where = ledger === everyLedger ? 'in all ledgers at once' : `in ledger ${ledger} by itself`;
    reject('not-granted', `Nothing like that was granted to ${personId} ${where}, so there is nothing to revoke.`, {
      held,
    });
  }
  const data = { personId, ledger, roles: taken, reason };
  working.emit({ type: 'AccessRevoked', effectiveOn: working.today, data });
  return working.decision(`person/${personId}`);
};

const issueToken = (command: IssueToken, working: Working): Decision => {
  const { id, personId, description, expiresAt, expiryGiven, expiryFault, grants, prefix, hash } = command;
  const subject = `token/${id}` as const;
  const content = { id, personId, description, grants: grants.length === 0 ? undefined : grants };
  if (repeated(working, subject, { ...content, ...(expiryGiven && { expiresAt }) })) return working.unchanged(subject);
  mustBeFaultless([
    ...(grants.length > 0 ? faultsOfPerson(personId) : []),
    ...(expiryFault === undefined ? [] : [{ pointer: '/expiresAt', detail: expiryFault }]),
    ...grants.flatMap((grant, n) => faultsOfGrant(grant, `/grants/${n}`)),
  ]);
  // First of all what makes the document: the print of the content goes onto it.
  const data = { tokenId: id, personId, ...(description !== undefined && { description }), expiresAt, prefix, hash };
  working.emit({ type: 'TokenIssued', effectiveOn: working.today, data });
  for (const grant of grants) give(working, personId, grant);
  if (!working.find(`person/${personId}`)) {
    reject(
      'unknown-person',
      `Nobody called ${personId} has a role in any ledger: grant one first, or with the token.`,
      {
        personId,
      },
    );
  }
  return working.decision(subject);
};

const revokeToken = ({ tokenId, reason }: RevokeToken, working: Working): Decision => {
  const { revoked, facts } = working.inPath(`token/${tokenId}`);
  if (revoked) reject('already-revoked', `Token ${tokenId} was revoked at ${revoked.at}.`, { at: revoked.at });
  const data = { tokenId, personId: facts.personId, reason };
  working.emit({ type: 'TokenRevoked', effectiveOn: working.today, data });
  return working.decision(`token/${tokenId}`);
};

const assertAccess = ({ type: _, personId, ...said }: AssertAccess, working: Working): Decision => {
  const subject = `person/${personId}` as const;
  const news = newsIn(working.findFresh(subject)?.asserted, said);
  if (!news) return working.unchanged(subject);
  working.emit({ type: 'AccessAsserted', effectiveOn: working.today, data: { personId, ...news } });
  return working.decision(subject);
};

export type Asserted = NonNullable<Person['asserted']>;

/**
 * What is to be recorded of what a token says: what is something else than the newest one said. Older ones may still be
 * about. A provider's time has whole seconds, so of two tokens of one second nobody knows which is newer: both hold.
 *
 * @returns undefined if it is no news
 */
export const newsIn = (known: Person['asserted'], said: Asserted): Asserted | undefined => {
  if (!known) return said;
  if (said.issuedAt < known.issuedAt) return undefined;
  const isOfOneSecond = said.issuer === known.issuer && said.issuedAt === known.issuedAt;
  const grants = isOfOneSecond ? together(known.grants, said.grants) : said.grants;
  const isSame = said.issuer === known.issuer && JSON.stringify(grants) === JSON.stringify(known.grants);
  return isSame ? undefined : { ...said, grants };
};

const together = (some: readonly Grant[], more: readonly Grant[]): Grant[] =>
  [...new Set([...some, ...more].map(({ ledger }) => ledger))].sort().map((ledger) => {
    const held = [...some, ...more].filter((grant) => grant.ledger === ledger);
    return { ledger, roles: roles.filter((role) => held.some((grant) => grant.roles.includes(role))) };
  });

/** What somebody may do in a ledger by a token: of an older one no more than the newest says as well. */
export const rolesSaidIn = (said: Asserted, newest: Person['asserted'], ledger: string): Role[] => {
  const held = rolesIn(said.grants, ledger);
  if (!newest || said.issuedAt >= newest.issuedAt) return held;
  const still = rolesIn(newest.grants, ledger);
  return held.filter((role) => still.includes(role));
};

/** What was granted in exactly this ledger, or in `*`. */
const rolesGranted = (person: Pick<Person, 'grants'> | undefined, ledger: string): readonly Role[] =>
  person?.grants.find((grant) => grant.ledger === ledger)?.roles ?? [];

/** What somebody may do in a ledger, in the order of the roles: what was granted there, and everywhere. */
export const rolesIn = (grants: readonly Grant[], ledger: string): Role[] => {
  const there = ledger === installationLedger ? installationRoles : roles;
  const held = grants.filter((grant) => grant.ledger === ledger || grant.ledger === everyLedger);
  return held.length === 0 ? [] : there.filter((role) => held.some((grant) => grant.roles.includes(role)));
};

export const evolvePerson = (person: Person | undefined, event: RecordedEvent): Person | undefined => {
  if (event.type === 'AccessAsserted') {
    const { personId: id, ...asserted } = event.data;
    const made = person ? madeStill(person.made, event) : madeBy(event);
    return { kind: 'person', id, grants: person?.grants ?? [], asserted, made };
  }
  if (event.type !== 'AccessGranted' && event.type !== 'AccessRevoked') return person;
  const { personId: id, ledger, roles: changed } = event.data;
  const held = rolesGranted(person, ledger);
  const now = roles.filter((role) => (changed.includes(role) ? event.type === 'AccessGranted' : held.includes(role)));
  const others = person?.grants.filter((grant) => grant.ledger !== ledger) ?? [];
  const grants = now.length === 0 ? others : [...others, { ledger, roles: now }];
  return {
    ...person,
    kind: 'person',
    id,
    grants: grants.sort((a, b) => (a.ledger < b.ledger ? -1 : 1)),
    made: person ? madeStill(person.made, event) : madeBy(event),
  };
};

export const evolveToken = (token: Token | undefined, event: RecordedEvent): Token | undefined => {
  if (event.type === 'TokenIssued')
    return { kind: 'token', facts: event.data, issuedAt: event.recordedAt, made: madeBy(event) };
  if (!token) return token;
  if (event.type !== 'TokenRevoked') return { ...token, made: madeStill(token.made, event) };
  const revoked = { at: event.recordedAt, reason: event.data.reason };
  return { ...token, revoked, made: madeStill(token.made, event) };
};
