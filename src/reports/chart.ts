import type { Chart, ChartEntry } from '../domain/chart-of-accounts.js';
import type { Snapshot } from './snapshot.js';

/** The chart of accounts as it was known at a position. */
export const chartThen = async (snapshot: Snapshot, position: number): Promise<Chart> => {
  const { ledgerId, generation } = snapshot;
  const rows = await snapshot.query<{ position: string; facts: string }>(
    'select position, facts from books.accounts where ledger_id = $1 and generation = $2 and position <= $3 order by position',
    [ledgerId, generation, position],
  );
  return rows.map((row) => ({ position: Number(row.position), data: JSON.parse(row.facts) as ChartEntry['data'] }));
};
