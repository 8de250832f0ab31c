import type { UnlessOnLines } from '../../src/domain/decision.js';
import type { DocumentName, RecordedEvent } from '../../src/domain/events.js';
import { type Document, evolve } from '../../src/domain/documents.js';
import { documentsOf, streamOf } from '../../src/domain/events.js';
import type { Known } from '../../src/event-log/documents-in-memory.js';
import type { Entry, LogStore, Notice, Receipt, Sending, Verdict } from '../../src/event-log/log-store.js';
import { readLine, versionOf } from '../../src/event-log/record.js';

interface ClaimRow {
  readonly value: string;
  readonly qualifier: string;
  readonly document: DocumentName;
  readonly position: number;
  readonly released: boolean;
}

/** The end of periods gates everything but these. */
const exempt: ReadonlySet<string> = new Set([
  'ConsequencesSet',
  'OfferRecorded',
  'CashBalanceStated',
  'CashExpected',
  'CashExpectationWithdrawn',
  'CashPlanProposed',
  'CashPlanAdopted',
]);

/** A document after the events of a log up to a position, folded from nothing. */
export const foldOf = (
  log: readonly RecordedEvent[],
  name: DocumentName,
  through = log.length,
): Document | undefined => {
  let document: Document | undefined;
  for (const event of log.slice(0, through)) {
    if (documentsOf(event).includes(name)) document = evolve(name, document, event);
  }
  return document;
};

/**
 * One ledger's log, as plain as it can be made: lists, searched from end to end. It judges as the log in Postgres does
 * (log-store.int-spec.ts holds the two against each other), so that the writer can be simulated without a database.
 */
export class LogInMemory implements LogStore {
  readonly lines: string[] = [];
  readonly events: RecordedEvent[] = [];
  readonly batches: (readonly Entry[])[] = [];
  readonly #receipts = new Map<string, { requestHash: string; receipt: Receipt }>();
  readonly #claims: ClaimRow[] = [];
  #isOpen = false;
  #batches = 0;

  readonly #answered = new Map<string, Verdict[]>();

  /**
   * @param isStrict also fails where a command was decided on something else than what it ends up behind
   * @param nowMs    its clock; without one it is never late
   */
  constructor(
    private readonly isStrict = true,
    private readonly nowMs = (): number => 0,
  ) {}

  clockMs(): number {
    return this.nowMs();
  }

  get receipts(): ReadonlyMap<string, { requestHash: string; receipt: Receipt }> {
    return this.#receipts;
  }

  load(_ledgerId: string, names: readonly DocumentName[]): Promise<Map<DocumentName, Known>> {
    return Promise.resolve(
      new Map(
        names.map((name) => {
          const last = this.events.findLast((event) => documentsOf(event).includes(name));
          return [name, { document: foldOf(this.events, name), position: last?.position ?? 0 }];
        }),
      ),
    );
  }

  append(ledgerId: string, batch: readonly Entry[], { batchId, isAgain, expiresMs }: Sending): Promise<Verdict[]> {
    const answered = this.#answered.get(batchId);
    if (answered) return Promise.resolve(answered);
    if (batch.some(({ events: [first] }) => first?.type === 'LedgerOpened')) this.#isOpen = true;
    if (!this.#isOpen) return Promise.reject(Object.assign(new Error(`no ledger ${ledgerId}`), { code: 'DB404' }));
    if (this.nowMs() > expiresMs) return Promise.reject(Object.assign(new Error('too late'), { code: 'DB410' }));
    this.#batches += 1;
    this.batches.push(batch);
    const head = this.events.length;
    const recordedAt = new Date(Date.UTC(2024, 0, 1) + this.#batches).toISOString().replace('Z', '000Z');
    const verdicts: Verdict[] = [];
    const isAppended = (place: number): boolean => verdicts[place]!.verdict === 'appended';
    batch.forEach((entry, place) => {
      const verdict = this.#refusal(entry, head, verdicts);
      verdicts.push(verdict ?? this.#record(ledgerId, entry, recordedAt));
      if (!verdict && this.isStrict) {
        // What it ends up behind must be what it was decided on: an earlier command of this batch that changed a
        // document which it looked at has to be among those that it names.
        for (const [i, other] of batch.slice(0, place).entries()) {
          if (!isAppended(i) || entry.after.includes(i)) continue;
          const changed = other.events.flatMap(documentsOf).find((name) => entry.looked.has(name));
          if (changed) throw new Error(`decided without knowing what command ${i} of the batch did to ${changed}`);
        }
      }
    });
    // Of a batch that only asks nothing is kept.
    if (
      isAgain ||
      this.events.length > head ||
      batch.some(({ key, keep }, place) => key !== undefined && keep && isAppended(place))
    ) {
      this.#answered.set(batchId, verdicts);
    }
    return Promise.resolve(verdicts);
  }

  /** The first document that holds a value as of a position: claimed by it, and not released. */
  #holder(value: string, through: number, isWanted: (qualifier: string) => boolean): DocumentName | undefined {
    const claims = this.#claims.filter((claim) => claim.value === value && claim.position <= through);
    const isReleased = (document: DocumentName): boolean =>
      claims.some((claim) => claim.released && claim.document === document);
    return claims.find((claim) => !claim.released && isWanted(claim.qualifier) && !isReleased(claim.document))
      ?.document;
  }

  #refusal(entry: Entry, head: number, earlier: readonly Verdict[]): Verdict | undefined {
    if (entry.unlessOnLines && this.#isOnLines(entry.unlessOnLines)) return { verdict: 'on-lines' };
    const known = entry.key === undefined ? undefined : this.#receipts.get(entry.key);
    if (known) {
      if (known.requestHash !== entry.requestHash) return { verdict: 'reused' };
      return { verdict: 'replayed', receipt: known.receipt };
    }
    const before = this.events.slice(0, head);
    const isOutOfDate = [...entry.looked].some(
      ([name, position]) => position !== (before.findLast((event) => documentsOf(event).includes(name))?.position ?? 0),
    );
    if (isOutOfDate) return { verdict: 'conflict' };
    const exclusive = entry.claims.filter((claim) => claim.exclusive);
    for (const { value, qualifier } of exclusive) {
      const by = this.#holder(value, head, (other) => other === qualifier);
      if (by) return { verdict: 'taken', by };
    }
    // As the commands of the batch before this one have left it.
    const closed = closedThrough(this.events);
    if (closed && entry.events.some(({ type, effectiveOn }) => effectiveOn <= closed && !exempt.has(type))) {
      return { verdict: 'closed', through: closed };
    }
    if (entry.after.some((place) => earlier[place]!.verdict !== 'appended')) return { verdict: 'conflict' };
    for (const { value, qualifier } of exclusive) {
      const by = this.#claims.find(
        (claim) => claim.value === value && claim.qualifier === qualifier && !claim.released && claim.position > head,
      );
      if (by) return { verdict: 'taken', by: by.document };
    }
    return undefined;
  }

  /** Whether an amount stands on an account by a line after a position. */
  #isOnLines({ account, ofBanks, after }: UnlessOnLines): boolean {
    return this.events.slice(after).some((event) => {
      if (event.type !== 'InvoicePosted' && event.type !== 'CreditNotePosted') return false;
      const sums = new Map<string, number>();
      for (const { account: other, amount } of event.data.lines ?? [])
        if (other === account || (ofBanks && other?.startsWith(`${account}:`)))
          sums.set(other, (sums.get(other) ?? 0) + Number(amount));
      return [...sums.values()].some((sum) => sum !== 0);
    });
  }

  #record(ledgerId: string, entry: Entry, recordedAt: string): Verdict {
    const firstPosition = this.events.length + 1;
    entry.events.forEach((event, n) => {
      const stream = streamOf(event);
      const line =
        `{"ledger":"${ledgerId}","position":${this.events.length + 1},"id":"${entry.eventIds[n]!}","type":"${event.type}",` +
        `"version":${versionOf(event)},"stream":"${stream}",` +
        `"streamVersion":${this.events.filter((other) => streamOf(other) === stream).length + 1},` +
        `"effectiveOn":"${event.effectiveOn}","recordedAt":"${recordedAt}",` +
        entry.rests[n]!;
      this.lines.push(line);
      this.events.push(readLine(line));
    });
    const notices = entry.claims.flatMap(({ value, qualifier, released }): Notice[] => {
      const document = released ? undefined : this.#holder(value, firstPosition - 1, (other) => other !== qualifier);
      return document ? [{ value, document }] : [];
    });
    for (const { value, qualifier, released } of entry.claims) {
      const document = documentsOf(entry.events[0]!)[0]!;
      this.#claims.push({ value, qualifier, document, position: firstPosition, released });
    }
    const position = entry.events.length > 0 ? this.events.length : entry.position;
    const receipt: Receipt = { status: entry.status, location: entry.location, body: entry.body, position, notices };
    if (entry.keep && entry.key !== undefined) {
      this.#receipts.set(entry.key, { requestHash: entry.requestHash, receipt });
    }
    return { verdict: 'appended', firstPosition, recordedAt, receipt };
  }
}

/** The last closed day at the end of some events; `undefined` while none is. */
export const closedThrough = (events: readonly RecordedEvent[]): string | undefined => {
  const last = events.findLast((event) => event.type === 'PeriodClosed' || event.type === 'PeriodReopened');
  return (last as Extract<RecordedEvent, { type: 'PeriodReopened' }> | undefined)?.data.closedThrough ?? undefined;
};
