import {
  maxBills,
  type CashAccount,
  type CashFlow,
  type Consequences as PlanConsequences,
  type Cutoff,
  type Hold,
  type Offer,
  type OpenInstalment,
  type PlanInput,
  type PlanItem,
  PlanRefusal,
  type PlanRequest,
  type PlanVendor,
} from '../cash-priority/model.js';
import { merged } from '../domain/consequences.js';
import { hundredths } from '../domain/discounts.js';
import type { Consequences } from '../domain/events.js';
import {
  type Amount,
  type Currency,
  decimalsOf,
  faultOfAmount,
  formatMinor,
  type Minor,
  parseMinor,
} from '../domain/money.js';
import { noPolicy, type Policy } from '../domain/policy.js';
import type { Moment } from '../reports/as-of.js';
import { dayText, inScope, scopeValues, vendorsThen } from '../reports/books-sql.js';
import type { Snapshot } from '../reports/snapshot.js';

// What a plan is made from, read from the books of one moment in one snapshot. All queries take the parameters that all
// reports take: ledger, generation, asOf, position, currency.

/** Consequences as the books keep them: the keys of the event, and its source. */
type Kept = Consequences & { readonly source?: string };

interface Rows {
  readonly items: {
    /** Of all rows together. */
    readonly bills: string;
    readonly kind: 'invoice' | 'charge';
    readonly id: string;
    readonly vendor_id: string;
    readonly number: string | null;
    readonly original: string;
    readonly due: string;
    readonly planned: string;
    readonly owed: string;
    readonly disputed: string;
  };
  readonly policies: { readonly policy: string };
  readonly unapproved: { readonly invoice_id: string };
  readonly holds: { readonly invoice_id: string; readonly reason: string; readonly until: string | null };
  readonly consequences: { readonly vendor_id: string; readonly invoice_id: string; readonly consequences: string };
  readonly offers: {
    readonly offer_id: string;
    readonly invoice_id: string;
    readonly cost: string;
    readonly cures_cutoffs: boolean;
    readonly schedule: string;
    readonly expires: string | null;
  };
  readonly discounts: { readonly invoice_id: string; readonly until: string; readonly percent: string };
  readonly balances: { readonly account: string; readonly on: string; readonly balance: string };
  readonly paid: { readonly account: string; readonly on: string; readonly paid: string };
  readonly expectations: {
    readonly id: string;
    readonly direction: 'receipt' | 'outflow';
    readonly on: string;
    readonly amount: string;
    readonly certainty: string;
    readonly vendor_id: string | null;
    readonly category: string | null;
    readonly description: string | null;
  };
  readonly vendors: { readonly vendor_id: string; readonly name: string; readonly connected: boolean };
}

const openItems = `
  select item_type, item_id, vendor_id, original_due_on, due_on, planned_on,
         sum(owed) as owed, sum(disputed) as disputed
    from books.subledger_lines
   where ${inScope} and item_type in ('invoice', 'charge')
   group by item_type, item_id, vendor_id, original_due_on, due_on, planned_on
  having sum(owed) > 0`;

const latestBalances = `
  select distinct on (account) account, stated_on, balance
    from books.cash_balances
   where ledger_id = $1 and generation = $2 and currency = $5 and stated_on <= $3::date and position <= $4
   order by account, stated_on desc, position desc`;

const queries = {
  // With how many bills there are, and nothing but that if there are more than a plan can hold.
  items: `
    with open as materialized (${openItems}),
         counted as (select count(*) as bills from (select distinct item_type, item_id from open) o)
    select c.bills, o.item_type as kind, o.item_id as id, o.vendor_id, d.number,
           ${dayText('o.original_due_on')} as original, ${dayText('o.due_on')} as due,
           ${dayText('o.planned_on')} as planned, o.owed, o.disputed
      from counted c
      left join open o on c.bills <= ${maxBills}
      left join books.documents d
        on d.ledger_id = $1 and d.generation = $2 and d.kind = o.item_type and d.id = o.item_id`,
  // A release ends the hold that is in force on its day, also where that is still to come. Of several that are in force,
  // as where an earlier one was recorded later, the one that ends last counts.
  holds: `
    select distinct on (invoice_id) invoice_id, reason, ${dayText('ends_on')} as until
      from (select h.invoice_id, h.position, h.reason,
                   least(h.until,
                         (select min(r.effective_on) from books.holds r
                           where r.ledger_id = $1 and r.generation = $2 and r.invoice_id = h.invoice_id
                             and r.position <= $4 and r.position > h.position and r.reason is null
                             and r.effective_on >= h.effective_on
                             and (h.until is null or r.effective_on < h.until))) as ends_on
              from books.holds h
             where h.ledger_id = $1 and h.generation = $2 and h.position <= $4 and h.effective_on <= $3::date
               and h.reason is not null and $5::text is not null) held
      where ends_on is null or ends_on > $3::date
      order by invoice_id, ends_on desc nulls first, position`,
  policies: `
    select policy from books.policies
     where ledger_id = $1 and generation = $2 and position <= $4 and $3::date is not null and $5::text is not null
     order by position desc limit 1`,
  // Of these, $7, what is of more than $6, and approved by nobody.
  unapproved: `
    select e.invoice_id
      from books.duties e
     where e.ledger_id = $1 and e.generation = $2 and e.position <= $4 and e.invoice_id = any ($7::text[])
       and e.amount > $6 and $3::date is not null and $5::text is not null
       and not exists (select from books.duties a
                        where a.ledger_id = $1 and a.generation = $2 and a.invoice_id = e.invoice_id
                          and a.duty = 'approve' and a.position <= $4)`,
  // In force is the set with the latest day up to asOf; of one day the one recorded last.
  consequences: `
    select distinct on (vendor_id, invoice_id) vendor_id, invoice_id, consequences
      from books.consequences
     where ledger_id = $1 and generation = $2 and effective_on <= $3::date and position <= $4 and $5::text is not null
     order by vendor_id, invoice_id, effective_on desc, position desc`,
  offers: `
    select offer_id, invoice_id, cost, cures_cutoffs, schedule, ${dayText('expires_on')} as expires
      from books.offers
     where ledger_id = $1 and generation = $2 and position <= $4 and currency = $5
       and (expires_on is null or expires_on >= $3::date)
     order by offer_id`,
  discounts: `
    select invoice_id, ${dayText('until')} as until, percent
      from books.settlement_discounts
     where ledger_id = $1 and generation = $2 and position <= $4 and until >= $3::date and $5::text is not null`,
  balances: `select account, ${dayText('stated_on')} as on, balance from (${latestBalances}) b`,
  // What the journal says went out of our cash, less what came back, since the oldest balance that counts: payments,
  // their reversals, refunds.
  paid: `
    select account, ${dayText('effective_on')} as on, sum(paid) as paid
      from (select account, effective_on, credit - debit as paid from books.journal_lines
             where ${inScope} and stands_for is null and (account = 'cash' or account like 'cash:%')
             union all
            select stands_for, effective_on, credit - debit from books.journal_lines
             where ${inScope} and (stands_for = 'cash' or stands_for like 'cash:%')) lines
     where effective_on >= (select min(stated_on) from (${latestBalances}) b)
     group by account, effective_on`,
  expectations: `
    select e.expectation_id as id, e.direction, ${dayText('e.expected_on')} as on, e.amount, e.certainty, e.vendor_id,
           e.category, e.description
      from books.cash_expectations e
     where e.ledger_id = $1 and e.generation = $2 and e.position <= $4 and e.currency = $5 and e.amount is not null
       and e.expected_on >= $3::date
       and not exists (select from books.cash_expectations w
                        where w.ledger_id = $1 and w.generation = $2 and w.expectation_id = e.expectation_id
                          and w.position <= $4 and w.amount is null)`,
  vendors: `select vendor_id, name, connected from (${vendorsThen}) v where $3::date is not null and $5::text is not null`,
} as const satisfies Record<keyof Rows, string>;

type Read = <K extends keyof Rows>(name: K, ...more: readonly unknown[]) => Promise<Rows[K][]>;

/**
 * Everything that a plan depends on, at one moment.
 *
 * @throws {PlanRefusal} `no-cash-balance`; `too-many-bills`, before they are all read
 */
export const readPlanInput = async (
  snapshot: Snapshot,
  moment: Moment,
  currency: Currency,
  request: PlanRequest,
): Promise<PlanInput> => {
  const values = scopeValues(snapshot, moment, currency);
  const read: Read = (name, ...more) => snapshot.query(queries[name], [...values, ...more]);
  const found = await read('items');
  const bills = Number(found[0]!.bills);
  if (bills > maxBills) throw new PlanRefusal('too-many-bills', { limit: maxBills, bills });

  const accounts = accountsOf(await read('balances'), await read('paid'), currency);
  if (accounts.length === 0) throw new PlanRefusal('no-cash-balance', { currency, asOf: moment.asOf });
  const expectations = await read('expectations');
  const consequences = new Map(
    (await read('consequences')).map((row) => [
      `${row.vendor_id}/${row.invoice_id}`,
      inCurrency(JSON.parse(row.consequences) as Kept, currency),
    ]),
  );
  const unapproved = await unapprovedOf(read, currency, found);
  const vendorsOwn = (vendorId: string): Kept | undefined => consequences.get(`${vendorId}/`);
  const items = [
    ...itemsOf(bills === 0 ? [] : found, {
      currency,
      consequencesOf: (vendorId, invoiceId) =>
        merged(vendorsOwn(vendorId), consequences.get(`${vendorId}/${invoiceId}`)),
      offers: grouped(await read('offers')),
      holds: new Map([
        ...(await read('holds')).map(({ invoice_id, reason, until }): [string, Hold] => [
          invoice_id,
          { reason, ...(until !== null && { until }) },
        ]),
        // Nobody knows when an approval comes, so it counts before any hold that ends by itself.
        ...unapproved,
      ]),
      discounts: new Map((await read('discounts')).map((row) => [row.invoice_id, row])),
    }),
    ...expectations.flatMap((row) => expectedBill(row, currency, vendorsOwn)),
  ];
  const known = new Map((await read('vendors')).map((row) => [row.vendor_id, row]));
  const vendors = [...new Set(items.map(({ vendorId }) => vendorId))].map((id): PlanVendor => {
    const cutoffs = vendorsOwn(id)?.cutoffs as readonly Cutoff[] | undefined;
    const { name = id, connected = false } = known.get(id) ?? {};
    return { id, name, ...(connected && { connected }), ...(cutoffs && { cutoffs }) };
  });
  return {
    asOf: moment.asOf,
    position: moment.position,
    currency,
    request,
    vendors,
    items: withNamesOfTheirOwn(items),
    accounts,
    flows: expectations.filter((row) => !isBill(row)).map((row) => flowOf(row, currency)),
  };
};

/** What the ledger's policy keeps from being paid until somebody approves it. */
const unapprovedOf = async (
  read: Read,
  currency: Currency,
  found: readonly Rows['items'][],
): Promise<[string, Hold][]> => {
  const [set] = await read('policies');
  const { approvalAbove } = set ? (JSON.parse(set.policy) as Policy) : noPolicy;
  const limit = approvalAbove.find((one) => one.currency === currency);
  if (!limit) return [];
  const hold = { reason: `not approved, and above ${limit.amount} ${currency}`, unapproved: true };
  const invoices = found.flatMap(({ kind, id }) => (kind === 'invoice' ? [id] : []));
  const rows = await read('unapproved', parseMinor(limit.amount, currency), [...new Set(invoices)]);
  return rows.map(({ invoice_id }) => [invoice_id, hold]);
};

const full = (minor: string | Minor, currency: Currency): Amount => formatMinor(BigInt(minor), currency);

interface Context {
  readonly currency: Currency;
  readonly consequencesOf: (vendorId: string, invoiceId: string) => Kept;
  readonly offers: ReadonlyMap<string, readonly Rows['offers'][]>;
  readonly holds: ReadonlyMap<string, Hold>;
  readonly discounts: ReadonlyMap<string, Rows['discounts']>;
}

const itemsOf = (rows: readonly Rows['items'][], context: Context): PlanItem[] => {
  const byItem = new Map<string, Rows['items'][]>();
  for (const row of rows) {
    const key = `${row.kind}/${row.id}`;
    const own = byItem.get(key);
    if (own) own.push(row);
    else byItem.set(key, [row]);
  }
  return [...byItem.values()].map((own) => itemOf(own, context));
};

const itemOf = (rows: readonly Rows['items'][], context: Context): PlanItem => {
  const { currency, consequencesOf, offers, holds, discounts } = context;
  const [{ kind, id, vendor_id: vendorId, number }] = rows as [Rows['items']];
  const isInvoice = kind === 'invoice';
  const discount = isInvoice ? discounts.get(id) : undefined;
  const open = rows.reduce((total, { owed }) => total + BigInt(owed), 0n);
  const off = discount ? (open * hundredths(discount.percent)) / 10_000n : 0n;
  const own = isInvoice ? (offers.get(id) ?? []) : [];
  const hold = isInvoice ? holds.get(id) : undefined;
  return {
    itemId: id,
    kind,
    vendorId,
    number: number ?? id,
    instalments: rows.map((row): OpenInstalment => ({
      dueOn: row.due,
      originalDueOn: row.original,
      plannedOn: row.planned,
      amount: full(row.owed, currency),
      ...(row.disputed !== '0' && { disputed: full(row.disputed, currency) }),
    })),
    ...(hold && { hold }),
    consequences: withoutCutoffs(isInvoice ? consequencesOf(vendorId, id) : consequencesOf(vendorId, '')),
    ...(off > 0n && { discount: { until: discount!.until, amount: full(off, currency) } }),
    ...(own.length > 0 && { offers: own.map((row) => offerOf(row, currency)) }),
  };
};

const withoutCutoffs = ({ cutoffs: _, ...consequences }: Kept): PlanConsequences => consequences;

const offerOf = (row: Rows['offers'], currency: Currency): Offer => ({
  id: row.offer_id,
  cost: full(row.cost, currency),
  curesCutoffs: row.cures_cutoffs,
  schedule: JSON.parse(row.schedule) as Offer['schedule'],
  ...(row.expires !== null && { validUntil: row.expires }),
});

const grouped = (rows: readonly Rows['offers'][]): Map<string, Rows['offers'][]> => {
  const groups = new Map<string, Rows['offers'][]>();
  for (const row of rows) groups.set(row.invoice_id, [...(groups.get(row.invoice_id) ?? []), row]);
  return groups;
};

/** An outflow that names a vendor is a bill that has not come yet: the plan decides it. */
const isBill = ({ direction, vendor_id }: Rows['expectations']): boolean =>
  direction === 'outflow' && vendor_id !== null;

const expectedBill = (
  row: Rows['expectations'],
  currency: Currency,
  vendorsOwn: (vendorId: string) => Kept | undefined,
): PlanItem[] => {
  if (!isBill(row)) return [];
  const { id, on, vendor_id, description, category } = row;
  const days = { dueOn: on, originalDueOn: on, plannedOn: on };
  return [
    {
      itemId: id,
      kind: 'expected',
      vendorId: vendor_id!,
      number: description ?? category ?? id,
      instalments: [{ ...days, amount: full(row.amount, currency) }],
      consequences: withoutCutoffs(vendorsOwn(vendor_id!) ?? {}),
    },
  ];
};

/**
 * Invoices, charges and expectations may have the same id. An invoice keeps it in a plan, and so does whatever shares it
 * with nothing; else the kind stands before it, with a colon, which no id has.
 */
const withNamesOfTheirOwn = (items: readonly PlanItem[]): PlanItem[] => {
  const kinds = new Map<string, Set<PlanItem['kind']>>();
  for (const { itemId, kind } of items) kinds.set(itemId, (kinds.get(itemId) ?? new Set()).add(kind));
  return items.map((item) =>
    item.kind === 'invoice' || kinds.get(item.itemId)!.size === 1
      ? item
      : { ...item, itemId: `${item.kind}:${item.itemId}` },
  );
};

/** The id of a document in a plan, without what tells it from others of the same id. */
export const documentIdOf = (itemId: string): string => itemId.slice(itemId.indexOf(':') + 1);

const flowOf = (row: Rows['expectations'], currency: Currency): CashFlow => {
  const { id, direction, on, certainty, category } = row;
  const description = row.description ?? category;
  return {
    id,
    direction,
    on,
    amount: full(row.amount, currency),
    certainty,
    ...(description !== null && { description }),
  };
};

/**
 * Each account's latest balance, less what was paid from it from that day to asOf. Payments that name no account are
 * taken from the one whose balance is the oldest: so none is forgotten because another account was looked at later.
 */
const accountsOf = (
  balances: readonly Rows['balances'][],
  paid: readonly Rows['paid'][],
  currency: Currency,
): CashAccount[] => {
  const oldest = balances.reduce<Rows['balances'] | undefined>(
    (first, next) => (!first || next.on < first.on ? next : first),
    undefined,
  );
  return balances.map(({ account, on, balance }) => {
    const since = paid
      .filter(
        (row) =>
          row.on >= on &&
          (row.account === `cash:${account}` || (row.account === 'cash' && oldest?.account === account)),
      )
      .reduce((total, row) => total + BigInt(row.paid), 0n);
    return { account, on, balance: full(balance, currency), paidSince: full(since, currency) };
  });
};

/** A vendor's amounts are kept with the decimals of the ledger's currency; here with those of the plan's, rounded up. */
const inCurrency = (kept: Kept, currency: Currency): Kept => {
  const amount = (text: Amount): Amount => {
    if (!faultOfAmount(text, currency)) return formatMinor(parseMinor(text, currency), currency);
    const decimals = decimalsOf(currency);
    const [whole = '0', fraction = ''] = text.split('.');
    const cut = BigInt(whole + fraction.slice(0, decimals));
    return formatMinor(/[1-9]/.test(fraction.slice(decimals)) ? cut + 1n : cut, currency);
  };
  const { steps, partial, cutoffs, ...rest } = kept;
  return {
    ...rest,
    ...(steps && {
      steps: steps.map((step) => ({ ...step, ...(step.fixed !== undefined && { fixed: amount(step.fixed) }) })),
    }),
    ...(partial && {
      partial: { ...partial, ...(partial.minimum !== undefined && { minimum: amount(partial.minimum) }) },
    }),
    ...(cutoffs && {
      cutoffs: cutoffs.map((cutoff) => ({
        ...cutoff,
        tolerance: amount(cutoff.tolerance),
        cost: amount(cutoff.cost),
        ...(cutoff.weekly !== undefined && { weekly: amount(cutoff.weekly) }),
      })),
    }),
  };
};
