import { everyLedger, installationLedger, noCurrency } from '../domain/access.js';
import type { Command } from '../domain/decider.js';
import { reject } from '../domain/rejection.js';
import type { EventLog } from '../event-log/event-log.js';
import { uuidv7 } from '../event-log/uuid.js';
import type { Claimed } from './oidc.js';

/** @throws {Rejection} `unknown-ledger` where access is to be granted in a ledger that is not there */
export const mustBeLedgers = async (log: EventLog, ledgers: readonly string[]): Promise<void> => {
  for (const ledger of ledgers) {
    if (ledger === everyLedger || ledger === installationLedger || (await log.head(ledger))) continue;
    reject('unknown-ledger', `There is no ledger ${ledger}: open it first, or correct the id.`, { ledger });
  }
};

/** Opens the ledger of access with the first change that is to be recorded in it. Does nothing if it is open. */
export const openInstallation = async (log: EventLog): Promise<void> => {
  if (await log.head(installationLedger)) return;
  await execute(log, {
    type: 'OpenLedger',
    id: installationLedger,
    name: 'Access to this installation',
    currency: noCurrency,
    timeZone: 'UTC',
  });
};

/** Takes down what the identity provider says of somebody: before they do anything by it. */
export const recordClaims = async (log: EventLog, claimed: Claimed): Promise<void> => {
  await openInstallation(log);
  const { personId, issuer, issuedAt, grants } = claimed;
  await execute(log, { type: 'AssertAccess', personId, issuer, issuedAt, grants });
};

const execute = async (log: EventLog, command: Command): Promise<void> => {
  await log.execute(installationLedger, {
    command,
    actor: { id: 'duebook', role: 'admin' },
    key: undefined,
    requestHash: '',
    correlationId: uuidv7(),
    nowMs: Date.now(),
    render: () => ({ location: '', body: '{}' }),
  });
};
