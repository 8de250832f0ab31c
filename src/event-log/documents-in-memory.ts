import { LRUCache } from 'lru-cache';
import { type Document, evolve } from '../domain/documents.js';
import type { Made } from '../domain/open-item.js';
import { type Decision, type Documents, Unloaded } from '../domain/decision.js';
import { documentsOf, type DocumentName, type RecordedEvent } from '../domain/events.js';

/** A document and the last event of it that is known. */
export interface Known {
  readonly document: Document | undefined;
  /** 0 if there is none. */
  readonly position: number;
}

interface Ahead {
  /** As the log has it, as far as we know. */
  base: Known;
  /** With the events of commands that are decided and not appended yet. */
  document: Document | undefined;
  readonly pending: Set<unknown>;
}

const nothing: Known = { document: undefined, position: 0 };

/**
 * The documents that decisions are made on: hints, since other instances append too. The log compares what a decision
 * knew with what there is, so that a hint that is out of date costs a second decision and nothing else.
 */
export class DocumentsInMemory {
  readonly #known: LRUCache<DocumentName, Known>;
  /** Documents to which others have added something: enough to read what that is, and not all of a long history. */
  readonly #outdated = new LRUCache<DocumentName, Known>({ max: 1_000 });
  /** Documents that commands not appended yet have changed. They stay, whatever the cache throws out. */
  readonly #ahead = new Map<DocumentName, Ahead>();

  constructor(limit: number) {
    this.#known = new LRUCache({ max: limit });
  }

  /**
   * What one decision sees, and a record of what it looked at.
   *
   * @param takeFreshForFree whether an unknown name that the command is about to give counts as free without a look
   * @param loaded           what was loaded for this decision and may be thrown out already
   */
  view(
    takeFreshForFree: boolean,
    loaded: ReadonlyMap<DocumentName, Known> = new Map(),
  ): Documents & { readonly looked: Map<DocumentName, number>; readonly after: Set<unknown> } {
    const looked = new Map<DocumentName, number>();
    const after = new Set<unknown>();
    const find = (name: DocumentName, fresh: boolean): Document | undefined => {
      const ahead = this.#ahead.get(name);
      if (ahead) {
        looked.set(name, ahead.base.position);
        for (const command of ahead.pending) after.add(command);
        return ahead.document;
      }
      const known = this.#known.get(name) ?? loaded.get(name) ?? (fresh || looked.has(name) ? nothing : undefined);
      if (!known) throw new Unloaded([name]);
      looked.set(name, known.position);
      return known.document;
    };
    return { looked, after, find: (name) => find(name, false), findFresh: (name) => find(name, takeFreshForFree) };
  }

  /** Takes in what was read from the log, unless something newer is known by now. */
  learn(name: DocumentName, known: Known): void {
    if (!this.#ahead.has(name) && (this.#known.peek(name)?.position ?? -1) < known.position)
      this.#known.set(name, known);
    this.#outdated.delete(name);
  }

  /** Forgets what may not even be the beginning of what the log says. */
  forget(names: Iterable<DocumentName>): void {
    for (const name of names) {
      this.#known.delete(name);
      this.#outdated.delete(name);
    }
  }

  /** Decides on these no more until what others have added to them is read. */
  outdate(names: Iterable<DocumentName>): void {
    for (const name of names) {
      const known = this.#known.peek(name);
      if (!known) continue;
      this.#known.delete(name);
      this.#outdated.set(name, known);
    }
  }

  /** What is known of documents that others have added to: from there on they are to be read. */
  outdated(names: readonly DocumentName[]): Map<DocumentName, Known> {
    const found = new Map<DocumentName, Known>();
    for (const name of names) {
      const known = this.#outdated.get(name);
      if (known) found.set(name, known);
    }
    return found;
  }

  /** Whether a command that is not appended yet has changed the document. */
  isAhead(name: DocumentName): boolean {
    return this.#ahead.has(name);
  }

  /** The document with everything that is decided. */
  latest(name: DocumentName): Document | undefined {
    return this.#ahead.get(name)?.document ?? this.#known.peek(name)?.document;
  }

  /**
   * Takes in what a command that is decided and not appended yet makes of documents.
   *
   * @param made what the documents that it makes will say of their making, but for the position
   */
  anticipate(
    command: unknown,
    { changed, subject }: Pick<Decision, 'changed' | 'subject'>,
    made: Omit<Made, 'position'>,
    loaded: ReadonlyMap<DocumentName, Known> = new Map(),
  ): void {
    for (const [name, document] of changed) {
      let ahead = this.#ahead.get(name);
      if (!ahead) {
        ahead = { base: this.#known.get(name) ?? loaded.get(name) ?? nothing, document: undefined, pending: new Set() };
        this.#ahead.set(name, ahead);
      }
      ahead.document =
        document?.made.correlationId === ''
          ? {
              ...document,
              made: { ...made, position: 0, contentHash: name === subject ? made.contentHash : undefined },
            }
          : document;
      ahead.pending.add(command);
    }
  }

  /**
   * The events of a command have their positions: what was anticipated is now so.
   *
   * @returns the documents that they changed, each with its last event
   */
  confirm(command: unknown, events: readonly RecordedEvent[]): Map<DocumentName, number> {
    const names = new Map<DocumentName, number>();
    for (const event of events) for (const name of documentsOf(event)) names.set(name, event.position);
    for (const [name, position] of names) {
      const ahead = this.#ahead.get(name);
      if (!ahead) continue;
      ahead.pending.delete(command);
      ahead.document = placed(ahead.document, events[0]!.correlationId, position);
      if (ahead.pending.size > 0) {
        let { document } = ahead.base;
        for (const event of events) if (documentsOf(event).includes(name)) document = evolve(name, document, event);
        ahead.base = { document, position };
      } else {
        this.#known.set(name, { document: ahead.document, position });
        this.#ahead.delete(name);
      }
    }
    return names;
  }

  /** Gives up everything anticipated: a command that others were decided on was not appended. */
  retreat(): void {
    for (const [name, { base }] of this.#ahead) this.#known.set(name, base);
    this.#ahead.clear();
  }
}

/** A document that a command has just made, now that the position of its last event is known. */
const placed = (document: Document | undefined, correlationId: string, position: number): Document | undefined =>
  document?.made.correlationId === correlationId ? { ...document, made: { ...document.made, position } } : document;
