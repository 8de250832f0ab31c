import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { dayIn, type LocalDate } from '../domain/calendar.js';
import { type Document, type DocumentOf, evolve } from '../domain/documents.js';
import type { DocumentName, RecordedEvent } from '../domain/events.js';
import type { Policy } from '../domain/policy.js';
import { EventLog, type Head } from '../event-log/event-log.js';
import { NotYetThere } from '../projections/books.js';
import type { Call } from './call.js';
import type { Plain } from './plain.js';
import { Problem } from './problems.js';
import type { ReadQuery } from './reading.dto.js';

/** How long a request waits for data that is not there yet. */
const waitMs = 5_000;

/** A document at one position of its ledger. */
export interface Reading {
  readonly position: number;
  readonly today: LocalDate;
  readonly history: readonly RecordedEvent[];
}

/** What of a recorded event a resource shows as its history. */
export const shownEvent = ({ position, type, effectiveOn, recordedAt, actor, data }: RecordedEvent): object => ({
  position,
  type,
  effectiveOn,
  recordedAt,
  actor,
  data,
});

/** Reads documents as they stand at the head of their ledger's log. */
@Injectable()
export class Reader {
  // What was said when a ledger was opened never changes.
  readonly #timeZones = new LRUCache<string, string>({ max: 1_000 });

  constructor(private readonly log: EventLog) {}

  /**
   * Answers a document with its history, and sets the headers of the answer.
   *
   * @param show makes the resource of the document
   * @param tell which events of the document's history are the resource's; by default all
   * @returns the body of the answer, JSON
   * @throws {Problem} `not-found`
   * @throws {NotYetThere} if the log does not go as far as asked within 5 seconds
   */
  async answer<N extends DocumentName>(
    call: Call,
    name: N,
    query: Plain<ReadQuery>,
    show: (document: DocumentOf<N>, reading: Reading) => object | Promise<object>,
    tell: (history: readonly RecordedEvent[]) => readonly RecordedEvent[] = (history) => history,
  ): Promise<string> {
    const head = await this.head(call.ledgerId, query.atLeast);
    const found = await this.log.document(call.ledgerId, name);
    if (!found) throw new Problem('not-found', `This ledger has no ${name.replace('/', ' ')}.`);
    const { history } = found;
    // Recorded meanwhile, perhaps. Positions have no holes, so what the history shows is complete up to its last event.
    const position = Math.max(head.position, history.at(-1)!.position);
    const document = history.reduce<Document | undefined>(
      (before, event) => evolve(name, before, event),
      undefined,
    ) as DocumentOf<N>;
    const resource = await show(document, { position, today: await this.today(call.ledgerId), history });
    return send(call, position, { ...resource, history: tell(history).map(shownEvent) });
  }

  /**
   * Where a ledger's log ends, once it goes as far as asked.
   *
   * @param atLeast a position, as the query has it
   * @throws {Problem} `not-found`
   * @throws {NotYetThere} after 5 seconds
   */
  async head(ledgerId: string, atLeast?: string): Promise<Head> {
    const asked = Number(atLeast ?? 0);
    const deadline = Date.now() + waitMs;
    for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
      const head = await this.log.head(ledgerId);
      if (!head) throw new Problem('not-found', `There is no ledger ${ledgerId}.`);
      if (head.position >= asked) return head;
      if (Date.now() > deadline) throw new NotYetThere(asked, head.position);
      await sleep(pauseMs);
    }
  }

  /** What a ledger asks for before something is paid; undefined if nothing was said, or there is no such ledger. */
  async policy(ledgerId: string): Promise<Policy | undefined> {
    const ledger = (await this.log.documents(ledgerId, ['ledger'])).get('ledger');
    return ledger?.kind === 'ledger' ? ledger.policy : undefined;
  }

  /** The day it is in a ledger's time zone. */
  async today(ledgerId: string): Promise<LocalDate> {
    let timeZone = this.#timeZones.get(ledgerId);
    if (timeZone === undefined) {
      const ledger = (await this.log.documents(ledgerId, ['ledger'])).get('ledger');
      if (ledger?.kind !== 'ledger') throw new Problem('not-found', `There is no ledger ${ledgerId}.`);
      ({ timeZone } = ledger.facts);
      this.#timeZones.set(ledgerId, timeZone);
    }
    return dayIn(timeZone, Date.now());
  }
}

/**
 * Sets the headers of an answer to a read.
 *
 * @param position how far the data goes; undefined where they are of no one ledger
 * @returns the body
 */
export const send = ({ reply }: Pick<Call, 'reply'>, position: number | undefined, body: object): string => {
  if (position !== undefined) void reply.header('Ledger-Position', String(position));
  void reply.header('Content-Type', 'application/json; charset=utf-8');
  return JSON.stringify(body);
};
