import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changeVendor } from '../../test/support/domain.js';
import { days, histories, type History, play, questioned } from '../../test/support/domain-histories.js';
import { foldOf } from '../../test/support/log-in-memory.js';
import { sampleSize } from '../../test/support/seed.js';
import { controlRoles } from '../domain/chart-of-accounts.js';
import { leftOn } from '../domain/credit-source.js';
import { documentsOf, type DocumentName, type RecordedEvent } from '../domain/events.js';
import { disputedOn, isHeld, openSchedule } from '../domain/open-item.js';
import { firstDue } from '../domain/schedule.js';
import { documentRowOf } from './document-rows.js';
import { fold, type Folded, neededFor, type Rows } from './fold.js';

/** The events of a random history of commands that were accepted, with changes of the vendor in between. */
const eventsOf = (history: History): readonly RecordedEvent[] => {
  let commands = 0;
  const { books } = play(history, (current) => {
    commands += 1;
    if (commands % 4 === 0) current.execute(changeVendor('V1', { name: `Vale ${commands}` }));
    if (commands % 7 === 0) current.execute(changeVendor('V1', { kind: 'landlord' }));
  });
  return books.events;
};

const holds = (law: (events: readonly RecordedEvent[], rows: Rows) => void, runs = 60): void => {
  fc.assert(
    fc.property(histories, (history) => {
      const events = eventsOf(history);
      law(events, fold(events, new Map()));
    }),
    { numRuns: sampleSize(runs) },
  );
};

/** Some days and positions to ask about: every day that matters, and positions spread over the log. */
const moments = (events: readonly RecordedEvent[]): { asOf: string; position: number }[] => {
  const positions = new Set([1, 2, 3, 5, 8].map((part) => Math.ceil((events.length * part) / 8)));
  return [...positions].flatMap((position) => questioned.map((asOf) => ({ asOf, position })));
};

type Cells = Record<string, { owed: bigint; held: bigint; disputed: bigint }>;

const addTo = (cells: Cells, key: string, more: { owed: bigint; held: bigint; disputed: bigint }): void => {
  const cell = (cells[key] ??= { owed: 0n, held: 0n, disputed: 0n });
  cell.owed += more.owed;
  cell.held += more.held;
  cell.disputed += more.disputed;
};

const withoutZeros = (cells: Cells): Cells =>
  Object.fromEntries(
    Object.entries(cells).filter(([, { owed, held, disputed }]) => owed !== 0n || held !== 0n || disputed !== 0n),
  );

/** What the domain says is open, by item and dates: its functions on a fresh fold of the log's beginning. */
const openByDomain = (events: readonly RecordedEvent[], asOf: string, position: number): Cells => {
  const cells: Cells = {};
  for (const name of new Set(events.slice(0, position).flatMap(documentsOf))) {
    const document = foldOf(events, name, position);
    if (document?.kind === 'invoice' || document?.kind === 'charge') {
      const { schedule, open } = openSchedule(document, asOf);
      const disputed = firstDue(schedule, open, disputedOn(document, asOf));
      schedule.forEach(({ originalDueOn, dueOn, plannedOn }, place) => {
        addTo(cells, [name, originalDueOn, dueOn, plannedOn].join(' '), {
          owed: open[place]!,
          held: isHeld(document, asOf) ? open[place]! : 0n,
          disputed: disputed[place]!,
        });
      });
    } else if (document?.kind === 'payment' || document?.kind === 'credit-note') {
      const { date } = document;
      addTo(cells, [name, date, date, date].join(' '), { owed: -leftOn(document, asOf), held: 0n, disputed: 0n });
    }
  }
  return withoutZeros(cells);
};

/** The latest row of each document. */
const latestDocuments = (all: readonly Rows['documents'][number][]): Record<string, unknown> =>
  Object.fromEntries(all.map((row) => [row.name, row]));

describe('the books of random histories', () => {
  it('sum up to what the domain says is open, on every day as known at any position', () => {
    holds((events, { subledgerLines }) => {
      for (const { asOf, position } of moments(events)) {
        const cells: Cells = {};
        for (const line of subledgerLines) {
          if (line.effectiveOn > asOf || line.position > position) continue;
          const { itemType, itemId, originalDueOn, dueOn, plannedOn } = line;
          addTo(cells, [`${itemType}/${itemId}`, originalDueOn, dueOn, plannedOn].join(' '), line);
        }
        expect(withoutZeros(cells)).toEqual(openByDomain(events, asOf, position));
      }
    });
  });

  it('name the vendor, the currency and the dates of each item on all of its lines', () => {
    holds((events, { subledgerLines }) => {
      for (const line of subledgerLines) {
        const document = foldOf(events, `${line.itemType}/${line.itemId}`);
        expect(document).toMatchObject({ vendorId: line.vendorId, currency: line.currency });
        const date =
          document && ('documentDate' in document ? document.documentDate : 'date' in document && document.date);
        expect(line.documentDate).toBe(date);
      }
    });
  });

  it('balance the journal for every event, currency and day', () => {
    holds((events, { journalLines }) => {
      const sums = new Map<string, bigint>();
      for (const { position, currency, effectiveOn, debit, credit } of journalLines) {
        expect(debit >= 0n && credit >= 0n && (debit === 0n) !== (credit === 0n)).toBe(true);
        const key = `${position} ${currency} ${effectiveOn}`;
        sums.set(key, (sums.get(key) ?? 0n) + debit - credit);
      }
      expect([...sums].filter(([, sum]) => sum !== 0n)).toEqual([]);
    });
  });

  it('owe by the control account what they owe by their items, on every day as known at any position', () => {
    holds((events, { subledgerLines, journalLines }) => {
      // Also in the middle of a command: what ends together with a payment ends event by event.
      for (let position = 1; position <= events.length; position++) {
        for (const asOf of days) {
          const owed = subledgerLines.filter((line) => line.position <= position && line.effectiveOn <= asOf);
          const booked = journalLines.filter(
            (line) =>
              line.position <= position &&
              line.effectiveOn <= asOf &&
              controlRoles.some((role) => role === (line.standsFor ?? line.account)),
          );
          const byItems = owed.reduce((total, line) => total + line.owed, 0n);
          const byJournal = booked.reduce((total, { debit, credit }) => total + credit - debit, 0n);
          expect({ position, asOf, byJournal }).toEqual({ position, asOf, byJournal: byItems });
        }
      }
    }, 25);
  });

  it('number the lines of each event from 0 on', () => {
    holds((_, rows) => {
      for (const lines of [rows.subledgerLines, rows.journalLines]) {
        const byPosition = new Map<number, number[]>();
        for (const { position, line } of lines) {
          byPosition.set(position, [...(byPosition.get(position) ?? []), line]);
        }
        for (const numbers of byPosition.values()) expect(numbers).toEqual(numbers.map((_number, i) => i));
        expect(lines.map(({ position }) => position)).toEqual(
          lines.map(({ position }) => position).toSorted((a, b) => a - b),
        );
      }
    });
  });

  it('list every document as a fresh fold of its history makes it', () => {
    holds((events, { documents }) => {
      const names = new Set(events.flatMap(documentsOf));
      const expected = [...names].map((name) => {
        const history = events.filter((event) => documentsOf(event).includes(name));
        return {
          ...documentRowOf(foldOf(events, name)!, (other) => foldOf(events, other)),
          name,
          madeAt: history[0]!.position,
          position: history.at(-1)!.position,
        };
      });
      expect(latestDocuments(documents)).toEqual(Object.fromEntries(expected.map((row) => [row.name, row])));
      expect(documents).toHaveLength(names.size);
    });
  });

  it('know the name and kind of the vendor as they were known at each position', () => {
    holds((events, { vendorFacts }) => {
      for (let position = 0; position <= events.length; position++) {
        const last = vendorFacts.findLast((fact) => fact.position <= position);
        const vendor = foldOf(events, 'vendor/V1', position);
        expect(last && { vendorId: last.vendorId, name: last.name, kind: last.kind }).toEqual(
          vendor?.kind === 'vendor' ? { vendorId: 'V1', name: vendor.facts.name, kind: vendor.facts.kind } : undefined,
        );
      }
    });
  });

  it('are the same however the events are divided into passes, and whatever is in memory between them', () => {
    fc.assert(
      fc.property(histories, fc.array(fc.nat(9), { minLength: 1 }), fc.boolean(), (history, sizes, isWarm) => {
        const events = eventsOf(history);
        const whole = fold(events, new Map());
        const parts: Rows = {
          subledgerLines: [],
          journalLines: [],
          vendorFacts: [],
          cash: [],
          duties: [],
          documents: [],
        };
        const memory = new Map<DocumentName, Folded>();
        for (let from = 0, pass = 0; from < events.length; pass++) {
          const through = from + 1 + sizes[pass % sizes.length]!;
          const next = events.slice(from, through);
          const documents = new Map<DocumentName, Folded>();
          // Nothing but what is said to be needed, and of that what there is.
          for (const name of neededFor(next)) {
            const known = isWarm ? memory.get(name) : undefined;
            const first = events.slice(0, from).find((event) => documentsOf(event).includes(name));
            if (known) documents.set(name, known);
            else if (first) documents.set(name, { document: foldOf(events, name, from), madeAt: first.position });
          }
          const rows = fold(next, documents);
          for (const [name, folded] of documents) memory.set(name, folded);
          parts.subledgerLines.push(...rows.subledgerLines);
          parts.journalLines.push(...rows.journalLines);
          parts.vendorFacts.push(...rows.vendorFacts);
          parts.cash.push(...rows.cash);
          parts.duties.push(...rows.duties);
          parts.documents.push(...rows.documents);
          from = through;
        }
        expect({ ...parts, documents: latestDocuments(parts.documents) }).toEqual({
          ...whole,
          documents: latestDocuments(whole.documents),
        });
      }),
      { numRuns: sampleSize(60) },
    );
  });
});
