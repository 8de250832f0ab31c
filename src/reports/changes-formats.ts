import type { Currency } from '../domain/money.js';
import { otherColumns } from './ageing.js';
import type { Amounts, Change, ChangesQuestion, ChangesReport, ChangingEvent } from './changes.js';
import { aboutMoment, amounts, days, type Line, lineOf, numbers, type Table, texts, type Value } from './table.js';

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

const keyColumns = [
  ...texts('vendorId', 'vendorName'),
  ...numbers('eventPosition'),
  ...texts('type', 'recordedAt'),
  ...days('effectiveOn'),
  ...texts('actor', 'role', 'itemType', 'itemId', 'number'),
];

/**
 * Of each vendor a line with what was said at first, one with the change and one with what was said at last; a line for
 * each item that an event moved; and the totals of each currency.
 *
 * @param moved how many items the events moved in all
 */
export const changesTable = (
  report: ChangesReport,
  { edges, currency }: Pick<ChangesQuestion, 'edges' | 'currency'>,
  events: ReadEvents,
  moved: () => Promise<number>,
): Table => ({
  about: [
    ...aboutMoment(report),
    { name: 'fromKnownAt', kind: 'text', value: report.from.knownAt },
    { name: 'fromPosition', kind: 'number', value: report.from.position },
    { name: 'basis', kind: 'text', value: report.basis },
  ],
  asked: { edges: edges.join(','), currency: currency ?? null },
  columns: [...texts('currency', 'row'), ...keyColumns, ...figuresOf(report)],
  lines: linesOf(report, events),
  size: async () => report.currencies.reduce((size, { rows }) => size + 3 * (rows.length + 1), await moved()),
});

const figuresOf = ({ buckets }: ChangesReport) => amounts(...buckets, 'total', ...otherColumns);

async function* linesOf(report: ChangesReport, events: ReadEvents): AsyncGenerator<Line> {
  const columns = figuresOf(report);
  const blank = keyColumns.slice(2).map(() => null);
  for (const { currency, rows, totals } of report.currencies) {
    const names = new Map(rows.map(({ vendorId, vendorName }) => [vendorId, vendorName]));
    const line = (row: string, keys: readonly Value[], figures: Amounts): Line => [
      ...[currency, row, ...keys],
      ...lineOf(figures, columns),
    ];
    const three = (prefix: string, vendor: readonly Value[], change: Change): Line[] =>
      (['from', 'change', 'to'] as const).map((what) => line(prefix + what, [...vendor, ...blank], change[what]));
    for (const { vendorId, vendorName, ...change } of rows) yield* three('', [vendorId, vendorName], change);
    for await (const some of events(currency)) {
      for (const { position, type, recordedAt, effectiveOn, actor, vendorId, items } of some) {
        const event = [vendorId, names.get(vendorId) ?? null, position, type, recordedAt, effectiveOn];
        for (const { itemType, itemId, number, amounts: ofItem } of items)
          yield line('event', [...event, actor.id, actor.role, itemType, itemId, number], ofItem);
      }
    }
    yield* three('totals-', [null, null], totals);
  }
}
