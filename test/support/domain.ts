/**
 * Builders for tests of the rules: given what has happened, when a command comes, then these events or this refusal.
 *
 * To keep a test on one line, ids say what they name: I… an invoice, C… a charge, N… a credit note, P… a payment, R… a
 * refund, W… a write-off, D… a deferral, and A… or anything with a dot (`P1.1`) an allocation. Unless a test says
 * otherwise everything belongs to vendor V1, is in USD and happens around January and February 2024.
 */
import { expect } from '@jest/globals';
import type { Allocate } from '../../src/domain/allocations.js';
import type { ProposeBankDetails } from '../../src/domain/bank-details.js';
import type { LocalDate } from '../../src/domain/calendar.js';
import type { PostCharge } from '../../src/domain/charges.js';
import type { PostCreditNote } from '../../src/domain/credit-notes.js';
import { leftOn, type Source } from '../../src/domain/credit-source.js';
import { type Command, decide } from '../../src/domain/decider.js';
import { type Decision, type Documents, Working } from '../../src/domain/decision.js';
import type { DeferInvoice, WithdrawDeferral } from '../../src/domain/deferrals.js';
import { type Document, type DocumentOf, evolve } from '../../src/domain/documents.js';
import {
  type ApEvent,
  type DataOf,
  documentsOf,
  type DocumentName,
  type EventType,
  type ItemRef,
  type RecordedEvent,
  type SourceRef,
  streamOf,
} from '../../src/domain/events.js';
import type {
  DisputeInvoice,
  HoldInvoice,
  ReleaseInvoice,
  ResolveDispute,
} from '../../src/domain/holds-and-disputes.js';
import type { PostInvoice } from '../../src/domain/invoices.js';
import { type Amount, formatMinor } from '../../src/domain/money.js';
import { type Item, openOn, openSchedule } from '../../src/domain/open-item.js';
import type { SetAccount } from '../../src/domain/accounts.js';
import { noPolicy, type SetPolicy } from '../../src/domain/policy.js';
import type { MakePayment } from '../../src/domain/payments.js';
import type { ReceiveRefund } from '../../src/domain/refunds.js';
import { type Facts, Rejection, type RejectionCode } from '../../src/domain/rejection.js';
import type { RegisterVendor } from '../../src/domain/vendors.js';
import type { WriteOffItem } from '../../src/domain/write-offs.js';
import { fingerprint, readLine, restOfLine, versionOf } from '../../src/event-log/record.js';

/** What a test can say has happened: an event, a command that was accepted, or a turn of the circumstances. */
export type Step = ApEvent | Command | Turn;
interface Turn {
  readonly turn: (books: Books) => void;
}

/** The clock of the ledger moves to a day. */
export const today = (day: LocalDate): Turn => ({ turn: (books) => void (books.today = day) });

/** From here on another person gives the commands. */
export const by = (id: string, role = 'clerk'): Turn => ({ turn: (books) => void (books.actor = { id, role }) });

/** The books are closed through a day; `null` reopens them all. */
export const closed = (through: LocalDate | null): ApEvent =>
  through === null
    ? { type: 'PeriodReopened', effectiveOn: firstToday, data: { period: '2024-01', closedThrough: null } }
    : { type: 'PeriodClosed', effectiveOn: through, data: { period: through.slice(0, 7), closedThrough: through } };

/** The day it is in the ledger until a test says otherwise. */
const firstToday: LocalDate = '2024-02-15';

/** Whatever changes what it was given fails here, in every test. */
export const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const one of Object.values(value)) frozen(one);
  }
  return value;
};

/** The books of one ledger in memory: numbers events and keeps them as lines, as the log would, but judges nothing. */
export class Books {
  readonly lines: string[] = [];
  readonly events: RecordedEvent[] = [];
  today: LocalDate = firstToday;
  /** Whoever gives the commands. */
  actor = { id: 'ann', role: 'clerk' };
  readonly #documents = new Map<DocumentName, Document>();
  readonly #streams = new Map<string, number>();
  #commands = 0;

  get documents(): ReadonlyMap<DocumentName, Document> {
    return this.#documents;
  }

  get position(): number {
    return this.events.length;
  }

  find<N extends DocumentName>(name: N): DocumentOf<N> | undefined {
    return this.#documents.get(name) as DocumentOf<N> | undefined;
  }

  /** One that must be there. */
  get<N extends DocumentName>(name: N): DocumentOf<N> {
    const document = this.find(name);
    if (!document) throw new Error(`the test has no ${name}`);
    return document;
  }

  working(): Working {
    const documents: Documents = { find: (name) => this.find(name), findFresh: (name) => this.find(name) };
    const { closedThrough, policy = noPolicy } = this.find('ledger') ?? {};
    return new Working(documents, frozen({ today: this.today, closedThrough, policy, actor: this.actor, fingerprint }));
  }

  /** @throws {Rejection} if a rule refuses the command */
  decide(command: Command): Decision {
    return frozen(decide(frozen(command), this.working()));
  }

  /** @throws {Rejection} if a rule refuses the command: then nothing is recorded */
  execute(command: Command): Decision {
    const decision = this.decide(command);
    this.record(decision.events, decision.contentHash);
    return decision;
  }

  /** Records the events of one command. What is folded in is what can be read back from the line. */
  record(events: readonly ApEvent[], contentHash?: string): void {
    this.#commands += 1;
    const correlationId = uuid(0xc0, this.#commands);
    events.forEach((event, n) => {
      const position = this.position + 1;
      const stream = streamOf(event);
      const streamVersion = (this.#streams.get(stream) ?? 0) + 1;
      const origin = { actor: this.actor, correlationId, ...(n === 0 && contentHash !== undefined && { contentHash }) };
      const start = {
        ledger: 'acme',
        position,
        id: uuid(0xe0, position),
        type: event.type,
        version: versionOf(event),
        stream,
        streamVersion,
        effectiveOn: event.effectiveOn,
        recordedAt: `${this.today}T09:00:00.${String(position).padStart(6, '0')}Z`,
      };
      const line = `${JSON.stringify(start).slice(0, -1)},${restOfLine(event, origin)}`;
      const recorded = frozen(readLine(line));
      this.#streams.set(stream, streamVersion);
      this.lines.push(line);
      this.events.push(recorded);
      for (const name of documentsOf(recorded)) {
        const document = evolve(name, this.find(name), recorded);
        if (document) this.#documents.set(name, frozen(document));
      }
    });
  }

  take(...steps: readonly Step[]): this {
    for (const step of steps) {
      if ('turn' in step) step.turn(this);
      else if ('data' in step) this.record([step]);
      else this.execute(step);
    }
    return this;
  }

  item(id: string): Item {
    return this.get(itemNameOf(id));
  }

  source(id: string): Source {
    return this.get(sourceNameOf(id));
  }

  /** What is open of an item on a day, as a decimal string. */
  open(id: string, asOf: LocalDate): Amount {
    return formatMinor(openOn(this.item(id), asOf), this.item(id).currency);
  }

  /** What is left of a payment or credit note on a day, as a decimal string. */
  left(id: string, asOf: LocalDate): Amount {
    return formatMinor(leftOn(this.source(id), asOf), this.source(id).currency);
  }

  /**
   * What is open of each instalment on a day, in place order, settled ones left out.
   *
   * @example ['40.00 due 2024-02-10', '60.00 due 2024-04-01 was 2024-02-10', '5.00 due 2024-02-10 planned 2024-03-01']
   */
  instalments(id: string, asOf: LocalDate): string[] {
    const item = this.item(id);
    const { schedule, open } = openSchedule(item, asOf);
    return schedule.flatMap(({ originalDueOn, dueOn, plannedOn }, place) => {
      if (open[place] === 0n) return [];
      const was = originalDueOn === dueOn ? '' : ` was ${originalDueOn}`;
      const planned = plannedOn === dueOn ? '' : ` planned ${plannedOn}`;
      return [`${formatMinor(open[place]!, item.currency)} due ${dueOn}${was}${planned}`];
    });
  }
}

const uuid = (kind: number, n: number): string =>
  `018d${kind.toString(16)}00-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** The ledger `acme` (USD, UTC) with the supplier V1, who has no terms, after some steps. */
export const after = (...steps: readonly Step[]): Books =>
  new Books().take(ledgerOpened, vendorRegistered).take(...steps);

/** The same, of books in which nothing has happened yet. */
export const afterNothingBut = (...steps: readonly Step[]): Books => new Books().take(...steps);

class When {
  constructor(
    private readonly books: Books,
    private readonly command: Command,
  ) {}

  /** Accepted, with these events and no others. */
  then(...events: readonly ApEvent[]): void {
    const decided = this.books.decide(this.command);
    expect(decided.events).toEqual(events);
  }

  /** Refused for this reason, and as far as given with these facts. */
  thenRejected(code: RejectionCode, facts: Facts = {}): void {
    let refusal: unknown;
    try {
      refusal = this.books.decide(this.command).events;
    } catch (error) {
      refusal = error;
    }
    if (refusal instanceof Error && !(refusal instanceof Rejection)) throw refusal;
    expect(refusal).toBeInstanceOf(Rejection);
    expect(refusal).toMatchObject({ code, facts });
    expect((refusal as Rejection).detail).toMatch(/^[A-Z0-9].*\.$/s);
  }

  /** Malformed, with faults at exactly these places. */
  thenMalformed(...pointers: readonly string[]): void {
    this.thenRejected('malformed', {
      errors: pointers.map((pointer) => expect.objectContaining({ pointer })),
    } as never);
  }

  /** Accepted without an event: everything is already as the command asks. */
  thenNothing(): void {
    expect(this.books.decide(this.command)).toMatchObject({ events: [], claims: [] });
  }

  /** For what is beside the events: claims, warnings, the document that the answer shows. */
  get decision(): Decision {
    return this.books.decide(this.command);
  }
}
export type { When };

interface Given {
  when(command: Command): When;
}

const givenBooks = (books: Books): Given => ({ when: (command) => new When(books, command) });

export const given = (...steps: readonly Step[]): Given => givenBooks(after(...steps));
export const givenNothingBut = (...steps: readonly Step[]): Given => givenBooks(afterNothingBut(...steps));

// What an id names.

export const sourceRef = (id: string): SourceRef => (id.startsWith('P') ? { paymentId: id } : { creditNoteId: id });
export const itemRef = (id: string): ItemRef => (id.startsWith('I') ? { invoiceId: id } : { chargeId: id });
const itemNameOf = (id: string): `invoice/${string}` | `charge/${string}` =>
  `${id.startsWith('I') ? 'invoice' : 'charge'}/${id}`;
const sourceNameOf = (id: string): `payment/${string}` | `credit-note/${string}` =>
  id.startsWith('P') ? `payment/${id}` : `credit-note/${id}`;

// Commands.

type Rest<C extends { readonly type: string }, Named extends string = never> = Partial<Omit<C, 'type' | Named>>;

export const ledger = (more: { id?: string; name?: string; currency?: string; timeZone?: string } = {}): Command => ({
  type: 'OpenLedger',
  ...{ id: 'acme', name: 'Acme', currency: 'USD', timeZone: 'UTC' },
  ...more,
});

export const vendor = (id: string, more: Rest<RegisterVendor, 'id'> = {}): Command => ({
  type: 'RegisterVendor',
  id,
  name: `Vendor ${id}`,
  kind: 'supplier',
  ...more,
});

export const changeVendor = (vendorId: string, more: Rest<RegisterVendor, 'id'>): Command => ({
  type: 'ChangeVendor',
  vendorId,
  ...more,
});

/** Dated 2024-01-10 and due 2024-02-10 if nothing else is said; one line, numbered like its id. */
export const invoice = (id: string, total: Amount, more: Rest<PostInvoice, 'id' | 'total'> = {}): Command => ({
  type: 'PostInvoice',
  id,
  vendorId: 'V1',
  number: id,
  invoiceDate: '2024-01-10',
  postingDate: more.invoiceDate ?? '2024-01-10',
  currency: 'USD',
  lines: [{ amount: total }],
  total,
  ...(more.schedule === undefined && !('dueDate' in more) && { dueDate: '2024-02-10' }),
  ...more,
});

type ShortAllocation = readonly [to: string, amount: Amount, discount?: Amount];

const newAllocations = (id: string, short: readonly ShortAllocation[]) =>
  short.map(([to, amount, discount], n) => ({
    id: `${id}.${n + 1}`,
    to: itemRef(to),
    amount,
    ...(discount !== undefined && { discount }),
  }));

/** Dated 2024-01-20. */
export const creditNote = (
  id: string,
  total: Amount,
  {
    allocations,
    ...more
  }: Rest<PostCreditNote, 'id' | 'total' | 'allocations'> & { allocations?: readonly ShortAllocation[] } = {},
): Command => ({
  type: 'PostCreditNote',
  id,
  vendorId: 'V1',
  number: id,
  date: '2024-01-20',
  currency: 'USD',
  total,
  ...more,
  ...(allocations && { allocations: newAllocations(id, allocations) }),
});

/** Of 2024-01-31, due 2024-02-29. */
export const charge = (id: string, amount: Amount, more: Rest<PostCharge, 'id' | 'amount'> = {}): Command => ({
  type: 'PostCharge',
  id,
  vendorId: 'V1',
  kind: 'late-fee',
  amount,
  currency: 'USD',
  on: '2024-01-31',
  dueDate: '2024-02-29',
  ...more,
});

/** Paid on 2024-02-01. */
export const payment = (
  id: string,
  amount: Amount,
  {
    allocations,
    ...more
  }: Rest<MakePayment, 'id' | 'amount' | 'allocations'> & { allocations?: readonly ShortAllocation[] } = {},
): Command => ({
  type: 'MakePayment',
  id,
  vendorId: 'V1',
  paidOn: '2024-02-01',
  currency: 'USD',
  amount,
  ...more,
  ...(allocations && { allocations: newAllocations(id, allocations) }),
});

export const allocate = (
  id: string,
  from: string,
  to: string,
  amount: Amount,
  more: Rest<Allocate, 'id' | 'from' | 'to' | 'amount'> = {},
): Command => ({
  type: 'Allocate',
  id,
  from: sourceRef(from),
  to: itemRef(to),
  amount,
  ...more,
});

/** On 2024-02-05. */
export const refund = (
  id: string,
  from: string,
  amount: Amount,
  more: Rest<ReceiveRefund, 'id' | 'from' | 'amount'> = {},
): Command => ({
  type: 'ReceiveRefund',
  id,
  vendorId: 'V1',
  from: sourceRef(from),
  amount,
  on: '2024-02-05',
  ...more,
});

/** On 2024-02-05, of all that is open. */
export const writeOff = (id: string, item: string, more: Rest<WriteOffItem, 'id' | 'item'> = {}): Command => ({
  type: 'WriteOff',
  id,
  item: itemRef(item),
  reason: 'too small to chase',
  on: '2024-02-05',
  ...more,
});

/** Agreed, of all that is open, today. */
export const defer = (
  id: string,
  invoiceId: string,
  until: LocalDate,
  more: Rest<DeferInvoice, 'id' | 'invoiceId' | 'until'> = {},
): Command => ({
  type: 'DeferInvoice',
  invoiceId,
  id,
  until,
  agreed: true,
  reason: 'cash',
  ...more,
});

export const withdraw = (
  deferralId: string,
  invoiceId: string,
  more: Rest<WithdrawDeferral, 'deferralId' | 'invoiceId'> = {},
): Command => ({
  type: 'WithdrawDeferral',
  invoiceId,
  deferralId,
  reason: 'cash came in',
  ...more,
});

export const hold = (invoiceId: string, more: Rest<HoldInvoice, 'invoiceId'> = {}): Command => ({
  type: 'HoldInvoice',
  invoiceId,
  reason: 'goods missing',
  ...more,
});
export const release = (invoiceId: string, more: Rest<ReleaseInvoice, 'invoiceId'> = {}): Command => ({
  type: 'ReleaseInvoice',
  invoiceId,
  reason: 'goods came',
  ...more,
});
export const dispute = (invoiceId: string, more: Rest<DisputeInvoice, 'invoiceId'> = {}): Command => ({
  type: 'DisputeInvoice',
  invoiceId,
  reason: 'wrong price',
  ...more,
});
export const resolve = (invoiceId: string, more: Rest<ResolveDispute, 'invoiceId'> = {}): Command => ({
  type: 'ResolveDispute',
  invoiceId,
  reason: 'agreed',
  ...more,
});

export const account = (code: string, more: Rest<SetAccount, 'account'> = {}): Command => ({
  type: 'SetAccount',
  account: code,
  name: `Account ${code}`,
  isOnLines: false,
  linesThrough: 0,
  ...more,
});

export const policy = (more: Rest<SetPolicy> = {}): Command => ({
  type: 'SetPolicy',
  approvalAbove: [],
  ...more,
});
/** What is in them nobody looks at. */
export const propose = (id: string, more: Rest<ProposeBankDetails, 'id'> = {}): Command => ({
  type: 'ProposeBankDetails',
  id,
  vendorId: 'V1',
  sealed: { encoding: 'aes-256-gcm+base64', keyId: 'k', content: id },
  print: id,
  ...more,
});
export const approveDetails = (bankDetailsId: string, vendorId = 'V1'): Command => ({
  type: 'ApproveBankDetails',
  vendorId,
  bankDetailsId,
});

export const approve = (invoiceId: string, comment?: string): Command => ({
  type: 'ApproveInvoice',
  invoiceId,
  ...(comment !== undefined && { comment }),
});

/** The reversal of whatever the id names. */
export const reverse = (id: string, on?: LocalDate): Command => {
  const rest = { reason: 'mistake', ...(on !== undefined && { on }) };
  if (id.includes('.') || id.startsWith('A')) return { type: 'ReverseAllocation', allocationId: id, ...rest };
  switch (id[0]) {
    case 'I':
      return { type: 'ReverseInvoice', invoiceId: id, ...rest };
    case 'C':
      return { type: 'ReverseCharge', chargeId: id, ...rest };
    case 'N':
      return { type: 'ReverseCreditNote', creditNoteId: id, ...rest };
    case 'P':
      return { type: 'ReversePayment', paymentId: id, ...rest };
    case 'R':
      return { type: 'ReverseRefund', refundId: id, ...rest };
    case 'W':
      return { type: 'ReverseWriteOff', writeOffId: id, ...rest };
    default:
      throw new Error(`the id ${id} does not say what it names`);
  }
};

// Events.

/** An event of vendor V1. */
export const event = <T extends EventType>(
  type: T,
  effectiveOn: LocalDate,
  data: DataOf<T> extends { vendorId: string } ? Omit<DataOf<T>, 'vendorId'> & { vendorId?: string } : DataOf<T>,
): ApEvent =>
  ({
    type,
    effectiveOn,
    data: /^(Ledger|Period|Account)/.test(type) ? data : { vendorId: 'V1', ...data },
  }) as unknown as ApEvent;

export const allocated = (
  id: string,
  from: string,
  to: string,
  amount: Amount,
  on: LocalDate,
  more: { discount?: Amount; discountTax?: Amount; currency?: string } = {},
): ApEvent =>
  event('Allocated', on, {
    allocationId: id,
    from: sourceRef(from),
    to: itemRef(to),
    currency: 'USD',
    amount,
    on,
    ...more,
  });

export const allocationReversed = (id: string, from: string, to: string, on: LocalDate, reason = 'mistake'): ApEvent =>
  event('AllocationReversed', on, { allocationId: id, from: sourceRef(from), to: itemRef(to), reason, on });

const ledgerOpened: ApEvent = {
  type: 'LedgerOpened',
  effectiveOn: '2024-01-01',
  data: { ledgerId: 'acme', name: 'Acme', currency: 'USD', timeZone: 'UTC' },
};
const vendorRegistered: ApEvent = {
  type: 'VendorRegistered',
  effectiveOn: '2024-01-01',
  data: { vendorId: 'V1', name: 'Vendor V1', kind: 'supplier' },
};
