import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { EventLog } from '../event-log/event-log.js';
import type { Actor } from '../event-log/record.js';
import { signNote } from './note.js';
import { originOf, type Sealer, type Sealing } from './sealer.js';
import { TreeStore } from './tree-store.js';

/** There is nothing to open a new epoch for. */
export class NotSetBack extends Error {
  override readonly name = 'NotSetBack';
}

export interface OpenedEpoch {
  readonly epoch: number;
  readonly origin: string;
  /** Of the event that says so. */
  readonly position: number;
  /** What was signed about it: a note. */
  readonly statement: string;
}

/**
 * Lets a ledger that was set back go on under a new origin: records the event, signs a statement that names what was
 * signed before, keeps that outside too, and only then takes the halt away. Stopped halfway it can be done again.
 *
 * @param log    one that does not ask whether it may append
 * @param sealer has compared the ledger with what is kept outside
 * @throws {NotSetBack} if the ledger agrees with everything that was signed of it
 */
export const openEpoch = async (
  pool: pg.Pool,
  log: EventLog,
  sealer: Sealer,
  { base, privateKey, outside, nowMs }: Sealing,
  { ledgerId, reason, actor }: { readonly ledgerId: string; readonly reason: string; readonly actor: Actor },
): Promise<OpenedEpoch> => {
  const store = new TreeStore(pool);
  const setBack = sealer.setBacks.find((one) => one.ledgerId === ledgerId);
  if (!setBack)
    throw new NotSetBack(`Ledger ${ledgerId} agrees with everything that was signed of it: it needs no new epoch.`);
  const current = (await store.epoch(ledgerId))?.epoch ?? 0;
  const epoch = Math.max(current, setBack.epoch) + 1;
  const origin = originOf(base, ledgerId, epoch);
  const previous = { origin: setBack.origin, size: setBack.size, root: setBack.root.toString('base64') };
  const { receipt } = await log.execute(ledgerId, {
    command: { type: 'OpenEpoch', epoch, origin, previous, reason },
    actor,
    key: undefined,
    requestHash: '',
    correlationId: randomUUID(),
    nowMs: nowMs(),
    render: () => ({ location: '', body: '' }),
  });
  // Given twice, it was recorded the first time: the ledger says where it ends now.
  const position = receipt.position;
  const text = `Duebook epoch statement\n${origin}\n${position}\nprevious ${previous.origin} ${previous.size} ${previous.root}\nreason ${reason}\n`;
  const statement = signNote(text, origin, privateKey);
  await outside.keepStatement(ledgerId, epoch, statement);
  await store.openEpoch(ledgerId, { epoch, origin, size: position }, statement);
  return { epoch, origin, position, statement };
};
