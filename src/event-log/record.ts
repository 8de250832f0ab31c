import { hash } from 'node:crypto';
import stringify from 'safe-stable-stringify';
import type { Instant, LocalDate } from '../domain/calendar.js';
import { type ApEvent, catalogue, type Id, type RecordedEvent, upcast } from '../domain/events.js';

/** Who gives a command, and the role that they act in. */
export interface Actor {
  readonly id: string;
  readonly role: string;
}

/** A line of the log. */
export interface StoredLine {
  readonly ledger: Id;
  /** @minimum 1 */
  readonly position: number;
  /** @pattern ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ */
  readonly id: string;
  readonly type: string;
  /** Of the shape of `data`. */
  readonly version: number;
  /**
   * `vendor/<id>`, `cash`, `plan/<id>` or `ledger`; `person/<id>` in the ledger of access.
   *
   * @pattern ^(ledger|cash|(vendor|plan)/[A-Za-z0-9._-]+|person/[A-Za-z0-9._@+|~:-]+)$
   */
  readonly stream: string;
  /**
   * Counts the events of the stream.
   *
   * @minimum 1
   */
  readonly streamVersion: number;
  readonly effectiveOn: LocalDate;
  readonly recordedAt: Instant;
  readonly actor: Actor;
  readonly idempotencyKey?: string;
  /** The same for all events of one command. */
  readonly correlationId: string;
  readonly causationId?: string;
  /** Of what the command said; on the first event of one that made a document. */
  readonly contentHash?: string;
  readonly data: Record<string, unknown>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads a line of the log.
 *
 * @returns the event in the shape of its current version
 * @throws {Error} for an event that this release does not know
 */
export const readLine = (line: string): RecordedEvent => {
  const event = JSON.parse(line) as Mutable<StoredLine>;
  // In place: to copy an event takes as long as to parse it.
  event.data = upcast(event.type, event.version, event.data);
  return event as unknown as RecordedEvent;
};

/** The fields of a line in the order in which the log writes them. */
const places: Readonly<Record<keyof StoredLine, number>> = {
  ledger: 1,
  position: 2,
  id: 3,
  type: 4,
  version: 5,
  stream: 6,
  streamVersion: 7,
  effectiveOn: 8,
  recordedAt: 9,
  actor: 10,
  idempotencyKey: 11,
  correlationId: 12,
  causationId: 13,
  contentHash: 14,
  data: 15,
};

/** Whether a line that was read has the fields of a line of the log, in the order in which the log writes them. */
export const canonicalLine = (line: object): boolean => {
  let before = 0;
  for (const key of Object.keys(line)) {
    const place = Object.hasOwn(places, key) ? places[key as keyof StoredLine] : 0;
    if (place <= before) return false;
    before = place;
  }
  return true;
};

/** What all events of one command share. */
export interface Origin {
  readonly actor: Actor;
  readonly correlationId: string;
  /** The id of the event that a command of its own follows from. */
  readonly causationId?: string;
  readonly idempotencyKey?: string;
  readonly contentHash?: string;
}

/** The version that events of a type are written in. */
export const versionOf = (event: ApEvent): number => catalogue[event.type].version;

/** The end of an event's line, from its actor on; the log writes what only it knows before it. */
export const restOfLine = (
  event: ApEvent,
  { actor, idempotencyKey, correlationId, causationId, contentHash }: Origin,
): string =>
  // The order of the keys is the order on the line; undefined ones are left out.
  JSON.stringify({ actor, idempotencyKey, correlationId, causationId, contentHash, data: event.data }).slice(1);

/** JSON with its keys in order: the same text for the same value. */
export const canonical = (value: unknown): string => stringify(value) ?? 'null';

/** A short print of a value: 128 bits of SHA-256, which nobody meets by chance. */
export const fingerprint = (content: unknown): string => hash('sha256', canonical(content), 'base64url').slice(0, 22);
