import type { Moment } from '../reports/as-of.js';
import type { Snapshot } from '../reports/snapshot.js';
import type { DataOf } from '../domain/events.js';
import { readLine } from '../event-log/record.js';

/**
 * Reads the books and the log of one moment. Each call has a snapshot of its own, so that a slow download keeps no
 * transaction open: what is recorded meanwhile changes nothing in what was known at the moment.
 */
export type Read = <T>(work: (snapshot: Snapshot) => Promise<T>) => Promise<T>;

/** What an extract is made from. */
export interface Source {
  readonly read: Read;
  readonly moment: Moment;
  /** What the ledger was opened with. */
  readonly ledger: DataOf<'LedgerOpened'>;
}

/** What the ledger of a moment was opened with: its first event says it, whatever the moment. */
export const openingOf = async (read: Read): Promise<DataOf<'LedgerOpened'>> => {
  const [row] = await read((snapshot) =>
    snapshot.query<{ line: string }>('select line from log.events where ledger_id = $1 and position = 1', [
      snapshot.ledgerId,
    ]),
  );
  const opening = row && readLine(row.line);
  if (opening?.type !== 'LedgerOpened') throw new Error('the first event of a ledger is not its opening');
  return opening.data;
};
