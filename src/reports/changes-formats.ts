import type { Currency } from '../domain/money.js';
import { otherColumns } from './ageing.js';
import type { Amounts, Change, ChangesReport, ChangingEvent } from './changes.js';
import { type Cell, cellsOf, csvLine, Figure, momentCells, momentColumns } from './csv.js';

/** Reads the events that moved something in a currency, some at a time. */
export type ReadEvents = (currency: Currency) => AsyncGenerator<ChangingEvent[]>;

/** Few enough to be written without keeping other requests waiting. */
const rowsPerPiece = 250;

/** The report as JSON, written as its events are read: there may be more of them than fit into memory. */
export async function* changesJson(report: ChangesReport, events: ReadEvents): AsyncGenerator<string> {
  const { currencies, ...head } = report;
  yield `${JSON.stringify(head).slice(0, -1)},"currencies":[`;
  for (const [place, { currency, rows, totals }] of currencies.entries()) {
    yield `${place === 0 ? '' : ','}{"currency":${JSON.stringify(currency)},"rows":[`;
    for (let at = 0; at < rows.length; at += rowsPerPiece) {
      const piece = rows.slice(at, at + rowsPerPiece).map((row) => JSON.stringify(row));
      yield `${at === 0 ? '' : ','}${piece.join(',')}`;
    }
    yield `],"totals":${JSON.stringify(totals)},"events":[`;
    let separator = '';
    for await (const some of events(currency)) {
      if (some.length === 0) continue;
      yield separator + some.map((event) => JSON.stringify(shown(event))).join(',');
      separator = ',';
    }
    yield ']}';
  }
  yield ']}';
}

/** With its columns beside what it is. */
const shown = ({ amounts, items, ...event }: ChangingEvent): object => ({
  ...event,
  ...amounts,
  items: items.map(({ amounts: ofItem, ...item }) => ({ ...item, ...ofItem })),
});

const eventColumns = ['eventPosition', 'type', 'recordedAt', 'effectiveOn', 'actor', 'role'];
const itemColumns = ['itemType', 'itemId', 'number'];
const noTexts: ReadonlySet<string> = new Set();

/**
 * The report as a CSV file: of each vendor a line with what was said at first, one with the change and one with what was
 * said at last; a line for each item that an event moved; and the totals of each currency.
 */
export async function* changesCsv(report: ChangesReport, events: ReadEvents): AsyncGenerator<string> {
  const { from, basis, buckets } = report;
  const columns = [...buckets, 'total', ...otherColumns];
  const about = ['fromKnownAt', 'fromPosition', 'basis', 'currency', 'row', 'vendorId', 'vendorName'];
  yield csvLine([...momentColumns, ...about, ...eventColumns, ...itemColumns, ...columns]);
  const echo = [...momentCells(report), from.knownAt, new Figure(String(from.position)), basis];
  for (const { currency, rows, totals } of report.currencies) {
    const names = new Map(rows.map(({ vendorId, vendorName }) => [vendorId, vendorName]));
    const line = (row: string, cells: readonly Cell[], amounts: Amounts): string =>
      csvLine([...echo, currency, row, ...cells, ...cellsOf(amounts, columns, noTexts)]);
    const blank = [...eventColumns, ...itemColumns].map(() => null);
    const three = (prefix: string, cells: readonly Cell[], change: Change): string =>
      (['from', 'change', 'to'] as const)
        .map((what) => line(prefix + what, [...cells, ...blank], change[what]))
        .join('');
    for (const { vendorId, vendorName, ...change } of rows) yield three('', [vendorId, vendorName], change);
    for await (const some of events(currency)) {
      yield some
        .flatMap(({ position, type, recordedAt, effectiveOn, actor, vendorId, items }) => {
          const vendor = [vendorId, names.get(vendorId) ?? null];
          const event = [new Figure(String(position)), type, recordedAt, effectiveOn, actor.id, actor.role];
          return items.map(({ itemType, itemId, number, amounts }) =>
            line('event', [...vendor, ...event, itemType, itemId, number], amounts),
          );
        })
        .join('');
    }
    yield three('totals-', [null, null], totals);
  }
}
