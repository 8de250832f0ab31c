import { takingTurns } from '../database/turns.js';
import { type Amount, type Currency, formatMinor } from '../domain/money.js';
import { duties, type Duty } from '../domain/policy.js';
import type { Moment } from './as-of.js';
import { asOfDay, scopeValues, vendorsThen } from './books-sql.js';
import type { Snapshot } from './snapshot.js';
import { aboutMoment, amounts, type Line, type Table, texts } from './table.js';

/** One person who did at least two of the duties about one invoice. */
interface Case {
  readonly personId: string;
  readonly vendorId: string;
  readonly vendorName: string | null;
  readonly invoiceId: string;
  /** As the vendor printed it. */
  readonly number: string | null;
  readonly currency: Currency;
  readonly total: Amount;
  readonly duties: readonly Duty[];
  /** Each time that they did one of them, by position. */
  readonly acts: readonly { readonly duty: Duty; readonly position: number }[];
}

export interface DutiesReport extends Moment {
  readonly cases: readonly Case[];
}

interface Act {
  readonly person_id: string;
  readonly vendor_id: string;
  readonly name: string | null;
  readonly invoice_id: string;
  readonly number: string | null;
  readonly currency: Currency;
  readonly amount: string;
  readonly duty: Duty;
  readonly position: string;
}

/** What was done by asOf and recorded by the position. Whose invoice it is, and how much, its posting says. */
const query = `
  with acts as materialized (
    select person_id, vendor_id, invoice_id, duty, position from books.duties
     where ledger_id = $1 and generation = $2 and effective_on <= ${asOfDay} and position <= $4
  ), changes as (
    select person_id, vendor_id, duty, position from acts where invoice_id is null
  ), cases as (
    select a.person_id, a.vendor_id, a.invoice_id
      from acts a
     where a.invoice_id is not null
     group by a.person_id, a.vendor_id, a.invoice_id
    having count(distinct a.duty) > 1 or (a.person_id, a.vendor_id) in (select person_id, vendor_id from changes)
  ), told as (
    select c.person_id, c.vendor_id, c.invoice_id, a.duty, a.position
      from cases c join acts a using (person_id, vendor_id, invoice_id)
    union all
    select c.person_id, c.vendor_id, c.invoice_id, a.duty, a.position
      from cases c join changes a using (person_id, vendor_id)
  )
  select t.person_id, t.vendor_id, v.name, t.invoice_id, d.number, p.currency, p.amount, t.duty, t.position
    from told t
    join books.duties p
      on p.ledger_id = $1 and p.generation = $2 and p.invoice_id = t.invoice_id and p.amount is not null
         and ($5::text is null or p.currency = $5)
    left join (${vendorsThen}) v on v.vendor_id = t.vendor_id
    left join books.documents d
      on d.ledger_id = $1 and d.generation = $2 and d.kind = 'invoice' and d.id = t.invoice_id
   order by t.vendor_id, t.invoice_id, t.person_id, t.position, t.duty`;

/** Every case in which one person did two things about an invoice that two people should do. */
export const dutiesReport = async (
  snapshot: Snapshot,
  moment: Moment,
  currency: Currency | undefined,
): Promise<DutiesReport> => {
  const cases: (Omit<Case, 'duties' | 'acts'> & { duties: Duty[]; acts: Case['acts'][number][] })[] = [];
  const turn = takingTurns();
  for (const row of await snapshot.query<Act>(query, scopeValues(snapshot, moment, currency))) {
    await turn();
    let last = cases.at(-1);
    if (last?.invoiceId !== row.invoice_id || last.personId !== row.person_id) {
      last = {
        personId: row.person_id,
        vendorId: row.vendor_id,
        vendorName: row.name,
        invoiceId: row.invoice_id,
        number: row.number,
        currency: row.currency,
        total: formatMinor(BigInt(row.amount), row.currency),
        duties: [],
        acts: [],
      };
      cases.push(last);
    }
    last.acts.push({ duty: row.duty, position: Number(row.position) });
  }
  for (const one of cases) one.duties = duties.filter((duty) => one.acts.some((act) => act.duty === duty));
  return { ...moment, cases };
};

/** A line a case: of each duty the positions at which it was done. */
export const dutiesTable = (report: DutiesReport, only?: Currency): Table => ({
  about: aboutMoment(report),
  asked: { currency: only ?? null },
  columns: [
    ...texts('personId', 'vendorId', 'vendorName', 'invoiceId', 'number', 'currency'),
    ...amounts('total'),
    ...texts(...duties),
  ],
  lines: linesOf(report),
  size: () => report.cases.length,
});

function* linesOf({ cases }: DutiesReport): Generator<Line> {
  for (const { personId, vendorId, vendorName, invoiceId, number, currency, total, acts } of cases) {
    const done = duties.map((duty) => acts.flatMap((act) => (act.duty === duty ? [act.position] : [])).join(' '));
    yield [personId, vendorId, vendorName, invoiceId, number, currency, total, ...done];
  }
}
