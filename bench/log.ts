/** What the bench reads back: completeness counts as much as speed. */
import type pg from 'pg';
import { ledgerId } from './invoices.js';

/** Everything acknowledged is there, once, and nothing else; and there is no hole between the positions. */
export const checkLog = async (
  pool: pg.Pool,
  after: number,
  acknowledged: number,
  expect: (what: string, found: number, expected: number) => void,
): Promise<void> => {
  const { rows } = await pool.query<{ count: string; first: string; last: string; ids: string }>(
    `select count(*), min(position) as first, max(position) as last, count(distinct line::json -> 'data' ->> 'invoiceId') as ids
       from log.events where ledger_id = $1 and position > $2`,
    [ledgerId, after],
  );
  const { count, first, last, ids } = rows[0]!;
  expect('events in the log', Number(count), acknowledged);
  expect('different invoices in the log', Number(ids), acknowledged);
  expect('last position', Number(last), Number(first) + acknowledged - 1);
  expect('first position', Number(first), after + 1);
};
