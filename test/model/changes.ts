import type { Day } from './calendar.js';
import type { Known } from './facts.js';
import {
  ageingFigures,
  type Basis,
  bucketsOf,
  compare,
  type Figures,
  grouped,
  piecesOf,
  type Piece,
  type Row,
  vendorOf,
  written,
} from './reports.js';

// What moved an ageing between two positions: the ageing is worked out anew after each event, and what differs is what
// that event moved. Rows come from the ageings at the two ends alone, so that events and rows check each other.

interface Change {
  from: Record<string, string>;
  change: Record<string, string>;
  to: Record<string, string>;
}
export interface ChangesReport {
  asOf: Day;
  position: number;
  from: number;
  basis: Basis;
  buckets: string[];
  currencies: {
    currency: string;
    rows: ({ vendorId: string; vendorName: string | null } & Change)[];
    totals: Change;
    events: (Row | { items: Row[] })[];
  }[];
}

export interface ChangesQuestion {
  asOf: Day;
  from: number;
  position: number;
  basis?: Basis | undefined;
  edges?: readonly number[] | undefined;
}

const minus = (one: Figures, other: Figures): Figures =>
  Object.fromEntries(Object.keys(one).map((name) => [name, (one[name] ?? 0n) - (other[name] ?? 0n)]));

interface Moved {
  readonly position: number;
  readonly currency: string;
  readonly vendorId: string;
  readonly keys: Row;
  readonly figures: Figures;
}

export const changesOf = (knownAt: (position: number) => Known, question: ChangesQuestion): ChangesReport => {
  const { asOf, from, position, basis = 'agreed', edges = [30, 60, 90] } = question;
  const figuresOf = (pieces: readonly Piece[]): Figures => ageingFigures(pieces, asOf, basis, edges);
  const idOf = ({ posted: { item } }: Piece): string => `${item.type} ${item.id}`;

  const states = Array.from({ length: position - from + 1 }, (_, i) => piecesOf(knownAt(from + i), asOf));
  const [first = [], last = []] = [states[0], states.at(-1)];

  const movedBy = (at: number): Moved[] => {
    const [before = [], after = []] = states.slice(at - 1 - from);
    return grouped([...before, ...after], idOf).flatMap(([id, [some]]) => {
      const of = (pieces: readonly Piece[]): Figures => figuresOf(pieces.filter((piece) => idOf(piece) === id));
      const figures = minus(of(after), of(before));
      if (!some || Object.values(figures).every((minor) => minor === 0n)) return [];
      const { item, number, currency, vendorId } = some.posted;
      return [{ position: at, currency, vendorId, keys: { itemType: item.type, itemId: item.id, number }, figures }];
    });
  };
  const moved = Array.from({ length: position - from }, (_, i) => movedBy(from + 1 + i)).flat();

  const currencies = grouped(moved, ({ currency }) => currency).map(([currency, inCurrency]) => {
    const changeOf = (isMeant: (piece: Piece) => boolean): Change & { total: bigint } => {
      const of = (pieces: readonly Piece[]): Figures =>
        figuresOf(pieces.filter((piece) => piece.posted.currency === currency && isMeant(piece)));
      const [before, after] = [of(first), of(last)];
      const change = minus(after, before);
      return {
        from: written(before, currency),
        change: written(change, currency),
        to: written(after, currency),
        total: after.total ?? 0n,
      };
    };
    const rows = grouped(inCurrency, ({ vendorId }) => vendorId)
      .map(([vendorId]) => {
        const { total, ...change } = changeOf(({ posted }) => posted.vendorId === vendorId);
        return { vendorId, total, change };
      })
      .sort((one, other) =>
        one.total === other.total ? compare(one.vendorId, other.vendorId) : one.total > other.total ? -1 : 1,
      )
      .map(({ vendorId, change }) => {
        const vendorName = vendorOf(knownAt(position), vendorId)?.name ?? null;
        return { vendorId, vendorName, ...change };
      });
    const { total: _, ...totals } = changeOf(() => true);
    const events = grouped(inCurrency, (one) => String(one.position).padStart(9, '0')).map(([, items]) => {
      const zero: Figures = figuresOf([]);
      const all = items.reduce((sum, { figures }) => minus(sum, minus(zero, figures)), zero);
      return {
        position: items[0]!.position,
        vendorId: items[0]!.vendorId,
        ...written(all, currency),
        items: items
          .map(({ keys, figures }) => ({ ...keys, ...written(figures, currency) }))
          .sort((one, other) => compare(`${one.itemType}${one.itemId}`, `${other.itemType}${other.itemId}`)),
      };
    });
    return { currency, rows, totals, events };
  });
  return { asOf, position, from, basis, buckets: bucketsOf(edges), currencies };
};
