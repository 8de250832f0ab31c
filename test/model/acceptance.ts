import { Body, Malformed, NotFound, type Json } from './body.js';
import { addDays, later, latestOf, type Day } from './calendar.js';
import { isWithinTerms, lastDayFor, taxIn } from './discounts.js';
import {
  factsOf,
  same,
  type Allocated,
  type Fact,
  type Instalment,
  type Known,
  type Posted,
  type Ref,
  type ReversibleType,
  type VendorStated,
} from './facts.js';
import { sum } from './money.js';
import {
  disputedAmount,
  isCredit,
  isHeld,
  lastDeferralInForce,
  leaningOn,
  leastOpenFrom,
  openAmount,
  partsMoved,
  postedOf,
  reductionsOf,
  reversedOn,
  scheduleChangesOf,
  scheduleOf,
} from './open-items.js';

// What the contract's sections 2 to 4 accept and refuse. A command that breaks several rules is refused for any one
// of them, so a decision collects every code that would be right.

/** An id in use, with the content that a repeat must have. Ids are unique per kind of resource. */
export interface Registered {
  readonly kind: string;
  readonly id: string;
  readonly content: string;
}

export interface Decision {
  readonly facts: readonly Fact[];
  readonly registered: readonly Registered[];
  /** Every code that would be right; empty if the command is accepted. */
  readonly refusals: ReadonlySet<string>;
  /** The same id with the same content: accepted, and nothing happens. */
  readonly isRepeat: boolean;
}

/** A command under judgement: what is known, what it would add, and why it can't. */
class Case {
  readonly refusals = new Set<string>();
  readonly facts: Fact[] = [];
  readonly registered: Registered[] = [];
  isRepeat = false;

  constructor(
    private readonly before: Known,
    private readonly ids: readonly Registered[],
    readonly today: Day,
  ) {}

  /** Everything known, with what this command has added so far. */
  get known(): Known {
    return [...this.before, ...this.facts];
  }

  refuse(code: string): void {
    this.refusals.add(code);
  }

  refuseIf(isBroken: boolean, code: string): void {
    if (isBroken) this.refuse(code);
  }

  /** The command's own id. */
  name(kind: string, id: string, content: unknown): void {
    const entry = { kind, id, content: contentOf(content) };
    const earlier = this.ids.find((other) => other.kind === kind && other.id === id);
    if (earlier === undefined) this.registered.push(entry);
    else if (earlier.content === entry.content) this.isRepeat = true;
    else this.refuse('id-already-used');
  }

  /** An id that comes with another document: it has to be new. */
  nameWithin(kind: string, id: string, content: unknown): void {
    const isTaken = [...this.ids, ...this.registered].some((other) => other.kind === kind && other.id === id);
    if (isTaken) this.refuse('id-already-used');
    else this.registered.push({ kind, id, content: contentOf(content) });
  }

  vendor(id: string): VendorStated | undefined {
    return factsOf(this.known, 'VendorStated').findLast((vendor) => vendor.vendorId === id);
  }

  /** A document that the body names: an unknown one is refused by a rule, not with 404. */
  named(item: Ref): Posted | undefined {
    const posted = postedOf(this.known, item);
    if (!posted) this.refuse(`unknown-${item.type}`);
    return posted;
  }
}

const contentOf = (content: unknown): string =>
  JSON.stringify(content, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));

const VENDOR_KINDS: readonly string[] = ['supplier', 'tax-authority', 'payroll', 'landlord', 'lender', 'other'];

const termsOf = (body: Body): VendorStated['terms'] => {
  const terms = body.part('terms', ['netDays', 'discount']);
  if (!terms) return undefined;
  const discount = terms.part('discount', ['percent', 'days']);
  return {
    netDays: terms.count('netDays'),
    discount: discount && { percent: discount.text('percent'), days: discount.count('days') },
  };
};

const registerVendor = (self: Case, json: Json): void => {
  const body = new Body(json, ['id', 'name', 'kind', 'country', 'terms']);
  const id = body.id();
  const content = {
    name: body.text('name'),
    kind: body.oneOf('kind', VENDOR_KINDS) ?? 'supplier',
    country: body.optionalText('country'),
    terms: termsOf(body),
  };
  self.name('vendor', id, content);
  const { name, kind, terms } = content;
  self.facts.push({ type: 'VendorStated', vendorId: id, name, kind, terms, on: self.today });
};

const changeVendor = (self: Case, id: string, json: Json): void => {
  const vendor = self.vendor(id);
  if (!vendor) throw new NotFound(id);
  const body = new Body(json, ['name', 'kind', 'country', 'terms']);
  body.optionalText('country');
  self.facts.push({
    ...vendor,
    name: body.optionalText('name') ?? vendor.name,
    kind: body.oneOf('kind', VENDOR_KINDS) ?? vendor.kind,
    terms: termsOf(body) ?? vendor.terms,
    on: self.today,
  });
};

const LINE_FIELDS = ['description', 'account', 'amount', 'tax'];

const linesOf = (body: Body, currency: string) =>
  body.list('lines', LINE_FIELDS).map((line) => ({
    description: line.optionalText('description'),
    account: line.optionalText('account'),
    amount: line.lineMoney('amount', currency) ?? missing('amount'),
    tax: line.lineMoney('tax', currency) ?? 0n,
  }));

const missing = (name: string): never => {
  throw new Malformed(`${name} is missing`);
};

const contraOf = (lines: ReturnType<typeof linesOf>): Posted['contra'] =>
  lines.flatMap(({ amount, tax }) => [
    { account: 'cost', amount },
    { account: 'tax', amount: tax },
  ]);

/**
 * A vendor's invoice number as rule 3 compares it.
 *
 * @example normalised('inv-007/2') // 'INV72'
 */
export const normalised = (number: string): string =>
  number
    .toUpperCase()
    .replace(/\d+/g, (digits) => digits.replace(/^0+(?=\d)/, ''))
    .replace(/[^\p{L}\p{Nd}]/gu, '');

const isDuplicate = (known: Known, vendorId: string, number: string, invoiceDate: Day): boolean =>
  factsOf(known, 'Posted').some(
    (other) =>
      other.item.type === 'invoice' &&
      other.vendorId === vendorId &&
      normalised(other.number ?? '') === normalised(number) &&
      other.datedOn.slice(0, 4) === invoiceDate.slice(0, 4) &&
      reversedOn(known, other.item) === undefined,
  );

const INVOICE_FIELDS = [
  ...['id', 'vendorId', 'number', 'invoiceDate', 'postingDate', 'currency', 'lines', 'total', 'dueDate', 'schedule'],
  ...['kind', 'servicePeriod', 'description', 'allowDuplicate'],
];

const instalment = (amount: bigint, dueOn: Day): Instalment => ({
  amount,
  originalDueOn: dueOn,
  dueOn,
  plannedOn: dueOn,
});

const postInvoice = (self: Case, json: Json): void => {
  const body = new Body(json, INVOICE_FIELDS);
  const currency = body.currency();
  const invoiceDate = body.day('invoiceDate');
  const servicePeriod = body.part('servicePeriod', ['from', 'to']);
  const content = {
    vendorId: body.id('vendorId'),
    number: body.text('number'),
    invoiceDate,
    postingDate: body.optionalDay('postingDate') ?? invoiceDate,
    currency,
    lines: linesOf(body, currency),
    total: body.money('total', currency),
    dueDate: body.optionalDay('dueDate'),
    schedule: body
      .list('schedule', ['dueOn', 'amount'])
      .map((part) => ({ dueOn: part.day('dueOn'), amount: part.money('amount', currency) })),
    kind: body.optionalText('kind'),
    servicePeriod: servicePeriod && { from: servicePeriod.day('from'), to: servicePeriod.day('to') },
    description: body.optionalText('description'),
    allowDuplicate: body.part('allowDuplicate', ['reason'])?.text('reason'),
  };
  const { vendorId, number, postingDate, lines, total, dueDate, schedule } = content;
  if (lines.length === 0) throw new Malformed('lines');
  if (dueDate !== undefined && schedule.length > 0) throw new Malformed('dueDate and schedule');
  const id = body.id();
  self.name('invoice', id, content);
  const vendor = self.vendor(vendorId);
  self.refuseIf(!vendor, 'unknown-vendor');
  self.refuseIf(sum(lines.map(({ amount, tax }) => amount + tax)) !== total, 'total-mismatch');
  self.refuseIf(schedule.length > 0 && sum(schedule.map(({ amount }) => amount)) !== total, 'schedule-mismatch');
  self.refuseIf(
    content.allowDuplicate === undefined && isDuplicate(self.known, vendorId, number, invoiceDate),
    'duplicate-invoice',
  );
  const dueOn = dueDate ?? addDays(invoiceDate, vendor?.terms?.netDays ?? 0);
  self.facts.push({
    type: 'Posted',
    item: { type: 'invoice', id },
    vendorId,
    currency,
    amount: total,
    on: postingDate,
    datedOn: invoiceDate,
    number,
    kind: content.kind,
    schedule:
      schedule.length > 0 ? schedule.map((part) => instalment(part.amount, part.dueOn)) : [instalment(total, dueOn)],
    contra: contraOf(lines),
    discount: vendor?.terms?.discount,
  });
};

const postCharge = (self: Case, json: Json): void => {
  const body = new Body(json, ['id', 'vendorId', 'invoiceId', 'kind', 'amount', 'currency', 'on', 'dueDate']);
  const currency = body.currency();
  const content = {
    vendorId: body.id('vendorId'),
    invoiceId: body.optionalId('invoiceId'),
    kind: body.oneOf('kind', ['late-interest', 'late-fee', 'penalty']) ?? missing('kind'),
    amount: body.money('amount', currency),
    currency,
    on: body.day('on'),
    dueDate: body.day('dueDate'),
  };
  const { vendorId, invoiceId, kind, amount, on, dueDate } = content;
  const id = body.id();
  self.name('charge', id, content);
  self.refuseIf(!self.vendor(vendorId), 'unknown-vendor');
  if (invoiceId !== undefined) {
    const invoice = self.named({ type: 'invoice', id: invoiceId });
    self.refuseIf(invoice !== undefined && invoice.vendorId !== vendorId, 'vendor-mismatch');
  }
  self.facts.push({
    type: 'Posted',
    item: { type: 'charge', id },
    vendorId,
    currency,
    amount,
    on,
    datedOn: on,
    number: null,
    kind: undefined,
    schedule: [instalment(amount, dueDate)],
    contra: [{ account: kind, amount }],
  });
};

/** The one document of two sorts that a body names: `{invoiceId}` or `{chargeId}`, `{paymentId}` or `{creditNoteId}`. */
const oneRef = (body: Body, names: Readonly<Record<string, Ref['type']>>): Ref => {
  const refs = Object.entries(names).flatMap(([name, type]) => {
    const id = body.optionalId(name);
    return id === undefined ? [] : [{ type, id }];
  });
  const [ref, ...others] = refs;
  if (ref === undefined || others.length > 0) throw new Malformed(Object.keys(names).join(' or '));
  return ref;
};

const ITEMS = { invoiceId: 'invoice', chargeId: 'charge' } as const;
const SOURCES = { paymentId: 'payment', creditNoteId: 'credit-note' } as const;

/** Rules 4, 5 and 10. What is refused is added all the same, so that what follows it is judged as well. */
const allocate = (
  self: Case,
  allocation: Omit<Allocated, 'type' | 'on' | 'discountTax'>,
  on: Day | undefined,
): void => {
  const { from, to, amount, discount } = allocation;
  const source = self.named(from);
  const item = self.named(to);
  if (!source || !item) return;
  self.refuseIf(source.vendorId !== item.vendorId, 'vendor-mismatch');
  const effectiveOn = [item.on, source.on, on ?? source.on].reduce(later);
  self.refuseIf(amount > leastOpenFrom(self.known, from, effectiveOn), 'over-allocated');
  const isHeldNow = from.type === 'payment' && isHeld(self.known, to, self.today);
  self.refuseIf(isHeldNow, 'on-hold');
  if (source.currency !== item.currency) {
    self.refuse('currency-mismatch');
    return;
  }
  const settled = amount + discount;
  const open = leastOpenFrom(self.known, to, effectiveOn);
  self.refuseIf(settled > open, 'over-allocated');
  // What counts is whether it is held or disputed when this is recorded, whatever day the payment bears.
  const disputedNow = disputedAmount(self.known, to, self.today);
  if (from.type === 'payment' && disputedNow > 0n && settled > open - disputedNow) {
    self.refuse('on-hold');
    self.refuse('disputed');
  }
  if (discount > 0n) {
    self.refuseIf(from.type === 'credit-note', 'malformed');
    const lastDay = lastDayFor(item);
    self.refuseIf(lastDay !== undefined && source.on > lastDay, 'discount-expired');
    self.refuseIf(!isWithinTerms(self.known, item, allocation), 'over-discounted');
  }
  const discountTax = discount > 0n ? taxIn(self.known, item, discount) : 0n;
  self.facts.push({ type: 'Allocated', ...allocation, discountTax, on: effectiveOn });
};

const ALLOCATION_FIELDS = ['id', 'invoiceId', 'chargeId', 'amount'];

const allocationsOf = (body: Body, currency: string, fields: readonly string[]) =>
  body.list('allocations', fields).map((part) => ({
    id: part.optionalId('id'),
    to: oneRef(part, ITEMS),
    amount: part.money('amount', currency),
    discount: part.optionalMoney('discount', currency),
  }));

const allocateWithin = (self: Case, from: Ref, allocations: ReturnType<typeof allocationsOf>): void => {
  allocations.forEach(({ id, to, amount, discount = 0n }, place) => {
    const allocation = { id: id ?? `${from.id}.${place + 1}`, from, to, amount, discount };
    self.nameWithin('allocation', allocation.id, allocation);
    allocate(self, allocation, undefined);
  });
};

const postCreditNote = (self: Case, json: Json): void => {
  const body = new Body(json, ['id', 'vendorId', 'number', 'date', 'currency', 'total', 'lines', 'allocations']);
  const currency = body.currency();
  const content = {
    vendorId: body.id('vendorId'),
    number: body.text('number'),
    date: body.day('date'),
    currency,
    total: body.money('total', currency),
    lines: linesOf(body, currency),
    allocations: allocationsOf(body, currency, ALLOCATION_FIELDS),
  };
  const { vendorId, number, date, total, lines } = content;
  const item = { type: 'credit-note', id: body.id() } as const;
  self.name('credit-note', item.id, content);
  if (self.isRepeat) return;
  self.refuseIf(!self.vendor(vendorId), 'unknown-vendor');
  self.refuseIf(lines.length > 0 && sum(lines.map(({ amount, tax }) => amount + tax)) !== total, 'total-mismatch');
  const contra = lines.length > 0 ? contraOf(lines) : [{ account: 'cost', amount: total }];
  self.facts.push(credit(item, { vendorId, currency, amount: total, on: date, number, contra }));
  allocateWithin(self, item, content.allocations);
};

const credit = (
  item: Ref,
  posted: Pick<Posted, 'vendorId' | 'currency' | 'amount' | 'on' | 'number' | 'contra'>,
): Posted => ({ type: 'Posted', item, ...posted, datedOn: posted.on, kind: undefined, schedule: [] });

const PAYMENT_FIELDS = [
  ...['id', 'vendorId', 'paidOn', 'currency', 'amount', 'method', 'reference', 'bankAccount', 'allocations'],
];

const makePayment = (self: Case, json: Json): void => {
  const body = new Body(json, PAYMENT_FIELDS);
  const currency = body.currency();
  const content = {
    vendorId: body.id('vendorId'),
    paidOn: body.day('paidOn'),
    currency,
    amount: body.money('amount', currency),
    method: body.optionalText('method'),
    reference: body.optionalText('reference'),
    bankAccount: body.optionalText('bankAccount'),
    allocations: allocationsOf(body, currency, [...ALLOCATION_FIELDS, 'discount']),
  };
  const { vendorId, paidOn, amount, reference } = content;
  const item = { type: 'payment', id: body.id() } as const;
  self.name('payment', item.id, content);
  if (self.isRepeat) return;
  self.refuseIf(!self.vendor(vendorId), 'unknown-vendor');
  const contra = [{ account: 'cash', amount }];
  self.facts.push(credit(item, { vendorId, currency, amount, on: paidOn, number: reference ?? null, contra }));
  allocateWithin(self, item, content.allocations);
};

const postAllocation = (self: Case, json: Json): void => {
  const body = new Body(json, ['id', 'from', 'to', 'amount', 'discount', 'on']);
  const from = oneRef(body.part('from', Object.keys(SOURCES)) ?? missing('from'), SOURCES);
  const to = oneRef(body.part('to', Object.keys(ITEMS)) ?? missing('to'), ITEMS);
  const currency = postedOf(self.known, from)?.currency ?? postedOf(self.known, to)?.currency ?? 'KWD';
  const content = {
    from,
    to,
    amount: body.money('amount', currency),
    discount: body.optionalMoney('discount', currency),
    on: body.optionalDay('on'),
  };
  const id = body.id();
  self.name('allocation', id, content);
  allocate(self, { id, from, to, amount: content.amount, discount: content.discount ?? 0n }, content.on);
};

const receiveRefund = (self: Case, json: Json): void => {
  const body = new Body(json, ['id', 'vendorId', 'from', 'amount', 'on']);
  const from = oneRef(body.part('from', Object.keys(SOURCES)) ?? missing('from'), SOURCES);
  const source = self.named(from);
  const content = {
    vendorId: body.id('vendorId'),
    from,
    amount: body.money('amount', source?.currency ?? 'KWD'),
    on: body.day('on'),
  };
  const { vendorId, amount, on } = content;
  const id = body.id();
  self.name('refund', id, content);
  self.refuseIf(!self.vendor(vendorId), 'unknown-vendor');
  if (!source) return;
  self.refuseIf(source.vendorId !== vendorId, 'vendor-mismatch');
  // Before the payment's own day nothing is left of it.
  self.refuseIf(on < source.on, 'before-original');
  self.refuseIf(amount > leastOpenFrom(self.known, from, on), 'over-allocated');
  self.facts.push({ type: 'RefundReceived', id, from, amount, on });
};

const writeOff = (self: Case, json: Json): void => {
  const body = new Body(json, ['id', 'invoiceId', 'chargeId', 'amount', 'reason', 'on']);
  const item = oneRef(body, ITEMS);
  const posted = self.named(item);
  const content = {
    item,
    amount: body.optionalMoney('amount', posted?.currency ?? 'KWD'),
    reason: body.text('reason'),
    on: body.day('on'),
  };
  const id = body.id();
  self.name('write-off', id, content);
  if (!posted) return;
  const { on } = content;
  const open = leastOpenFrom(self.known, item, on);
  self.refuseIf(on < posted.on, 'before-original');
  self.refuseIf(open === 0n, 'nothing-open');
  self.refuseIf(open === 0n || (content.amount ?? 0n) > open, 'over-allocated');
  self.facts.push({ type: 'WrittenOff', id, item, amount: content.amount ?? open, on });
};

const REVERSIBLE: Readonly<Record<string, ReversibleType>> = {
  invoices: 'invoice',
  'credit-notes': 'credit-note',
  charges: 'charge',
  payments: 'payment',
  allocations: 'allocation',
  refunds: 'refund',
  'write-offs': 'write-off',
};

const isOpenItem = (document: Ref<ReversibleType>): document is Ref =>
  ['invoice', 'charge', 'credit-note', 'payment'].includes(document.type);

/** The day that a document's own reversal can't be before. */
const originalDay = (known: Known, document: Ref<ReversibleType>): Day | undefined => {
  if (isOpenItem(document)) return postedOf(known, document)?.on;
  return known.find(
    (fact) =>
      (fact.type === 'Allocated' && document.type === 'allocation' && fact.id === document.id) ||
      (fact.type === 'RefundReceived' && document.type === 'refund' && fact.id === document.id) ||
      (fact.type === 'WrittenOff' && document.type === 'write-off' && fact.id === document.id),
  )?.on;
};

/** An allocation is also over once its payment or credit note is reversed. */
const isOver = (known: Known, document: Ref<ReversibleType>): boolean => {
  if (reversedOn(known, document) !== undefined) return true;
  const allocation = factsOf(known, 'Allocated').find(({ id }) => document.type === 'allocation' && id === document.id);
  return allocation !== undefined && reversedOn(known, allocation.from) !== undefined;
};

/** Rule 8. */
const reverse = (self: Case, type: ReversibleType, id: string, json: Json): void => {
  const document = { type, id };
  const { known } = self;
  const original = originalDay(known, document);
  if (original === undefined) throw new NotFound(id);
  const body = new Body(json, ['reason', 'on']);
  body.text('reason');
  const leaning = isOpenItem(document) ? leaningOn(known, document) : [];
  const unended = leaning.filter(({ end }) => end === undefined);
  if (isOpenItem(document) && isCredit(document)) {
    self.refuseIf(
      unended.some(({ fact }) => fact.type === 'RefundReceived'),
      'has-refunds',
    );
  } else {
    self.refuseIf(unended.length > 0, 'has-allocations');
  }
  // Only what was in effect on at least one day: a thing reversed on its own day never leaned on anything.
  const ends = leaning.flatMap(({ on, end }) => (end !== undefined && end > on ? [end] : []));
  const earliest = latestOf([original, ...ends]) ?? original;
  const on = body.optionalDay('on') ?? earliest;
  self.refuseIf(isOver(known, document), 'already-reversed');
  self.refuseIf(on < original, 'before-original');
  self.refuseIf(
    ends.some((end) => on < end),
    'still-in-use',
  );
  self.facts.push({ type: 'Reversed', of: document, on });
};

const invoiceOf = (self: Case, id: string): Posted => {
  const posted = postedOf(self.known, { type: 'invoice', id });
  if (!posted) throw new NotFound(id);
  return posted;
};

/** Rule 7. */
const defer = (self: Case, invoiceId: string, json: Json): void => {
  const posted = invoiceOf(self, invoiceId);
  const body = new Body(json, ['id', 'until', 'amount', 'agreed', 'reason', 'reference', 'on']);
  const content = {
    invoiceId,
    until: body.day('until'),
    amount: body.optionalMoney('amount', posted.currency),
    agreed: body.flag('agreed'),
    reason: body.text('reason'),
    reference: body.optionalText('reference'),
    on: body.optionalDay('on') ?? self.today,
  };
  const { until, amount, agreed, on } = content;
  const id = body.id();
  self.name('deferral', id, content);
  const { known } = self;
  const { item } = posted;
  self.refuseIf(
    scheduleChangesOf(known, item).some((change) => on < change.on),
    'deferral-out-of-order',
  );
  const open = openAmount(known, item, on);
  self.refuseIf(open === 0n, 'nothing-open');
  self.refuseIf((amount ?? 0n) > open, 'over-deferred');
  const reductions = reductionsOf(known, item, on);
  // The two schedules differ only for a deferral that is out of order: then either may be held against it.
  for (const schedule of [scheduleOf(known, posted, on), scheduleOf(known, posted, '9999-12-31')]) {
    const moved = partsMoved(schedule, reductions, amount).filter((part) => part.moved > 0n);
    self.refuseIf(
      moved.some((part) => until <= (agreed ? part.instalment.dueOn : part.instalment.plannedOn)),
      'until-not-later',
    );
  }
  self.facts.push({ type: 'PaymentDeferred', id, item, until, amount, agreed, on });
};

const withdraw = (self: Case, invoiceId: string, id: string, json: Json): void => {
  const posted = invoiceOf(self, invoiceId);
  const { known } = self;
  const { item } = posted;
  const deferral = factsOf(known, 'PaymentDeferred').find((fact) => fact.id === id && same(fact.item, item));
  if (!deferral) throw new NotFound(id);
  const body = new Body(json, ['reason', 'on']);
  body.text('reason');
  const on = body.optionalDay('on') ?? self.today;
  self.refuseIf(lastDeferralInForce(known, posted) !== deferral, 'not-the-last-deferral');
  self.refuseIf(
    scheduleChangesOf(known, item).some((change) => on < change.on),
    'deferral-out-of-order',
  );
  self.facts.push({ type: 'DeferralWithdrawn', id, item, on });
};

const hold = (self: Case, invoiceId: string, json: Json): void => {
  const { item } = invoiceOf(self, invoiceId);
  const body = new Body(json, ['reason', 'until', 'on']);
  body.text('reason');
  const until = body.optionalDay('until');
  const on = body.optionalDay('on') ?? self.today;
  self.refuseIf(until !== undefined && until <= on, 'until-not-later');
  self.facts.push({ type: 'InvoiceHeld', item, until, on });
};

const release = (self: Case, invoiceId: string, json: Json): void => {
  const { item } = invoiceOf(self, invoiceId);
  const body = new Body(json, ['reason', 'until', 'on']);
  body.text('reason');
  const on = body.optionalDay('on') ?? self.today;
  self.refuseIf(!isHeld(self.known, item, on), 'not-held');
  self.facts.push({ type: 'InvoiceReleased', item, on });
};

const dispute = (self: Case, invoiceId: string, json: Json): void => {
  const { item, currency } = invoiceOf(self, invoiceId);
  const body = new Body(json, ['amount', 'reason', 'on']);
  body.text('reason');
  const on = body.optionalDay('on') ?? self.today;
  const undisputed = openAmount(self.known, item, on) - disputedAmount(self.known, item, on);
  const amount = body.optionalMoney('amount', currency) ?? undisputed;
  self.refuseIf(undisputed === 0n, 'nothing-open');
  self.refuseIf(amount > undisputed, 'over-disputed');
  self.facts.push({ type: 'InvoiceDisputed', item, amount, on });
};

const resolve = (self: Case, invoiceId: string, json: Json): void => {
  const { item, currency } = invoiceOf(self, invoiceId);
  const body = new Body(json, ['amount', 'reason', 'on']);
  body.text('reason');
  const on = body.optionalDay('on') ?? self.today;
  const disputed = disputedAmount(self.known, item, on);
  const amount = body.optionalMoney('amount', currency);
  self.refuseIf(disputed === 0n, 'nothing-disputed');
  self.refuseIf((amount ?? 0n) > disputed, 'over-resolved');
  self.facts.push({ type: 'DisputeResolved', item, amount, on });
};

const collections: Readonly<Record<string, (self: Case, json: Json) => void>> = {
  vendors: registerVendor,
  invoices: postInvoice,
  charges: postCharge,
  'credit-notes': postCreditNote,
  payments: makePayment,
  allocations: postAllocation,
  refunds: receiveRefund,
  'write-offs': writeOff,
};

const judge = (self: Case, path: string, json: Json): void => {
  const [collection = '', id = '', part = '', ...rest] = path.split('/').slice(1);
  const [place, ...action] = rest;
  const own = path.split('/').length === 2 ? collections[collection] : undefined;
  const reversible = REVERSIBLE[collection];
  const route = `${collection}/*/${[part, ...rest].join('/')}`;
  if (own) own(self, json);
  else if (part === 'reversal' && rest.length === 0 && reversible) reverse(self, reversible, id, json);
  else if (route === 'vendors/*/changes') changeVendor(self, id, json);
  else if (route === 'invoices/*/deferrals') defer(self, id, json);
  else if (route === 'invoices/*/holds') hold(self, id, json);
  else if (route === 'invoices/*/holds/release') release(self, id, json);
  else if (route === 'invoices/*/disputes') dispute(self, id, json);
  else if (route === 'invoices/*/disputes/resolution') resolve(self, id, json);
  else if (`${collection}/${part}/${action.join('/')}` === 'invoices/deferrals/withdrawal')
    withdraw(self, id, place ?? '', json);
  else throw new NotFound(path);
};

/**
 * Judges one request on everything recorded before it.
 *
 * @throws {Malformed} the request is not what its route takes
 * @throws {NotFound} the path names a document that is not there
 */
export const decide = (known: Known, ids: readonly Registered[], today: Day, path: string, json: Json): Decision => {
  const self = new Case(known, ids, today);
  judge(self, path, json);
  const { facts, registered, refusals, isRepeat } = self;
  return isRepeat
    ? { facts: [], registered: [], refusals: new Set(), isRepeat }
    : { facts, registered, refusals, isRepeat };
};
