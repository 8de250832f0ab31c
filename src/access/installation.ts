import { everyLedger, installationLedger, noCurrency } from '../domain/access.js';
import { reject } from '../domain/rejection.js';
import type { EventLog } from '../event-log/event-log.js';
import { uuidv7 } from '../event-log/uuid.js';

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
  await log.execute(installationLedger, {
    command: {
      type: 'OpenLedger',
      id: installationLedger,
      name: 'Access to this installation',
      currency: noCurrency,
      timeZone: 'UTC',
    },
    actor: { id: 'duebook', role: 'admin' },
    key: undefined,
    requestHash: '',
    correlationId: uuidv7(),
    nowMs: Date.now(),
    render: () => ({ location: '', body: '{}' }),
  });
};
