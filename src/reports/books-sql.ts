// Fragments of SQL that reports share. All queries of a report take the same first five parameters.

import type { Moment } from './as-of.js';
import type { Snapshot } from './snapshot.js';

/** The first five parameters: ledger, generation, asOf, position, currency (null: all). */
export const scopeValues = (
  { ledgerId, generation }: Snapshot,
  { asOf, position }: Moment,
  currency?: string,
): unknown[] => [ledgerId, generation, asOf, position, currency ?? null];

export const asOfDay = '$3::date';

/** What had taken effect by asOf and was recorded by the position, in `subledger_lines` and `journal_lines` alike. */
export const inScope = `ledger_id = $1 and generation = $2 and effective_on <= ${asOfDay} and position <= $4 and ($5::text is null or currency = $5)`;

/** The account of the default chart that a line of the journal is on, or in whose place its account is. */
export const defaultAccount = 'coalesce(stands_for, account)';

/** A line of credit on account: what is left of a payment or a credit note. */
export const isCredit = `(item_type = 'payment' or item_type = 'credit-note')`;

// The two sorts of deferral as the domain tells them apart (deferralOf in domain/schedule.ts); a test compares the two.
export const isUnilateral = `(planned_on > due_on and planned_on >= ${asOfDay})`;
export const isAgreed = `(due_on > original_due_on and due_on >= ${asOfDay} and not ${isUnilateral})`;
export const isDeferred = `(${isUnilateral} or due_on > original_due_on and due_on >= ${asOfDay})`;

/** What is known of vendors, as they were known at the position. */
export const vendorsThen = `
  select distinct on (vendor_id) vendor_id, name, kind, connected from books.vendor_facts
   where ledger_id = $1 and generation = $2 and position <= $4
   order by vendor_id, position desc`;

/**
 * A day as text, whatever date style the server is set to. Without a time zone: there are zones that left a day out.
 *
 * @param pattern the parts of the day that are wanted
 */
export const dayText = (column: string, pattern = 'YYYY-MM-DD'): string =>
  `to_char(${column}::timestamp, '${pattern}')`;

/** An instant as text, in UTC with microseconds. */
export const instantText = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
