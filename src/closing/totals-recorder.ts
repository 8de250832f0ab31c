import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Proofs } from '../audit/proofs.js';
import type { LocalDate } from '../domain/calendar.js';
import type { DataOf, RecordedEvent } from '../domain/events.js';
import { type Closed, closedFrom, type PeriodTotals, totalsOf } from '../domain/periods.js';
import type { EventLog } from '../event-log/event-log.js';
import { uuidv7 } from '../event-log/uuid.js';
import { NotYetThere } from '../projections/books.js';
import type { ReportReader } from '../reports/as-of.js';
import { periodTotals } from '../reports/period-totals.js';

/** How often to look for closings whose totals nobody recorded: whoever closed was to do it, and may have died over it. */
const lookMs = 2_000;
/** How long whoever closes a period waits for its totals. */
const waitMs = 5_000;

/**
 * Records the totals of closings, once the books go as far. Any instance may do it, and several at once: that each closing
 * has them once is decided by the domain.
 */
export class TotalsRecorder {
  readonly #recording = new Map<string, Promise<void>>();
  /** What was told of each ledger last. */
  readonly #told = new Map<string, string>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  /** @param pool connections of a role that may read the log */
  constructor(
    private readonly pool: pg.Pool,
    private readonly log: EventLog,
    private readonly reader: ReportReader,
    private readonly proofs: Proofs,
    private readonly report: (error: unknown) => void,
  ) {}

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await Promise.allSettled(this.#recording.values());
  }

  /**
   * The totals of a closing, recorded now if they are not yet.
   *
   * @param position up to which the closing is the last one
   * @returns undefined if they are not there within 5 seconds: they come later
   */
  async totalsAt(ledgerId: string, position: number): Promise<PeriodTotals | undefined> {
    const deadline = Date.now() + waitMs;
    for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 200)) {
      const found = await this.#find(ledgerId, position);
      if (found || Date.now() > deadline) return found;
      // What goes wrong here is told by the rounds, which try again too. One under way may have begun before the closing.
      const recording = this.recordMissing(ledgerId).catch(() => undefined);
      const late = new AbortController();
      const limit = sleep(deadline - Date.now(), undefined, { signal: late.signal }).catch(() => undefined);
      await Promise.race([recording, limit]);
      late.abort();
      await sleep(pauseMs);
    }
  }

  async #find(ledgerId: string, position: number): Promise<PeriodTotals | undefined> {
    const history = await this.#history(ledgerId);
    const closing = history
      .filter((event) => event.type === 'PeriodClosed')
      .findLast((one) => one.position <= position);
    return closing && totalsOf(history, closing);
  }

  /** Records what a ledger has no totals of, one closing after the other. One at a time for each ledger. */
  recordMissing(ledgerId: string): Promise<void> {
    const running =
      this.#recording.get(ledgerId) ??
      this.#recordMissing(ledgerId).finally(() => {
        this.#recording.delete(ledgerId);
      });
    this.#recording.set(ledgerId, running);
    return running;
  }

  async #recordMissing(ledgerId: string): Promise<void> {
    for (;;) {
      const history = await this.#history(ledgerId);
      const closings = history.filter((event) => event.type === 'PeriodClosed');
      const recorded = history.filter(({ type }) => type === 'PeriodTotalsRecorded').length;
      const closing = closings[recorded];
      if (!closing) return;
      await this.log.execute(ledgerId, {
        command: {
          type: 'RecordPeriodTotals',
          closing: recorded + 1,
          totals: await this.#totals(ledgerId, closing, closedFrom(history, closing)),
        },
        actor: { id: 'duebook', role: 'admin' },
        key: undefined,
        requestHash: '',
        correlationId: uuidv7(),
        causationId: closing.id,
        nowMs: Date.now(),
        render: () => ({ location: '', body: '{}' }),
      });
    }
  }

  /** @throws {NotYetThere} if the books don't go as far as the closing within 5 seconds */
  async #totals(
    ledgerId: string,
    { position, data: { period, closedThrough } }: Closed,
    from: LocalDate | null,
  ): Promise<DataOf<'PeriodTotalsRecorded'>> {
    const moment = await this.reader.momentOf(ledgerId, { asOf: closedThrough, knownAtPosition: String(position) });
    const figures = await this.reader.read(moment, (snapshot) => periodTotals(snapshot, moment, from));
    const root = await this.proofs.root(ledgerId, position);
    return {
      period,
      closedFrom: from,
      closedThrough,
      position,
      ...figures,
      checkpoint: { size: position, root: root.toString('base64') },
    };
  }

  async #history(ledgerId: string): Promise<RecordedEvent[]> {
    return (await this.log.document(ledgerId, 'ledger'))?.history ?? [];
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        for (const ledgerId of await this.#incomplete()) {
          if (this.#stopping.signal.aborted) break;
          await this.#tryToRecord(ledgerId);
        }
        this.#told.delete('');
      } catch (error) {
        this.#tell('', error);
      }
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One ledger that can't be completed is no reason not to complete the others. */
  async #tryToRecord(ledgerId: string): Promise<void> {
    try {
      await this.recordMissing(ledgerId);
      this.#told.delete(ledgerId);
    } catch (error) {
      // Books that are far behind are on their way.
      if (!(error instanceof NotYetThere)) this.#tell(ledgerId, error);
    }
  }

  /** The ledgers with closings that have no totals. */
  async #incomplete(): Promise<string[]> {
    const { rows } = await this.pool.query<{ ledger_id: string }>({
      name: 'closings-without-totals',
      text: `select l.ledger_id from log.ledgers l
              where (select count(*) from log.events where ledger_id = l.ledger_id and type = 'PeriodClosed')
                  > (select count(*) from log.events where ledger_id = l.ledger_id and type = 'PeriodTotalsRecorded')
              order by l.ledger_id`,
    });
    return rows.map(({ ledger_id }) => ledger_id);
  }

  /** Tells of a fault once for as long as it lasts. */
  #tell(ledgerId: string, error: unknown): void {
    if (this.#told.get(ledgerId) === String(error)) return;
    this.#told.set(ledgerId, String(error));
    this.report(error);
  }
}
