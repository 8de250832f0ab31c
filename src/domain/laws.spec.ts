/**
 * What must be true of any history. The expected side comes from `Plain`, which knows events and nothing of the domain.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Books, frozen } from '../../test/support/domain.js';
import { type History, histories, makesDocument, play, questioned } from '../../test/support/domain-histories.js';
import { Plain, unitsIn } from '../../test/support/domain-plain.js';
import { sampleSize } from '../../test/support/seed.js';
import { creditMovementsOf } from './credit-source.js';
import { type Command, decide } from './decider.js';
import { type Document, evolve } from './documents.js';
import { documentsOf, type DocumentName, type EventType, type RecordedEvent } from './events.js';
import { type Item, type Movement, movementsOf, openOn, openSchedule } from './open-item.js';
import { type Before, postingsOf } from './posting.js';

const holds = (law: (history: History) => void): void =>
  fc.assert(fc.property(histories, law), { numRuns: sampleSize(30, 1_000) });

interface At {
  readonly event: RecordedEvent;
  readonly documents: ReadonlyMap<DocumentName, Document>;
  readonly before: Before;
  readonly plain: Plain;
}

/** Goes through the log again, and stops at every position: also in the middle of a command. */
const atEveryPosition = (history: History, look: (at: At) => void): void => {
  const documents = new Map<DocumentName, Document>();
  const plain = new Plain();
  for (const event of play(history).books.events) {
    const earlier = new Map(documents);
    plain.add(event);
    for (const name of documentsOf(event)) {
      const document = evolve(name, documents.get(name), event);
      if (document) documents.set(name, document);
    }
    look({ event, documents, before: ((name: DocumentName) => earlier.get(name)) as Before, plain });
  }
};

/** Asked so often that a matcher is called only where it has something to say. */
const same = (actual: unknown, expected: unknown): void => {
  if (actual !== expected) expect(actual).toBe(expected);
};
const sameCells = (actual: ReadonlyMap<string, unknown>, expected: ReadonlyMap<string, unknown>): void => {
  const text = (cells: ReadonlyMap<string, unknown>): string => JSON.stringify([...cells].sort());
  if (text(actual) !== text(expected)) expect(actual).toEqual(expected);
};

const isItem = (document: Document | undefined): document is Item =>
  document?.kind === 'invoice' || document?.kind === 'charge';
/** Only these documents can have changed. */
const itemsOf = ({ event, documents }: At): (readonly [DocumentName, Item])[] =>
  documentsOf(event).flatMap((name) => {
    const document = documents.get(name);
    return isItem(document) ? [[name, document] as const] : [];
  });

const total = (amounts: Iterable<bigint>): number => [...amounts].reduce((sum, amount) => sum + Number(amount), 0);

describe('at every position of any history, on every day', () => {
  it('no more is taken of anything than there is of it', () =>
    holds((history) =>
      atEveryPosition(history, ({ plain }) => {
        for (const thing of plain.things)
          for (const day of questioned) same(plain.takenOf(thing.name, day) <= plain.worthOf(thing, day), true);
      }),
    ));

  it('every schedule of an item adds up to its total', () =>
    holds((history) =>
      atEveryPosition(history, (at) => {
        for (const [name, item] of itemsOf(at)) {
          const posted = at.plain.things.find((thing) => thing.name === name)!.amount;
          for (const { schedule } of item.schedules) {
            expect(total(schedule.map(({ amount }) => amount))).toBe(posted);
            expect(schedule.every(({ amount }) => amount > 0n)).toBe(true);
          }
        }
      }),
    ));

  it('what is open of the instalments is what is open of the item, none below zero or above its amount', () =>
    holds((history) =>
      atEveryPosition(history, (at) => {
        for (const [name, item] of itemsOf(at)) {
          const thing = at.plain.things.find((one) => one.name === name)!;
          for (const day of questioned) {
            const { schedule, open } = openSchedule(item, day);
            const left = at.plain.worthOf(thing, day) - at.plain.takenOf(name, day);
            same(
              open.every((amount, place) => amount >= 0n && amount <= schedule[place]!.amount),
              true,
            );
            same(total(open), left);
            same(Number(openOn(item, day)), left);
          }
        }
      }),
    ));

  it('the instalments are open that should be, and the movements add up to them, held and disputed too', () =>
    holds((history) =>
      atEveryPosition(history, (at) => {
        for (const [name, item] of itemsOf(at)) {
          const movements = movementsOf(item);
          for (const day of questioned) {
            const expected = at.plain.cellsOf(name, day);
            sameCells(cellsOf(movements, day), expected);
            const { schedule, open } = openSchedule(item, day);
            const byDays = new Map<string, number>();
            schedule.forEach(({ originalDueOn, dueOn, plannedOn }, place) => {
              const key = `${originalDueOn} ${dueOn} ${plannedOn}`;
              if (open[place]! > 0n) byDays.set(key, (byDays.get(key) ?? 0) + Number(open[place]));
            });
            sameCells(byDays, new Map([...expected].map(([key, { owed }]) => [key, owed])));
          }
        }
      }),
    ));

  it('the movements of credit add up to what is left of it', () =>
    holds((history) =>
      atEveryPosition(history, ({ event, documents, plain }) => {
        for (const name of documentsOf(event)) {
          const source = documents.get(name);
          if (source?.kind !== 'payment' && source?.kind !== 'credit-note') continue;
          const thing = plain.things.find((one) => one.name === name)!;
          for (const day of questioned) {
            const moved = creditMovementsOf(source).filter(({ effectiveOn }) => effectiveOn <= day);
            expect(total(moved.map(({ owed }) => owed))).toBe(plain.takenOf(name, day) - plain.worthOf(thing, day));
          }
        }
      }),
    ));

  it('debits are credits, per event, currency and day, and each line is on one side', () =>
    holds((history) =>
      atEveryPosition(history, ({ event, before }) => {
        const byDay = new Map<string, bigint>();
        for (const { effectiveOn, currency, debit, credit } of postingsOf(event, before)) {
          expect([debit, credit].sort((a, b) => (a < b ? -1 : 1))[0]).toBe(0n);
          expect(debit + credit).toBeGreaterThan(0n);
          const key = `${effectiveOn} ${currency}`;
          byDay.set(key, (byDay.get(key) ?? 0n) + debit - credit);
          expect(effectiveOn).toBe(event.effectiveOn);
        }
        expect([...byDay.values()].filter((difference) => difference !== 0n)).toEqual([]);
      }),
    ));

  it('payables and credit on account are the open items less the credit', () =>
    holds((history) => {
      const lines: { on: string; currency: string; credit: number }[] = [];
      // All accounts that ever stood for either.
      const control = new Set(['payables', 'on-account']);
      atEveryPosition(history, ({ event, before, plain }) => {
        const stood = (event.type === 'AccountSet' && event.data.for) || undefined;
        if (stood === 'payables' || stood === 'on-account') control.add((event.data as { account: string }).account);
        for (const { account, effectiveOn, currency, debit, credit } of postingsOf(event, before))
          if (control.has(account)) lines.push({ on: effectiveOn, currency, credit: Number(credit - debit) });
        for (const day of questioned)
          for (const [currency, owed] of plain.owedOn(day))
            expect(
              lines
                .filter((line) => line.on <= day && line.currency === currency)
                .reduce((sum, line) => sum + line.credit, 0),
            ).toBe(owed);
      });
    }));
});

describe('the entry of a reversal', () => {
  it('mirrors what it takes back, on the same accounts, whatever has become of the chart', () =>
    holds((history) => {
      const made = new Map<DocumentName, string[]>();
      atEveryPosition(history, ({ event, before }) => {
        const [name] = documentsOf(event);
        const sides = (sign: bigint): string[] =>
          postingsOf(event, before)
            .map(({ account, debit, credit }) => `${account} ${sign * (debit - credit)}`)
            .sort();
        if (event.type.endsWith('Reversed')) expect(sides(-1n)).toEqual(made.get(name!));
        else if (sides(1n).length > 0) made.set(name!, sides(1n));
      });
    }));
});

/** Movements up to a day, summed up by their three days. */
const cellsOf = (movements: readonly Movement[], asOf: string) => {
  const cells = new Map<string, { owed: number; held: number; disputed: number }>();
  for (const { effectiveOn, originalDueOn, dueOn, plannedOn, owed, held, disputed } of movements) {
    if (effectiveOn > asOf) continue;
    const key = `${originalDueOn} ${dueOn} ${plannedOn}`;
    const cell = cells.get(key) ?? { owed: 0, held: 0, disputed: 0 };
    cells.set(key, {
      owed: cell.owed + Number(owed),
      held: cell.held + Number(held),
      disputed: cell.disputed + Number(disputed),
    });
  }
  for (const [key, { owed, held, disputed }] of cells)
    if (owed === 0 && held === 0 && disputed === 0) cells.delete(key);
  return cells;
};

const amountsOf = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, one: unknown) =>
    ['amount', 'total', 'discount', 'tax'].includes(key) && typeof one === 'string' && one.includes('.')
      ? one.replace(/\.?0+$/, '')
      : one,
  );

describe('in any history', () => {
  it('a command that made a document is quiet when it comes again, at once and at the end, its amounts written differently', () =>
    holds((history) => {
      const { books, made } = play(history, (now, command) => {
        if (makesDocument(command)) expect(now.decide(command).events).toEqual([]);
      });
      books.today = '2024-05-01';
      for (const command of made) {
        expect(books.decide(command)).toMatchObject({ events: [], claims: [], warnings: [] });
        expect(books.decide(amountsOf(command) as Command).events).toEqual([]);
      }
    }));

  it('a withdrawal puts back the schedule that its deferral found', () =>
    holds((history) => {
      const found = new Map<string, unknown>();
      const documents = new Map<DocumentName, Document>();
      for (const event of play(history).books.events) {
        const item =
          event.type === 'PaymentDeferred' ? (documents.get(`invoice/${event.data.invoiceId}`) as Item) : undefined;
        // The latest by position is the latest by day: deferrals come in the order of their days.
        if (event.type === 'PaymentDeferred') found.set(event.data.deferralId, item!.schedules.at(-1)!.schedule);
        for (const name of documentsOf(event)) documents.set(name, evolve(name, documents.get(name), event)!);
        if (event.type === 'DeferralWithdrawn') {
          const withdrawn = documents.get(`invoice/${event.data.invoiceId}`) as Item;
          expect(openSchedule(withdrawn, event.data.on).schedule).toEqual(found.get(event.data.deferralId));
        }
      }
    }));

  it('the documents are what the stored log makes of them, in any order of the documents', () =>
    holds((history) => {
      const { books } = play(history);
      for (const [name, document] of books.documents) {
        const own = books.events.filter((event) => documentsOf(event).includes(name));
        expect(own.reduce<Document | undefined>((state, event) => evolve(name, state, event), undefined)).toEqual(
          document,
        );
      }
    }));

  it('the same command on the same documents comes to the same, and changes none of them', () =>
    holds((history) => {
      play(history, (books, command) => {
        // Books and commands are frozen throughout, so a change would throw.
        expect([...books.documents.values()].every((document) => Object.isFrozen(document))).toBe(true);
        expect(Object.isFrozen(command)).toBe(true);
        expect(outcome(books, command)).toEqual(outcome(books, command));
      });
    }));

  it('every event is of the day that its data names, in the vendor’s stream, and after the closed periods', () =>
    holds((history) => {
      let closedThrough = '';
      for (const event of play(history).books.events) {
        if (event.type === 'PeriodClosed' || event.type === 'PeriodReopened') {
          closedThrough = event.data.closedThrough ?? '';
          continue;
        }
        if (event.type === 'LedgerOpened' || event.type === 'VendorRegistered') continue;
        const data: Record<string, unknown> = event.data;
        expect(data.on ?? data.postingDate ?? data.paidOn ?? data.date).toBe(event.effectiveOn);
        expect(event.effectiveOn > closedThrough).toBe(true);
        for (const field of ['amount', 'total', 'discount'])
          if (data[field] !== undefined) expect(unitsIn(data[field] as string)).toBeGreaterThan(0);
      }
    }));
});

const outcome = (books: Books, command: Command): unknown => {
  try {
    return decide(frozen(command), books.working());
  } catch (error) {
    return error;
  }
};

describe('these histories', () => {
  it('reach every kind of event that there is of a vendor account', () => {
    const seen = new Set<EventType>();
    const drawn = fc.sample(histories, { numRuns: 300, seed: 1 });
    let events = 0;
    for (const history of drawn) {
      for (const { type } of play(history).books.events) {
        seen.add(type);
        events += 1;
      }
    }
    expect([...seen].sort()).toEqual(
      [
        ...[
          'AccountSet',
          'AllocationReversed',
          'Allocated',
          'ChargePosted',
          'ChargeReversed',
          'CreditNotePosted',
          'CreditNoteReversed',
          'DeferralWithdrawn',
          'DisputeResolved',
        ],
        ...[
          'InvoiceDisputed',
          'InvoiceHeld',
          'InvoicePosted',
          'InvoiceReleased',
          'InvoiceReversed',
          'LedgerOpened',
          'PaymentDeferred',
          'PaymentMade',
          'PaymentReversed',
        ],
        ...[
          'PeriodClosed',
          'PeriodReopened',
          'RefundReceived',
          'RefundReversed',
          'VendorRegistered',
          'WriteOffReversed',
          'WrittenOff',
        ],
      ].sort(),
    );
    expect(events / drawn.length).toBeGreaterThan(10);
  });
});
