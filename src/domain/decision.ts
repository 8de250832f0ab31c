import { addDays, latest, type LocalDate } from './calendar.js';
import { type Document, type DocumentOf, evolve } from './documents.js';
import {
  type ApEvent,
  documentsOf,
  type DocumentName,
  itemName,
  type ItemRef,
  type RecordedEvent,
  sourceName,
  type SourceRef,
} from './events.js';
import { type Amount, type Currency, faultOfAmount, formatMinor, type Minor, parseMinor } from './money.js';
import type { Item } from './open-item.js';
import type { Policy } from './policy.js';
import type { Source } from './credit-source.js';
import { type Fault, reject, rejectMalformed, type Rejection, type RejectionCode } from './rejection.js';

/** What comes into a decision from outside beside the command and the documents. */
export interface Circumstances {
  /** The day it is in the ledger's time zone. */
  readonly today: LocalDate;
  /** The last day that is closed; `undefined` while none is. */
  readonly closedThrough: LocalDate | undefined;
  /** What the ledger asks for before something is paid. */
  readonly policy: Policy;
  /** Whoever gives the command. */
  readonly actor: { readonly id: string; readonly role: string };
  /** A print of a value: the same for equal JSON values, whatever the order of their keys. */
  readonly fingerprint: (content: unknown) => string;
}

/**
 * A value that documents of one ledger share, such as a vendor's invoice number. The log compares it under its lock.
 * Another document that holds the same value with the same qualifier is in the way of an exclusive claim; one with
 * another qualifier is worth a warning.
 */
export interface Claim {
  readonly value: string;
  readonly qualifier: string;
  readonly exclusive: boolean;
  /** Gives the value up, for good: its document has been reversed. */
  readonly released: boolean;
}

export interface Warning {
  readonly code: string;
  readonly detail: string;
  readonly invoiceId?: string;
}

/** What a command comes to: the events that it makes, none if everything is already as it asks. */
export interface Decision {
  readonly events: readonly ApEvent[];
  /** The document that the answer shows. */
  readonly subject: DocumentName;
  /** If nothing happens: what is asked for was the last that happened to the document, and not its making. */
  readonly repeatsLast?: boolean;
  /** Print of the content of a command that makes a document. */
  readonly contentHash?: string;
  readonly claims: readonly Claim[];
  /** It holds only if no line names an account by then. */
  readonly unlessOnLines?: UnlessOnLines;
  readonly warnings: readonly Warning[];
  /** The documents that the events change, as they are after them. */
  readonly changed: ReadonlyMap<DocumentName, Document | undefined>;
}

/** A look at what was recorded last, which no document tells: the log takes it under its lock. */
export interface UnlessOnLines {
  /** The account that no line of an invoice or credit note may have an amount on. */
  readonly account: string;
  /** Also those that would be the accounts of bank accounts: that begin with it and a colon. */
  readonly ofBanks: boolean;
  /** Up to this position no line has. */
  readonly after: number;
  readonly refusal: Rejection;
}

/** Documents that a decision needs and that are not in memory: load them and decide again. */
export class Unloaded extends Error {
  constructor(readonly names: readonly DocumentName[]) {
    super(`not loaded: ${names.join(', ')}`);
  }
}

/** What a decider sees of the documents. Both throw `Unloaded` where the document would have to be read first. */
export interface Documents {
  find(name: DocumentName): Document | undefined;
  /** For a name that the command is about to give: may be taken for free without a look, since the log checks that. */
  findFresh(name: DocumentName): Document | undefined;
}

/**
 * The documents while one command is decided: each event that the command makes is folded in at once, so that the next
 * step of the same command sees it.
 */
export class Working {
  readonly #events: ApEvent[] = [];
  readonly #claims: Claim[] = [];
  readonly #warnings: Warning[] = [];
  readonly #changed = new Map<DocumentName, Document | undefined>();
  #contentHash: () => string | undefined = () => undefined;

  constructor(
    private readonly documents: Documents,
    readonly circumstances: Circumstances,
  ) {}

  get today(): LocalDate {
    return this.circumstances.today;
  }

  find<N extends DocumentName>(name: N): DocumentOf<N> | undefined {
    return (this.#changed.has(name) ? this.#changed.get(name) : this.documents.find(name)) as DocumentOf<N> | undefined;
  }

  findFresh<N extends DocumentName>(name: N): DocumentOf<N> | undefined {
    return (this.#changed.has(name) ? this.#changed.get(name) : this.documents.findFresh(name)) as
      DocumentOf<N> | undefined;
  }

  /**
   * Asks for several documents at once, so that they are loaded in one go.
   *
   * @param fresh names that the command is about to give
   */
  prefetch(names: readonly DocumentName[], fresh: readonly DocumentName[] = []): void {
    const missing: DocumentName[] = [];
    const look = (find: () => unknown): void => {
      try {
        find();
      } catch (error) {
        if (!(error instanceof Unloaded)) throw error;
        missing.push(...error.names);
      }
    };
    for (const name of names) look(() => this.find(name));
    for (const name of fresh) look(() => this.findFresh(name));
    if (missing.length > 0) throw new Unloaded(missing);
  }

  /** A document that the request's path names. @throws {Rejection} `not-found` */
  inPath<N extends DocumentName>(name: N): DocumentOf<N> {
    return this.find(name) ?? reject('not-found', `This ledger has no ${name.replace('/', ' ')}.`);
  }

  /** A document that the request's body names. @throws {Rejection} the code given */
  inBody<N extends DocumentName>(name: N, code: RejectionCode): DocumentOf<N> {
    return (
      this.find(name) ??
      reject(code, `This ledger has no ${name.replace('/', ' ')}; record it first, or correct the id.`)
    );
  }

  item(ref: ItemRef): Item {
    return this.inBody(itemName(ref), 'invoiceId' in ref ? 'unknown-invoice' : 'unknown-charge') as Item;
  }

  source(ref: SourceRef): Source {
    return this.inBody(sourceName(ref), 'paymentId' in ref ? 'unknown-payment' : 'unknown-credit-note') as Source;
  }

  emit(event: ApEvent): void {
    this.#events.push(event);
    const { type, effectiveOn, data } = event;
    const { actor } = this.circumstances;
    // Within a decision nothing looks at what only the log knows.
    const recorded = {
      type,
      effectiveOn,
      data,
      position: 0,
      id: '',
      recordedAt: '',
      actor,
      correlationId: '',
    } as RecordedEvent;
    for (const name of documentsOf(event)) this.#changed.set(name, evolve(name, this.find(name), recorded));
  }

  claim(...claims: Claim[]): void {
    this.#claims.push(...claims);
  }

  warn(...warnings: Warning[]): void {
    this.#warnings.push(...warnings);
  }

  /** Remembers what the command asked for, on the first event that it makes. */
  content(hash: () => string): void {
    this.#contentHash = hash;
  }

  decision(subject: DocumentName): Decision {
    const contentHash = this.#contentHash();
    return {
      events: this.#events,
      subject,
      claims: this.#claims,
      warnings: this.#warnings,
      changed: this.#changed,
      ...(contentHash !== undefined && { contentHash }),
    };
  }

  /** Nothing happens: the document is already as the command asks, since it was made. */
  unchanged(subject: DocumentName): Decision {
    return { events: [], subject, claims: [], warnings: this.#warnings, changed: new Map() };
  }

  /** Nothing happens: what the command asks for was the last that happened to the document. */
  repeatsLast(subject: DocumentName): Decision {
    return { ...this.unchanged(subject), repeatsLast: true };
  }

  /**
   * The effective day of something that a user may date.
   *
   * @param on as given; refused if it is closed
   * @param otherwise the day if none is given, moved to the first open day if it is closed
   * @throws {Rejection} `period-closed`
   */
  effectiveDay(on: LocalDate | undefined, otherwise: LocalDate): LocalDate {
    return on === undefined ? this.firstOpen(otherwise) : this.mustBeOpen(on);
  }

  /** @throws {Rejection} `period-closed` */
  mustBeOpen(day: LocalDate): LocalDate {
    const { closedThrough } = this.circumstances;
    if (closedThrough !== undefined && day <= closedThrough) {
      reject('period-closed', `The books are closed through ${closedThrough}; use a later day, or reopen the period.`, {
        on: day,
        closedThrough,
      });
    }
    return day;
  }

  /** The day itself, or the first open one after it. */
  firstOpen(day: LocalDate): LocalDate {
    const { closedThrough } = this.circumstances;
    return closedThrough === undefined ? day : latest(day, addDays(closedThrough, 1));
  }
}

type Content = Readonly<Record<string, unknown>>;

/**
 * Whether a command repeats the one that made a document. If the name is new, the command's content is remembered.
 *
 * @param content what the request asks for, defaults filled in; left out what the request leaves out and a default that
 *                depends on other documents or the clock takes the place of
 * @param alsoAs  the same request with such a default written out, or left out where it names what the default was
 * @throws {Rejection} `id-already-used` if the document was made from other content
 */
export const repeated = (
  working: Working,
  name: DocumentName,
  content: Content,
  alsoAs: () => readonly Content[] = () => [],
): boolean => {
  const { fingerprint } = working.circumstances;
  const document = working.findFresh(name);
  if (!document) {
    working.content(() => fingerprint(contentText(content)));
    return false;
  }
  const isSame = (other: Content): boolean => fingerprint(contentText(other)) === document.made.contentHash;
  if (isSame(content) || alsoAs().some(isSame)) return true;
  const id = name === 'ledger' ? content.id : name.slice(name.indexOf('/') + 1);
  const detail = `The ${name.replace('/', ' ')} was recorded with other content; choose another id, or repeat the request as it was.`;
  return reject('id-already-used', detail, { id });
};

/**
 * The other way to ask for the same where `on` may be left out.
 *
 * @param recordedOn the day that the document took
 * @param defaultOn  the day that it would take now if none was named
 */
export const withDefaultDay = (
  content: { readonly on?: LocalDate },
  recordedOn: LocalDate | undefined,
  defaultOn: () => LocalDate,
): Content[] => {
  if (content.on === undefined) return [{ ...content, on: defaultOn() }];
  return content.on === recordedOn ? [{ ...content, on: undefined }] : [];
};

const amountFields: ReadonlySet<string> = new Set([
  'amount',
  'tax',
  'total',
  'discount',
  'percent',
  'cost',
  'certainty',
]);

/**
 * A value as text that is equal for requests that mean the same: keys in order, absent fields left out, `"5.00"` as `"5"`.
 * Written out by hand, since it is made of every command that makes a document.
 */
const contentText = (value: unknown, field = ''): string => {
  if (typeof value === 'string') {
    return JSON.stringify(amountFields.has(field) && value.includes('.') ? value.replace(/\.?0+$/, '') : value);
  }
  if (Array.isArray(value)) return `[${value.map((one) => contentText(one)).join()}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = value as Readonly<Record<string, unknown>>;
  let text = '{';
  for (const key of Object.keys(fields).sort()) {
    if (fields[key] !== undefined) text += `${key}:${contentText(fields[key], key)},`;
  }
  return `${text}}`;
};

/** Reads the amounts of one command and gathers every fault before it refuses. */
export class Amounts {
  readonly #faults: Fault[] = [];

  constructor(readonly currency: Currency) {}

  /** @returns minor units; 0 where the text is at fault, which `check` then refuses */
  read(text: Amount, pointer: string): Minor {
    const fault = faultOfAmount(text, this.currency);
    if (!fault) return parseMinor(text, this.currency);
    this.#faults.push({ pointer, detail: fault });
    return 0n;
  }

  /** Like `read`, for an amount that must be above zero. */
  positive(text: Amount, pointer: string): Minor {
    const minor = this.read(text, pointer);
    if (minor <= 0n && !this.#faults.some((fault) => fault.pointer === pointer))
      this.#faults.push({ pointer, detail: 'must be above zero' });
    return minor;
  }

  /** @throws {Rejection} `malformed` */
  check(): void {
    if (this.#faults.length > 0) rejectMalformed(this.#faults);
  }

  format(minor: Minor): Amount {
    return formatMinor(minor, this.currency);
  }
}
