import { daysBetween, monthOf, type Day } from './calendar.js';
import {
  factsOf,
  same,
  type Fact,
  type Instalment,
  type Known,
  type Posted,
  type Ref,
  type ReversibleType,
} from './facts.js';
import { controlOf } from './journal.js';
import { decimalOf, least, sum } from './money.js';
import {
  allocationEnd,
  deferralOf,
  disputedAmount,
  isCredit,
  isHeld,
  openAmount,
  openInstalments,
  postedOf,
} from './open-items.js';

// The contract's section 5, from the facts known at a question. Figures are kept as minor units to the last step.

export type Basis = 'agreed' | 'contractual' | 'invoice-date';
export type AgeingBy = 'vendor' | 'invoice' | 'kind';
export type LiabilitiesBy = 'vendor' | 'kind' | 'due-month' | 'maturity';

export type Figures = Readonly<Record<string, bigint>>;
export type Row = Record<string, string | number | null>;
interface CurrencyRows {
  currency: string;
  rows: Row[];
  totals: Record<string, string>;
}
export interface AgeingReport {
  asOf: Day;
  position: number;
  basis: Basis;
  buckets: string[];
  currencies: CurrencyRows[];
}
export interface LiabilitiesReport {
  asOf: Day;
  position: number;
  currencies: (CurrencyRows & {
    reconciliation: { ageingTotal: string; controlAccount: string; difference: string };
  })[];
}
interface StatementLine {
  on: Day;
  itemType: string;
  itemId: string;
  number: string | null;
  amount: string;
  balance: string;
  position: number;
}
export interface StatementReport {
  asOf: Day;
  position: number;
  vendorId: string;
  currencies: { currency: string; opening: string; lines: StatementLine[]; closing: string }[];
}

/** An amount at one date, the smallest thing that a report adds up: an open instalment, or a credit on account. */
export interface Piece {
  readonly posted: Posted;
  readonly basisOn: Record<Basis, Day>;
  readonly owed: bigint;
  readonly onAccount: bigint;
  readonly deferredAgreed: bigint;
  readonly deferredUnilateral: bigint;
  readonly held: bigint;
  readonly disputed: bigint;
}

const none = {
  owed: 0n,
  onAccount: 0n,
  deferredAgreed: 0n,
  deferredUnilateral: 0n,
  held: 0n,
  disputed: 0n,
} as const;

const pieceOfCredit = (known: Known, posted: Posted, asOf: Day): Piece[] => {
  const left = openAmount(known, posted.item, asOf);
  if (left === 0n) return [];
  const basisOn = { agreed: posted.on, contractual: posted.on, 'invoice-date': posted.on };
  return [{ ...none, posted, basisOn, onAccount: left }];
};

const piecesOfItem = (known: Known, posted: Posted, asOf: Day): Piece[] => {
  const held = isHeld(known, posted.item, asOf);
  let disputed = disputedAmount(known, posted.item, asOf);
  return openInstalments(known, posted.item, asOf).map((instalment: Instalment) => {
    const { amount, dueOn, originalDueOn } = instalment;
    const deferral = deferralOf(instalment, asOf);
    // Reports by due date need a date for what is disputed: as with everything else, what is first due first.
    const disputedHere = least(disputed, amount);
    disputed -= disputedHere;
    return {
      posted,
      basisOn: { agreed: dueOn, contractual: originalDueOn, 'invoice-date': posted.datedOn },
      owed: amount,
      onAccount: 0n,
      deferredAgreed: deferral === 'agreed' ? amount : 0n,
      deferredUnilateral: deferral === 'unilateral' ? amount : 0n,
      held: held ? amount : 0n,
      disputed: disputedHere,
    };
  });
};

export const piecesOf = (known: Known, asOf: Day): Piece[] =>
  factsOf(known, 'Posted').flatMap((posted) =>
    isCredit(posted.item) ? pieceOfCredit(known, posted, asOf) : piecesOfItem(known, posted, asOf),
  );

export const vendorOf = (known: Known, vendorId: string) =>
  factsOf(known, 'VendorStated').findLast((vendor) => vendor.vendorId === vendorId);

/** An invoice's own kind, else its vendor's as it is known. */
const kindOf = (known: Known, posted: Posted): string => posted.kind ?? vendorOf(known, posted.vendorId)?.kind ?? '';

export const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

export const grouped = <Member>(
  members: readonly Member[],
  keyOf: (member: Member) => string,
): [string, Member[]][] => {
  const groups = new Map<string, Member[]>();
  for (const member of members) groups.set(keyOf(member), [...(groups.get(keyOf(member)) ?? []), member]);
  return [...groups].sort(([one], [other]) => compare(one, other));
};

export const written = (figures: Figures, currency: string): Record<string, string> =>
  Object.fromEntries(Object.entries(figures).map(([name, minor]) => [name, decimalOf(minor, currency)]));

interface Line {
  readonly keys: Row;
  readonly id: string;
  readonly figures: Figures & { readonly total: bigint };
}

/** Largest total first, then by id in the order of its characters' codes. */
const byTotal = (one: Line, other: Line): number => {
  if (one.figures.total !== other.figures.total) return one.figures.total > other.figures.total ? -1 : 1;
  return compare(one.id, other.id);
};

const rowsOf = (lines: readonly Line[], currency: string): Row[] =>
  lines.map(({ keys, figures }) => ({ ...keys, ...written(figures, currency) }));

/** @returns the bucket names of some edges: `[30, 60]` gives `notDue`, `1-30`, `31-60`, `over-60` */
export const bucketsOf = (edges: readonly number[]): string[] => [
  'notDue',
  ...edges.map((edge, place) => `${(edges[place - 1] ?? 0) + 1}-${edge}`),
  `over-${edges.at(-1) ?? 0}`,
];

const bucketOf = (daysLate: number, edges: readonly number[]): string => {
  if (daysLate <= 0) return 'notDue';
  const place = edges.findIndex((edge) => daysLate <= edge);
  return bucketsOf(edges)[place === -1 ? edges.length + 1 : place + 1] ?? '';
};

export const ageingFigures = (pieces: readonly Piece[], asOf: Day, basis: Basis, edges: readonly number[]) => {
  const net = (some: readonly Piece[]): bigint => sum(some.map(({ owed, onAccount }) => owed - onAccount));
  const buckets = bucketsOf(edges).map((bucket) => [
    bucket,
    net(pieces.filter(({ basisOn }) => bucketOf(daysBetween(basisOn[basis], asOf), edges) === bucket)),
  ]);
  return {
    ...(Object.fromEntries(buckets) as Record<string, bigint>),
    total: net(pieces),
    onAccount: sum(pieces.map(({ onAccount }) => onAccount)),
    deferred: sum(pieces.map(({ deferredAgreed, deferredUnilateral }) => deferredAgreed + deferredUnilateral)),
    held: sum(pieces.map(({ held }) => held)),
    disputed: sum(pieces.map(({ disputed }) => disputed)),
  };
};

export interface AgeingQuestion {
  asOf: Day;
  position: number;
  basis?: Basis | undefined;
  edges?: readonly number[] | undefined;
  by?: AgeingBy | undefined;
  currency?: string | undefined;
}

const ageingKey = (known: Known, by: AgeingBy, { posted }: Piece): string => {
  if (by === 'vendor') return posted.vendorId;
  if (by === 'kind') return kindOf(known, posted);
  return `${posted.item.type}/${posted.item.id}`;
};

const ageingLine = (known: Known, pieces: readonly Piece[], question: Required<AgeingQuestion>): Line => {
  const { asOf, basis, edges, by } = question;
  const { posted } = pieces[0] ?? missing();
  const { vendorId, item, number } = posted;
  const figures = ageingFigures(pieces, asOf, basis, edges);
  if (by === 'kind') return { keys: { kind: kindOf(known, posted) }, id: kindOf(known, posted), figures };
  const vendor = { vendorId, vendorName: vendorOf(known, vendorId)?.name ?? null };
  if (by === 'vendor') return { keys: vendor, id: vendorId, figures };
  const dueOn = pieces.map(({ basisOn }) => basisOn[basis]).reduce((one, other) => (one < other ? one : other));
  const daysLate = daysBetween(dueOn, asOf);
  return { keys: { ...vendor, itemId: item.id, itemType: item.type, number, dueOn, daysLate }, id: item.id, figures };
};

const missing = (): never => {
  throw new Error('a row without anything in it');
};

export const ageingOf = (known: Known, question: AgeingQuestion): AgeingReport => {
  const { asOf, position, basis = 'agreed', edges = [30, 60, 90], by = 'vendor', currency: only = '' } = question;
  const pieces = piecesOf(known, asOf).filter(({ posted }) => only === '' || posted.currency === only);
  const currencies = grouped(pieces, ({ posted }) => posted.currency).map(([currency, inCurrency]) => {
    const lines = grouped(inCurrency, (piece) => ageingKey(known, by, piece))
      .map(([, inRow]) => ageingLine(known, inRow, { asOf, position, basis, edges, by, currency: only }))
      .filter(({ figures }) => ['total', ...bucketsOf(edges)].some((column) => (figures as Figures)[column] !== 0n))
      .sort(byTotal);
    return {
      currency,
      rows: rowsOf(lines, currency),
      totals: written(ageingFigures(inCurrency, asOf, basis, edges), currency),
    };
  });
  return { asOf, position, basis, buckets: bucketsOf(edges), currencies };
};

const liabilitiesFigures = (pieces: readonly Piece[], asOf: Day) => {
  const owed = sum(pieces.map((piece) => piece.owed));
  const onAccount = sum(pieces.map((piece) => piece.onAccount));
  return {
    owed,
    overdue: sum(pieces.filter(({ basisOn }) => basisOn.agreed < asOf).map((piece) => piece.owed)),
    deferredAgreed: sum(pieces.map(({ deferredAgreed }) => deferredAgreed)),
    deferredUnilateral: sum(pieces.map(({ deferredUnilateral }) => deferredUnilateral)),
    disputed: sum(pieces.map(({ disputed }) => disputed)),
    held: sum(pieces.map(({ held }) => held)),
    onAccount,
    total: owed - onAccount,
  };
};

const BANDS: readonly string[] = ['overdue', '0-30', '31-90', '91-365', 'over-365', 'on-account'];

const bandOf = (dueOn: Day, asOf: Day): string => {
  const days = daysBetween(asOf, dueOn);
  if (days < 0) return 'overdue';
  if (days <= 30) return '0-30';
  if (days <= 90) return '31-90';
  return days <= 365 ? '91-365' : 'over-365';
};

export interface LiabilitiesQuestion {
  asOf: Day;
  position: number;
  by?: LiabilitiesBy | undefined;
  currency?: string | undefined;
}

const liabilitiesKey = (known: Known, by: LiabilitiesBy, asOf: Day, { posted, basisOn, onAccount }: Piece): string => {
  if (by === 'vendor') return posted.vendorId;
  if (by === 'kind') return kindOf(known, posted);
  if (onAccount !== 0n) return 'on-account';
  return by === 'due-month' ? monthOf(basisOn.agreed) : bandOf(basisOn.agreed, asOf);
};

const liabilitiesKeys = (known: Known, by: LiabilitiesBy, key: string): Row => {
  if (by === 'vendor') return { vendorId: key, vendorName: vendorOf(known, key)?.name ?? null };
  if (by === 'kind') return { kind: key };
  return by === 'due-month' ? { dueMonth: key } : { maturity: key };
};

const liabilitiesOrder = (by: LiabilitiesBy): ((one: Line, other: Line) => number) => {
  if (by === 'maturity') return (one, other) => BANDS.indexOf(one.id) - BANDS.indexOf(other.id);
  if (by === 'due-month') return (one, other) => compare(one.id, other.id); // 'on-account' sorts behind every month
  return byTotal;
};

export const liabilitiesOf = (known: Known, question: LiabilitiesQuestion): LiabilitiesReport => {
  const { asOf, position, by = 'vendor', currency: only = '' } = question;
  const pieces = piecesOf(known, asOf).filter(({ posted }) => only === '' || posted.currency === only);
  const control = controlOf(known, asOf);
  const currencies = grouped(pieces, ({ posted }) => posted.currency).map(([currency, inCurrency]) => {
    const lines = grouped(inCurrency, (piece) => liabilitiesKey(known, by, asOf, piece))
      .map(([key, inRow]) => ({
        keys: liabilitiesKeys(known, by, key),
        id: key,
        figures: liabilitiesFigures(inRow, asOf),
      }))
      .sort(liabilitiesOrder(by));
    const ageingTotal = ageingFigures(inCurrency, asOf, 'agreed', [30]).total;
    const controlAccount = control.get(currency) ?? 0n;
    return {
      currency,
      rows: rowsOf(lines, currency),
      totals: written(liabilitiesFigures(inCurrency, asOf), currency),
      reconciliation: {
        ageingTotal: decimalOf(ageingTotal, currency),
        controlAccount: decimalOf(controlAccount, currency),
        difference: decimalOf(ageingTotal - controlAccount, currency),
      },
    };
  });
  return { asOf, position, currencies };
};

interface Movement {
  readonly on: Day;
  readonly itemType: string;
  readonly itemId: string;
  readonly number: string | null;
  readonly currency: string;
  readonly amount: bigint;
  readonly position: number;
}

/** What a fact by itself does to its vendor's account; setting one document against another does nothing. */
const effectOf = (fact: Fact): { document: Ref<ReversibleType>; about: Ref; amount: bigint } | undefined => {
  switch (fact.type) {
    case 'Posted':
      return { document: fact.item, about: fact.item, amount: isCredit(fact.item) ? -fact.amount : fact.amount };
    case 'Allocated': // only its discount
      return { document: { type: 'allocation', id: fact.id }, about: fact.to, amount: -fact.discount };
    case 'RefundReceived':
      return { document: { type: 'refund', id: fact.id }, about: fact.from, amount: fact.amount };
    case 'WrittenOff':
      return { document: { type: 'write-off', id: fact.id }, about: fact.item, amount: -fact.amount };
    default:
      return undefined;
  }
};

/** Where and from which day on a fact was undone: by its own reversal, or by that of the payment it comes from. */
const undoingOf = (known: Known, fact: Fact, document: Ref<ReversibleType>) => {
  const isOf = (of: Ref<ReversibleType>) => (other: Fact) => other.type === 'Reversed' && same(other.of, of);
  const own = known.findIndex(isOf(document));
  if (own !== -1) return { on: known[own]?.on ?? missing(), place: own };
  if (fact.type !== 'Allocated') return undefined;
  const ofSource = known.findIndex(isOf(fact.from));
  return ofSource === -1 ? undefined : { on: allocationEnd(known, fact) ?? missing(), place: ofSource };
};

/** All movements of one vendor's account, and for each that was undone another one the other way. */
const movementsOf = (known: Known, vendorId: string, positionOf: (place: number) => number): Movement[] =>
  known.flatMap((fact, place) => {
    const effect = effectOf(fact);
    if (!effect || effect.amount === 0n) return [];
    const about = postedOf(known, effect.about) ?? missing();
    if (about.vendorId !== vendorId) return [];
    const movement: Movement = {
      on: fact.on,
      itemType: effect.document.type === 'allocation' ? 'discount' : effect.document.type,
      itemId: effect.document.id,
      number: about.number,
      currency: about.currency,
      amount: effect.amount,
      position: positionOf(place),
    };
    const undoing = undoingOf(known, fact, effect.document);
    if (!undoing) return [movement];
    const { on, place: undoneAt } = undoing;
    return [
      movement,
      { ...movement, on, itemType: 'reversal', amount: -effect.amount, position: positionOf(undoneAt) },
    ];
  });

export interface StatementQuestion {
  asOf: Day;
  position: number;
  vendorId: string;
  from?: Day | undefined;
  currency?: string | undefined;
}

export const statementOf = (
  known: Known,
  { asOf, position, vendorId, from = '0000-01-01', currency: only }: StatementQuestion,
  positionOf: (place: number) => number,
): StatementReport => {
  const movements = movementsOf(known, vendorId, positionOf)
    .filter(({ on, currency }) => on <= asOf && (only === undefined || currency === only))
    .sort((one, other) => compare(one.on, other.on) || one.position - other.position);
  const currencies = grouped(movements, ({ currency }) => currency).map(([currency, inCurrency]) => {
    const balanceAfter = (count: number): string =>
      decimalOf(sum(inCurrency.slice(0, count).map(({ amount }) => amount)), currency);
    const before = inCurrency.filter(({ on }) => on < from).length;
    const lines = inCurrency.map(({ on, itemType, itemId, number, amount, position: recordedAt }, place) => ({
      ...{ on, itemType, itemId, number, position: recordedAt },
      amount: decimalOf(amount, currency),
      balance: balanceAfter(place + 1),
    }));
    return {
      currency,
      opening: balanceAfter(before),
      lines: lines.slice(before),
      closing: balanceAfter(inCurrency.length),
    };
  });
  return { asOf, position, vendorId, currencies };
};
