import { openInstallation } from '../access/installation.js';
import { installationLedger } from '../domain/access.js';
import type { Command } from '../domain/decider.js';
import type { Document } from '../domain/documents.js';
import { Rejection } from '../domain/rejection.js';
import { uuidv7 } from '../event-log/uuid.js';
import { operatorHere, UsageError } from './command.js';
import type { Workplace } from './workplace.js';

/**
 * Has something recorded, as whoever uses this machine.
 *
 * @returns the document that it is about
 * @throws {UsageError} if a rule refuses it
 */
export const record = async (
  { log, sealer: makeSealer }: Workplace,
  ledgerId: string,
  command: Command,
): Promise<Document> => {
  const sealer = await makeSealer();
  await sealer.compare(ledgerId);
  // A log that was set back must not grow, not even by this.
  log.mayAppend = (ledger) => {
    sealer.mayAppend(ledger);
  };
  let shown: Document | undefined;
  try {
    if (ledgerId === installationLedger) await openInstallation(log);
    await log.execute(ledgerId, {
      command,
      actor: { id: operatorHere(), role: 'admin' },
      key: undefined,
      requestHash: '',
      correlationId: uuidv7(),
      nowMs: Date.now(),
      render: (document) => {
        shown = document;
        return { location: '', body: '{}' };
      },
    });
  } catch (error) {
    throw error instanceof Rejection ? new UsageError(faultsOf(error)) : error;
  }
  return shown!;
};

const faultsOf = ({ detail, facts }: Rejection): string =>
  facts.errors ? facts.errors.map((fault) => `${fault.pointer.slice(1)} ${fault.detail}`).join('; ') : detail;
