import { everyLedger, type Grant, installationLedger, installationRoles, type Role, roles } from '../domain/access.js';
import { isId } from '../domain/events.js';

type Values = Readonly<Record<string, unknown>>;

/** More than anybody has; what a provider sends beyond is left out. */
const maxEntries = 1_000;

/**
 * The roles that a token's claim gives: `"acme:clerk beta:auditor"`, a list of such texts, or an object that has, by
 * ledger, a role or a list of them. What says nothing to us is passed over: providers send roles of others too.
 *
 * @param name of the claim; where there is none of that name, its parts between dots lead into objects
 */
export const grantsIn = (payload: Values, name: string): Grant[] => {
  const held = new Map<string, Set<Role>>();
  for (const [ledger, role] of pairsIn(claimIn(payload, name)).slice(0, maxEntries)) {
    if (!isLedger(ledger) || !isRole(role)) continue;
    if (ledger === installationLedger && !installationRoles.includes(role)) continue;
    const there = held.get(ledger) ?? new Set();
    held.set(ledger, there.add(role));
  }
  return [...held]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([ledger, of]) => ({ ledger, roles: roles.filter((role) => of.has(role)) }));
};

const claimIn = (payload: Values, name: string): unknown =>
  Object.hasOwn(payload, name)
    ? payload[name]
    : name
        .split('.')
        .reduce<unknown>(
          (inside, part) => (isObject(inside) && Object.hasOwn(inside, part) ? inside[part] : undefined),
          payload,
        );

const pairsIn = (claim: unknown): [ledger: string, role: string][] => {
  if (!isObject(claim)) {
    return wordsIn(claim).flatMap((word) => {
      const [ledger, role, ...more] = word.split(':');
      return ledger && role && more.length === 0 ? [[ledger, role] as [string, string]] : [];
    });
  }
  return Object.entries(claim).flatMap(([ledger, inside]) =>
    wordsIn(inside).map((role) => [ledger, role] as [string, string]),
  );
};

/** The words of a text, or of a list of texts. */
const wordsIn = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value])
    .filter((one) => typeof one === 'string')
    .flatMap((text) => text.split(/[\s,]+/).filter((word) => word !== ''));

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isLedger = (text: string): boolean => text === everyLedger || isId(text);

const isRole = (text: string): text is Role => (roles as readonly string[]).includes(text);
