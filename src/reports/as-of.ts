import type pg from 'pg';
import { dayIn, type Instant, isLocalDate, type LocalDate } from '../domain/calendar.js';
import { reject } from '../domain/rejection.js';
import type { EventLog } from '../event-log/event-log.js';
import { readLine } from '../event-log/record.js';
import { type Books, type Extent, NotYetThere } from '../projections/books.js';
import { inSnapshot, type Snapshot } from './snapshot.js';

/** What every report is about, and what all of them echo: a day, and up to which event the books are known. */
export interface Moment {
  readonly ledger: string;
  readonly asOf: LocalDate;
  /** As asked; where nothing was asked, when the event at `position` was recorded. Null before the first event. */
  readonly knownAt: Instant | null;
  /** The last event taken into account; 0 before the first. */
  readonly position: number;
}

/** The parameters that all reports take, checked, as they came. */
export interface MomentQuery {
  readonly asOf?: LocalDate;
  readonly knownAt?: string;
  readonly knownAtPosition?: string;
  readonly atLeast?: string;
}

/** The parameters of a report on what changed between two moments. */
export interface ChangesMomentQuery extends MomentQuery {
  readonly from?: string;
  readonly fromPosition?: string;
  readonly to?: string;
  readonly toPosition?: string;
}

/** Up to which event something is known, as it was asked for. */
interface Wish {
  readonly at: string | undefined;
  readonly position: string | undefined;
  /** The names of these two parameters. */
  readonly names: readonly [at: string, position: string];
}

/** Up to which event something is known. */
export type KnownUpTo = Pick<Moment, 'knownAt' | 'position'>;

const instantPattern = /^(\d{4}-\d{2}-\d{2})T((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,6}))?(?:Z|[+-]00:00)$/;

/**
 * Brings an instant to the one form in which we write it.
 *
 * @returns RFC 3339 in UTC with microseconds; `undefined` for what is no instant in UTC
 * @example normalInstant('2023-10-31T09:00:00.5Z') // '2023-10-31T09:00:00.500000Z'
 */
export const normalInstant = (text: string): Instant | undefined => {
  const [, day = '', time = '', fraction = ''] = instantPattern.exec(text) ?? [];
  return isLocalDate(day) ? `${day}T${time}.${fraction.padEnd(6, '0')}Z` : undefined;
};

const ledgerIdPattern = /^[A-Za-z0-9._-]{1,64}$/;

/** What all reports share: finding out which moment a request is about, and reading the books of that moment. */
export class ReportReader {
  constructor(
    private readonly log: EventLog,
    private readonly books: Books,
    private readonly pool: pg.Pool,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /**
   * The moment that a request is about. Waits, at most 5 seconds, until the books hold every event up to it.
   *
   * @throws {Rejection} `not-found` without such a ledger; `malformed` for an instant that the database's clock has not
   * reached, or a position that the log has not
   * @throws {NotYetThere}
   */
  momentOf(ledgerId: string, query: MomentQuery): Promise<Moment> {
    const { knownAt: at, knownAtPosition: position } = query;
    return this.#momentOf(ledgerId, query, { at, position, names: ['knownAt', 'knownAtPosition'] });
  }

  /**
   * The two moments that a request for changes is about: the second as `momentOf` has it.
   *
   * @throws {Rejection} as `momentOf`; `malformed` too if the first is later than the second
   * @throws {NotYetThere}
   */
  async momentsOf(ledgerId: string, query: ChangesMomentQuery): Promise<{ from: KnownUpTo; to: Moment }> {
    const head = await this.#head(ledgerId);
    const first: Wish = { at: query.from, position: query.fromPosition, names: ['from', 'fromPosition'] };
    const last: Wish = {
      at: query.to ?? query.knownAt,
      position: query.toPosition ?? query.knownAtPosition,
      names: [
        query.to === undefined ? 'knownAt' : 'to',
        query.toPosition === undefined ? 'knownAtPosition' : 'toPosition',
      ],
    };
    const asked = await this.#asked(ledgerId, first, head);
    if (!asked) throw new Error('the query has no beginning');
    const to = await this.#momentOf(ledgerId, query, last);
    const from = { knownAt: asked.recordedAt ?? null, position: asked.position };
    const [at, position] = first.names;
    const isAfter =
      from.position > to.position || (first.at !== undefined && last.at !== undefined && from.knownAt! > to.knownAt!);
    if (!isAfter) return { from, to };
    // Everything recorded so far is not later than itself: the books are behind.
    if (last.at === undefined && last.position === undefined) throw new NotYetThere(from.position, to.position);
    const name = last.names[last.at === undefined ? 1 : 0];
    const detail = `must not be later than ${name}: ${from.position} is the last position known at the one, ${to.position} at the other`;
    return rejectParameter(first.at === undefined ? position : at, detail);
  }

  async #momentOf(ledgerId: string, query: MomentQuery, wish: Wish): Promise<Moment> {
    const head = await this.#head(ledgerId);
    const asOf = query.asOf ?? (await this.today(ledgerId));
    const atLeast = Number(query.atLeast ?? 0);

    const asked = await this.#asked(ledgerId, wish, head);
    const goal = Math.max(asked?.position ?? head, atLeast);
    const isFree = asked === undefined && query.atLeast === undefined;
    const extent = await (isFree ? this.#asFarAsTheyGo(ledgerId, goal) : this.books.reach(ledgerId, goal));
    const { position, recordedAt } = asked ?? extent;
    return { ledger: ledgerId, asOf, knownAt: recordedAt ?? null, position };
  }

  /** @throws {Rejection} `not-found` */
  async #head(ledgerId: string): Promise<number> {
    const head = ledgerIdPattern.test(ledgerId) ? await this.log.head(ledgerId) : undefined;
    return head ? head.position : reject('not-found', `There is no ledger ${ledgerId}.`);
  }

  /** Reads the books of a moment, all queries in one snapshot. */
  read<T>({ ledger, position }: Moment, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    return inSnapshot(this.pool, ledger, position, work);
  }

  /**
   * Without a wish a report speaks of everything recorded before it was asked for; but of books that are far behind, as
   * while they are rebuilt, it says what they have, and up to which position that is.
   */
  async #asFarAsTheyGo(ledgerId: string, head: number): Promise<Extent> {
    try {
      return await this.books.reach(ledgerId, head);
    } catch (error) {
      if (error instanceof NotYetThere) return this.books.reach(ledgerId, 0);
      throw error;
    }
  }

  async #asked(
    ledgerId: string,
    { at, position: text, names }: Wish,
    head: number,
  ): Promise<{ position: number; recordedAt: Instant | undefined } | undefined> {
    if (at !== undefined) {
      const recordedAt = normalInstant(at);
      return recordedAt === undefined
        ? undefined
        : { position: await this.#positionAt(ledgerId, recordedAt, names[0]), recordedAt };
    }
    if (text === undefined) return undefined;
    const position = Number(text);
    if (position > head) {
      const detail = `must be at most ${head}, which is the last position of this ledger`;
      rejectParameter(names[1], detail, { head });
    }
    const [line] = position > 0 ? await this.log.linesAfter(ledgerId, position - 1, 1) : [];
    return { position, recordedAt: line && readLine(line.line).recordedAt };
  }

  async #positionAt(ledgerId: string, instant: Instant, parameter: string): Promise<number> {
    try {
      return await this.log.positionAt(ledgerId, instant);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'DB400') throw error;
      return rejectParameter(
        parameter,
        `must not be later than the database's clock: what will be known then is not known yet`,
      );
    }
  }

  /** The day that it is in a ledger's time zone. */
  async today(ledgerId: string): Promise<LocalDate> {
    const ledger = (await this.log.documents(ledgerId, ['ledger'])).get('ledger');
    if (ledger?.kind !== 'ledger') throw new Error(`ledger ${ledgerId} has no opening`);
    return dayIn(ledger.facts.timeZone, this.nowMs());
  }
}

/** @throws {Rejection} `malformed`, with the one parameter that is at fault */
export const rejectParameter = (name: string, detail: string, facts: Readonly<Record<string, unknown>> = {}): never =>
  reject('malformed', malformedQuery, { ...facts, errors: [{ pointer: `/${name}`, detail }] });

/** What a refusal of parameters says as a whole, whether they come in a query or in the body of a plan. */
export const malformedQuery = 'This can’t be told as it is asked for; errors names each parameter at fault.';
