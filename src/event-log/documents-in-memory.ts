import { LRUCache } from 'lru-cache';
import { type Document, evolve } from '../domain/documents.js';
import type { Documents } from '../domain/decision.js';
import { Unloaded } from '../domain/decision.js';
import { type ApEvent, documentsOf, type DocumentName, type RecordedEvent } from '../domain/events.js';

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
  /** Documents that commands not appended yet have changed. They stay, whatever the cache throws out. */
  readonly #ahead = new Map<DocumentName, Ahead>();

  constructor(limit: number) {
    this.#known = new LRUCache({ max: limit });
  }

  /**
   * What one decision sees, and a record of what it looked at.
   *
   * @param takeFreshForFree whether an unknown name that the command is about to give counts as free without a look
   */
  view(
    takeFreshForFree: boolean,
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
      const known = this.#known.get(name) ?? (fresh || looked.has(name) ? nothing : undefined);
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
  }

  /** Forgets what turned out to be out of date. */
  forget(names: Iterable<DocumentName>): void {
    for (const name of names) this.#known.delete(name);
  }

  /** Whether a command that is not appended yet has changed the document. */
  isAhead(name: DocumentName): boolean {
    return this.#ahead.has(name);
  }

  /** The document with everything that is decided. */
  latest(name: DocumentName): Document | undefined {
    return this.#ahead.get(name)?.document ?? this.#known.peek(name)?.document;
  }

  /** Folds in the events of a command that is decided and not appended yet. */
  anticipate(command: unknown, events: readonly ApEvent[], recording: Omit<RecordedEvent, keyof ApEvent>): void {
    for (const event of events) {
      for (const name of documentsOf(event)) {
        let ahead = this.#ahead.get(name);
        if (!ahead) {
          const base = this.#known.get(name) ?? nothing;
          ahead = { base, document: base.document, pending: new Set() };
          this.#ahead.set(name, ahead);
        }
        ahead.document = evolve(name, ahead.document, { ...event, ...recording });
        ahead.pending.add(command);
      }
    }
  }

  /**
   * The events of a command have their positions: what was anticipated is now so.
   *
   * @returns the documents that they changed, each with its last event
   */
  confirm(command: unknown, events: readonly RecordedEvent[]): Map<DocumentName, number> {
    const names = new Map<DocumentName, number>();
    for (const event of events) {
      for (const name of documentsOf(event)) {
        const ahead = this.#ahead.get(name);
        if (!ahead) continue;
        ahead.base = { document: evolve(name, ahead.base.document, event), position: event.position };
        names.set(name, event.position);
      }
    }
    for (const name of names.keys()) {
      const ahead = this.#ahead.get(name)!;
      ahead.pending.delete(command);
      if (ahead.pending.size > 0) continue;
      this.#known.set(name, ahead.base);
      this.#ahead.delete(name);
    }
    return names;
  }

  /** Gives up everything anticipated: a command that others were decided on was not appended. */
  retreat(): void {
    for (const [name, { base }] of this.#ahead) this.#known.set(name, base);
    this.#ahead.clear();
  }
}
