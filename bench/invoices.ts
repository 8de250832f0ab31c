/** Invoices as they come in: a few lines with accounts and taxes, a due date, a number of the vendor's own. */
import { randomUUID } from 'node:crypto';
import type { PostInvoice } from '#duebook/domain/invoices.js';
import type { EventLog } from '#duebook/event-log/event-log.js';
import type { Request } from '#duebook/event-log/ledger-writer.js';

export const vendorCount = 50;
export const ledgerId = 'acme';

/** The n-th invoice: the same for the same n and run, and its number not met before on its vendor account. */
export const invoice = (run: string, n: number, vendors = vendorCount): PostInvoice => {
  const day = isoDay(n % 365);
  const lines = Array.from({ length: 1 + (n % 3) }, (_, i) => ({
    description: `${services[(n + i) % services.length]!}, ${day.slice(0, 7)}`,
    account: `6${String(100 + ((n + i) % 20) * 10)}`,
    amount: decimal(amountOf(n, i)),
    tax: decimal(Math.floor(amountOf(n, i) / 5)),
  }));
  const total = lines.reduce((sum, _, i) => sum + amountOf(n, i) + Math.floor(amountOf(n, i) / 5), 0);
  return {
    type: 'PostInvoice',
    id: `${run}-${String(n)}`,
    vendorId: `vendor-${String(n % vendors)}`,
    number: `INV-${run}-${String(n)}`,
    invoiceDate: day,
    postingDate: day,
    currency: 'USD',
    lines,
    total: decimal(total),
    dueDate: isoDay((n % 365) + 30),
  };
};

/** In cents, up to 100,000.00: spread widely, as amounts are, so that hardly two invoices of a day look like one sent twice. */
const amountOf = (n: number, line: number): number => 100 + ((n * 7_919_777 + line * 104_729) % 9_999_900);
const decimal = (cents: number): string => `${String(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`;

const services = [
  'Compute, on demand',
  'Object storage',
  'Data transfer out',
  'Managed database',
  'Support plan',
  'Licences',
];
const firstDayMs = Date.UTC(2025, 0, 1);
const isoDays = Array.from({ length: 400 }, (_, n) => new Date(firstDayMs + n * 86_400_000).toISOString().slice(0, 10));
const isoDay = (n: number): string => isoDays[n]!;

/** A request as the application makes it of what came over HTTP. */
export const requestOf = (command: Request['command']): Request => ({
  command,
  actor: { id: 'integration', role: 'clerk' },
  key: randomUUID(),
  // The application's is a hash; what matters here is that it is as long and as different.
  requestHash: randomUUID().padEnd(43, '-'),
  correlationId: randomUUID(),
  nowMs: Date.now(),
  render: (document, { warnings }) => {
    if (document.kind !== 'invoice') return { location: `/${document.kind}`, body: '{}' };
    const {
      invoiceId: id,
      vendorId,
      number,
      invoiceDate,
      postingDate,
      currency,
      lines,
      total,
      schedule,
      terms,
    } = document.posted;
    const posted = { id, vendorId, number, invoiceDate, postingDate, currency, lines, total, schedule, terms };
    const state = {
      status: 'open',
      outstanding: total,
      overdue: '0.00',
      deferred: '0.00',
      disputed: '0.00',
      onHold: false,
    };
    return { location: `/invoices/${id}`, body: JSON.stringify({ posted, state, warnings }) };
  },
});

/** A ledger with its vendors. */
export const openLedger = async (log: EventLog, vendors = vendorCount): Promise<void> => {
  await log.execute(
    ledgerId,
    requestOf({ type: 'OpenLedger', id: ledgerId, name: 'Acme', currency: 'USD', timeZone: 'UTC' }),
  );
  for (let n = 0; n < vendors; n++) {
    const id = `vendor-${String(n)}`;
    await log.execute(
      ledgerId,
      requestOf({ type: 'RegisterVendor', id, name: `Vendor ${String(n)}`, kind: 'supplier', terms: { netDays: 30 } }),
    );
  }
};
