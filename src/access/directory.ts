import { type Grant, installationLedger, type Person, type Token } from '../domain/access.js';
import { type Document, evolve } from '../domain/documents.js';
import { type DocumentName, documentsOf } from '../domain/events.js';
import type { EventLog } from '../event-log/event-log.js';
import { readLine } from '../event-log/record.js';

/** How old what is known of the log may be: so long a token may still work after it was revoked through another instance. */
const freshForMs = 1_000;
/** How old it may be where a token is not known: it may just have been issued through another instance. */
const freshForUnknownMs = 100;
const linesPerPage = 1_000;

/** Everybody's roles and tokens, as the log of `_installation` says, in memory. */
export class AccessDirectory {
  #position = 0;
  #documents = new Map<DocumentName, Document>();
  #tokens = new Map<string, DocumentName>();
  #readAtMs = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(
    private readonly log: Pick<EventLog, 'head' | 'linesAfter'>,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** How far it goes. */
  get position(): number {
    return this.#position;
  }

  /** Whether it can be asked without being refreshed first. */
  get isFresh(): boolean {
    return this.nowMs() - this.#readAtMs < freshForMs;
  }

  /** Whether a token that it does not know has none of it. */
  get isFreshForUnknown(): boolean {
    return this.nowMs() - this.#readAtMs < freshForUnknownMs;
  }

  /** Takes in what was recorded since. Those who ask at once share one look. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Takes in the log at least up to a position that is recorded. */
  async reach(position: number): Promise<void> {
    while (this.#position < position) await this.refresh();
  }

  async #read(): Promise<void> {
    const startedMs = this.nowMs();
    const head = (await this.log.head(installationLedger))?.position ?? 0;
    if (head < this.#position) {
      // The database was set back: what is not recorded any more does not hold any more.
      this.#position = 0;
      this.#documents = new Map();
      this.#tokens = new Map();
    }
    while (this.#position < head) {
      for (const { line } of await this.log.linesAfter(installationLedger, this.#position, linesPerPage))
        this.#take(line);
    }
    this.#readAtMs = startedMs;
  }

  #take(line: string): void {
    const event = readLine(line);
    for (const name of documentsOf(event)) {
      const document = evolve(name, this.#documents.get(name), event);
      if (!document) continue;
      this.#documents.set(name, document);
      if (document.kind === 'token') this.#tokens.set(document.facts.hash, name);
    }
    this.#position = event.position;
  }

  /** @param hash as `hashOf` makes it */
  token(hash: string): Token | undefined {
    const name = this.#tokens.get(hash);
    return name && (this.#documents.get(name) as Token);
  }

  grantsOf(personId: string): readonly Grant[] {
    return this.person(personId)?.grants ?? [];
  }

  person(personId: string): Person | undefined {
    return this.#documents.get(`person/${personId}`) as Person | undefined;
  }

  /** Everybody who has, or had, a role somewhere, by their ids. */
  people(): Person[] {
    return [...this.#documents.values()]
      .filter((document) => document.kind === 'person')
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
