import fc from 'fast-check';
import { addDays, lastOfMonth, latestOf, later, type Day } from './calendar.js';
import type { Json } from './body.js';
import { factsOf, same, type Posted, type Ref, type ReversibleType } from './facts.js';
import type { ChangesReport } from './changes.js';
import { lastDayFor } from './discounts.js';
import { decimalOf, decimalsOf, least, sum } from './money.js';
import {
  disputedAmount,
  disputedInAll,
  isCredit,
  isHeld,
  leastOpenFrom,
  openAmount,
  openInstalments,
  partsMoved,
  reductionsOf,
  reversedOn,
  scheduleChangesOf,
  scheduleOf,
} from './open-items.js';
import { isAccepted, type Answer, type ReferenceLedger, type Request } from './reference.js';
import type {
  AgeingQuestion,
  AgeingReport,
  LiabilitiesQuestion,
  LiabilitiesReport,
  StatementQuestion,
  StatementReport,
} from './reports.js';

// Random histories of a ledger. A step is only dice: what it stands for is settled when its turn comes, by what the
// ledger then holds, so most steps are valid and a history stays one when fast-check shrinks it. Days lie in about
// five months around the ledger's today.

const actions = [
  'invoice',
  'payment',
  'allocation',
  'deferral',
  'reversal',
  'credit-note',
  'charge',
  'write-off',
  'refund',
  'withdrawal',
  'hold',
  'release',
  'dispute',
  'resolution',
  'vendor-change',
  'repeat',
] as const;
type Action = (typeof actions)[number];

const frequency: Readonly<Record<Action, number>> = {
  invoice: 7,
  payment: 6,
  allocation: 5,
  deferral: 6,
  reversal: 6,
  'credit-note': 2,
  charge: 2,
  'write-off': 2,
  refund: 2,
  withdrawal: 3,
  hold: 1,
  release: 1,
  dispute: 2,
  resolution: 1,
  'vendor-change': 1,
  repeat: 2,
};

/** What is wrong with a step on purpose. An action for which a fault means nothing is done without it. */
const faults = ['none', 'unknown', 'too-much', 'currency', 'vendor', 'early', 'mismatch', 'duplicate'] as const;
type Fault = (typeof faults)[number];

export interface Step {
  readonly action: Action;
  readonly fault: Fault;
  /** Which document, counted from the oldest, where there are several to choose from. */
  readonly which: number;
  readonly other: number;
  /** Which form of the command: which optional fields it has, agreed or not. */
  readonly form: number;
  /** How much of what could be taken: 0 all, 1 a cent, 2 all but a cent, else so many hundredths. */
  readonly share: number;
  /** Days after the first day of the window. */
  readonly day: number;
  readonly isMonthEnd: boolean;
  /** Days between one thing and the next, such as an invoice and its due date. */
  readonly lag: number;
}

const weighted = <Value>(values: readonly Value[], weightOf: (value: Value) => number): fc.Arbitrary<Value> =>
  fc.oneof(...values.map((value) => ({ arbitrary: fc.constant(value), weight: weightOf(value) })));

const stepOf: fc.Arbitrary<Step> = fc.record({
  action: weighted(actions, (action) => frequency[action]),
  fault: weighted(faults, (fault) => (fault === 'none' ? 24 : 1)),
  which: fc.nat(30),
  other: fc.nat(30),
  form: fc.nat(59),
  share: fc.oneof(fc.nat(2), fc.nat(99)),
  day: fc.nat(150),
  isMonthEnd: fc.boolean(),
  lag: fc.nat(75),
});

/** Random histories; shorter ones first when fast-check shrinks. */
export const histories = ({ minLength = 1, maxLength = 50 } = {}): fc.Arbitrary<Step[]> =>
  fc.array(stepOf, { minLength, maxLength, size: 'max' });

const WINDOW_DAYS_BEFORE_TODAY = 110;

const CURRENCIES = ['USD', 'USD', 'USD', 'USD', 'JPY', 'KWD'] as const;

/** The vendors that every history begins with. */
const vendors: readonly Request[] = [
  { id: 'V1', name: 'Vale Ltd', terms: { netDays: 30, discount: { percent: '2', days: 10 } } },
  { id: 'V2', name: 'Tax office', kind: 'tax-authority' },
  { id: 'V3', name: 'Ödön & Söhne', kind: 'landlord', country: 'DE', terms: { netDays: 60 } },
].map((body) => ({ method: 'POST', path: '/vendors', body }));

const post = (path: string, body: Json): Request => ({ method: 'POST', path, body });

/** The list from one of its members on, round to the one before: `pick` chooses, the others are there to fall back on. */
const from = <Member>(members: readonly Member[], pick: number): Member[] => {
  const start = members.length === 0 ? 0 : pick % members.length;
  return [...members.slice(start), ...members.slice(0, start)];
};

/** A body without the fields that are undefined, as JSON would send it. */
const body = (fields: Json): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** Turns a step's dice into requests, given the ledger as it stands. */
class Dice {
  constructor(
    private readonly step: Step,
    private readonly ledger: ReferenceLedger,
    private readonly made: readonly Request[],
  ) {}

  private get known() {
    return this.ledger.known;
  }

  private get day(): Day {
    const day = addDays(this.ledger.today, this.step.day - WINDOW_DAYS_BEFORE_TODAY);
    return this.step.isMonthEnd ? lastOfMonth(day) : day;
  }

  private isFault(fault: Fault): boolean {
    return this.step.fault === fault;
  }

  /** One form of a command in `of`, independently of forms asked for under another salt. */
  private is(of: number, salt = 0): boolean {
    return (this.step.form + salt * 7 + (this.step.which % 3) * salt) % of === 0;
  }

  /** A part of an amount by the step's share, at least the smallest there is: of nothing that is too much. */
  private shareOf(amount: bigint): bigint {
    const { share } = this.step;
    const part = share === 0 ? amount : share === 1 ? 1n : share === 2 ? amount - 1n : (amount * BigInt(share)) / 100n;
    return part > 0n ? part : 1n;
  }

  private documents(isWanted: (posted: Posted) => boolean): Posted[] {
    return this.ledger.documents.filter(isWanted);
  }

  private nextId(prefix: string, type: Posted['item']['type']): string {
    return `${prefix}${this.documents(({ item }) => item.type === type).length + 1}`;
  }

  private get vendorId(): string {
    return this.isFault('unknown') ? 'nobody' : `V${(this.step.which % 3) + 1}`;
  }

  private get currency(): string {
    return CURRENCIES[this.step.other % CURRENCIES.length] ?? 'USD';
  }

  /** An amount for a new document: mostly some hundreds, sometimes the smallest there is. */
  private get amount(): bigint {
    const { share, other, lag, form } = this.step;
    if (share === 1) return 1n;
    return BigInt(100 + ((other * 7919 + lag * 104_729 + form * 31) % 99_900));
  }

  requests(): Request[] {
    switch (this.step.action) {
      case 'invoice':
        return [this.invoice()];
      case 'charge':
        return [this.charge()];
      case 'payment':
        return [this.payment()];
      case 'credit-note':
        return [this.creditNote()];
      case 'allocation':
        return this.allocations();
      case 'refund':
        return this.refunds();
      case 'write-off':
        return this.writeOffs();
      case 'reversal':
        return this.reversals();
      case 'deferral':
        return this.deferrals();
      case 'withdrawal':
        return this.withdrawals();
      case 'hold':
      case 'release':
      case 'dispute':
      case 'resolution':
        return this.markings(this.step.action);
      case 'vendor-change':
        return [this.vendorChange()];
      case 'repeat':
        return this.repeats();
    }
  }

  private lines(total: bigint, currency: string): Json[] {
    const decimal = (minor: bigint): string => decimalOf(minor, currency);
    if (this.is(3)) return [{ amount: decimal(total) }];
    if (this.is(4)) return [{ amount: decimal(total + 50n) }, { amount: '-' + decimal(50n), description: 'rebate' }];
    const tax = total / 6n;
    return [{ amount: decimal(total - tax), account: 'rent', ...(tax > 0n ? { tax: decimal(tax) } : {}) }];
  }

  private schedule(total: bigint, currency: string, first: Day): Json[] {
    // Not in order of date, and sometimes two on one day: the contract does not ask for better.
    const { lag, other } = this.step;
    const count = BigInt(2 + (other % 3));
    if (total < count) return [{ dueOn: first, amount: decimalOf(total, currency) }];
    const days = [lag % 40, lag % 2 === 0 ? lag % 40 : 0, (lag % 40) + 31, 90];
    const parts = Array.from({ length: Number(count) }, (_, place) =>
      place === 0 ? total - (total / count) * (count - 1n) : total / count,
    );
    if (this.isFault('mismatch')) parts.push(1n);
    return parts.map((amount, place) => ({
      dueOn: addDays(first, days[place] ?? 0),
      amount: decimalOf(amount, currency),
    }));
  }

  private invoice(): Request {
    const { currency, amount, vendorId, day, step } = this;
    const id = this.nextId('I', 'invoice');
    const earlier = this.documents(({ item, vendorId: its }) => item.type === 'invoice' && its === vendorId);
    const repeated = this.isFault('duplicate') ? from(earlier, step.other)[0]?.number : undefined;
    const isInstalments = this.is(3, 1);
    return post(
      '/invoices',
      body({
        id,
        vendorId,
        // Spelled otherwise, but the same number once normalised.
        number: repeated?.replace('INV-', 'inv 00') ?? `INV-${id.slice(1)}`,
        invoiceDate: day,
        postingDate: this.is(4, 2) ? addDays(day, step.lag % 30) : undefined,
        currency,
        lines: this.lines(this.isFault('mismatch') && !isInstalments ? amount + 1n : amount, currency),
        total: decimalOf(amount, currency),
        schedule: isInstalments ? this.schedule(amount, currency, day) : undefined,
        dueDate: !isInstalments && this.is(2, 3) ? addDays(day, step.lag) : undefined,
        kind: this.is(5, 4) ? 'payroll' : undefined,
        description: this.is(4, 5) ? 'as ordered' : undefined,
        allowDuplicate: repeated && this.is(2, 6) ? { reason: 'delivered twice' } : undefined,
      }),
    );
  }

  private charge(): Request {
    const { currency, vendorId, day, step } = this;
    const kind = ['late-interest', 'late-fee', 'penalty'][step.form % 3];
    const amount = decimalOf((this.amount % 5_000n) + 1n, currency);
    const id = this.nextId('F', 'charge');
    return post('/charges', { id, vendorId, kind, amount, currency, on: day, dueDate: addDays(day, step.lag % 40) });
  }

  /** What can be settled of an item from a day on by a payment, without what is disputed. */
  private payable({ item }: Posted, on: Day, isByPayment: boolean): bigint {
    if (isByPayment && isHeld(this.known, item, this.ledger.today)) return 0n;
    const disputed = isByPayment ? disputedAmount(this.known, item, this.ledger.today) : 0n;
    return leastOpenFrom(this.known, item, on) - disputed;
  }

  /** Invoices and charges that have something to settle for a new payment or credit note of that day. */
  private settled(
    vendorId: string,
    currency: string,
    on: Day,
    isByPayment: boolean,
  ): { to: Json; amount: bigint; discount: bigint }[] {
    const isOther = (posted: Posted): boolean =>
      this.isFault('vendor') ? posted.vendorId !== vendorId : posted.vendorId === vendorId;
    const isOfCurrency = (posted: Posted): boolean =>
      this.isFault('currency') ? posted.currency !== currency : posted.currency === currency;
    const payable = this.documents((posted) => !isCredit(posted.item) && isOther(posted) && isOfCurrency(posted))
      .map((posted) => ({ posted, open: this.payable(posted, later(posted.on, on), isByPayment) }))
      .filter(({ open }) => open > 0n);
    return from(payable, this.step.other)
      .slice(0, this.step.form % 4)
      .map(({ posted, open }) => {
        // In another currency an amount is written in whole units, so that both currencies can read it.
        const total = this.isFault('too-much')
          ? open + 1n
          : this.isFault('currency')
            ? oneUnit(currency)
            : this.shareOf(open);
        const discount = isByPayment ? this.discountOn(posted, total, on) : 0n;
        const to = this.isFault('unknown') ? { invoiceId: 'nothing' } : toOf(posted.item);
        return { to, amount: total - discount, discount };
      });
  }

  /** About two per cent, sometimes a little too much of it, and seldom where it is too late. */
  private discountOn(posted: Posted, total: bigint, paidOn: Day): bigint {
    const lastDay = lastDayFor(posted);
    const isLate = lastDay !== undefined && paidOn > lastDay;
    const isWanted = lastDay === undefined ? this.is(3, 1) : isLate ? this.is(12, 1) : this.is(2, 1);
    const discount = (total + (this.is(6, 5) ? 49n : this.is(2, 6) ? 25n : 0n)) / 50n;
    return isWanted && discount < total ? discount : 0n;
  }

  private payment(): Request {
    const { vendorId, day, step } = this;
    const isVendorKnown = !this.isFault('unknown') || this.is(2);
    const vendor = isVendorKnown ? `V${(step.which % 3) + 1}` : vendorId;
    // In the currency of something to pay, if there is any.
    const open = this.documents((posted) => !isCredit(posted.item) && posted.vendorId === vendor).filter(
      ({ item, on }) => openAmount(this.known, item, later(on, day)) > 0n,
    );
    const currency = from(open, step.other)[0]?.currency ?? this.currency;
    const id = this.nextId('P', 'payment');
    const settled = this.settled(vendor, currency, day, true);
    const allocations = settled.map(({ to, amount, discount }, place) =>
      body({
        id: this.is(2, 2) ? `${id}-${String(place)}` : undefined,
        ...to,
        amount: decimalOf(amount, currency),
        discount: discount > 0n ? decimalOf(discount, currency) : undefined,
      }),
    );
    const allocated = sum(settled.map(({ amount }) => amount));
    const extra = allocated === 0n || this.is(3, 3) ? this.amount : 0n;
    const amount = allocated + extra - (this.isFault('too-much') && allocated > 1n ? 1n : 0n);
    return post(
      '/payments',
      body({
        id,
        vendorId: vendor,
        paidOn: day,
        currency,
        amount: decimalOf(amount, currency),
        method: this.is(3, 4) ? 'transfer' : undefined,
        allocations: allocations.length > 0 ? allocations : undefined,
      }),
    );
  }

  private creditNote(): Request {
    const { vendorId, currency, day } = this;
    const id = this.nextId('C', 'credit-note');
    const settled = this.settled(vendorId, currency, day, false);
    const allocated = sum(settled.map(({ amount }) => amount));
    const total = allocated + (allocated === 0n || this.is(2, 3) ? (this.amount % 20_000n) + 1n : 0n);
    return post(
      '/credit-notes',
      body({
        id,
        vendorId,
        number: `CN-${id.slice(1)}`,
        date: day,
        currency,
        total: decimalOf(total, currency),
        lines: this.is(3, 4) ? this.lines(this.isFault('mismatch') ? total + 1n : total, currency) : undefined,
        allocations:
          settled.length > 0
            ? settled.map(({ to, amount }, place) => ({
                id: `${id}-${place}`,
                ...to,
                amount: decimalOf(amount, currency),
              }))
            : undefined,
      }),
    );
  }

  private allocations(): Request[] {
    const { step, known } = this;
    const id = `A${factsOf(known, 'Allocated').length + 1}`;
    const sources = this.documents((posted) => isCredit(posted.item) && openFrom(this.ledger, posted) > 0n);
    const items = this.documents((posted) => !isCredit(posted.item) && openFrom(this.ledger, posted) > 0n);
    const pairs = from(sources, step.which).flatMap((source) =>
      from(items, step.other)
        .filter((item) => (source.vendorId === item.vendorId) !== this.isFault('vendor'))
        .filter((item) => (source.currency === item.currency) !== this.isFault('currency'))
        .map((item) => ({ source, item })),
    );
    return pairs.slice(0, 12).map(({ source, item }) => {
      const begin = later(source.on, item.on);
      // A day before the two is read as the later of them.
      const on = this.isFault('early') ? addDays(source.on, -1) : this.is(3) ? addDays(begin, step.lag) : undefined;
      const effectiveOn = on === undefined ? begin : later(begin, on);
      const left = leastOpenFrom(known, source.item, effectiveOn);
      const payable = this.payable(item, effectiveOn, source.item.type === 'payment');
      const most = source.currency === item.currency ? least(left, payable) : oneUnit(source.currency);
      const total = this.isFault('too-much')
        ? most + 1n
        : source.currency === item.currency
          ? this.shareOf(most)
          : most;
      const isDiscounted = source.currency === item.currency && source.item.type === 'payment';
      const discount = isDiscounted ? this.discountOn(item, total, source.on) : 0n;
      return post(
        '/allocations',
        body({
          id,
          from: this.isFault('unknown') && this.is(2) ? { paymentId: 'nothing' } : fromOf(source.item),
          to: this.isFault('unknown') && !this.is(2) ? { chargeId: 'nothing' } : toOf(item.item),
          amount: decimalOf(total - discount, source.currency),
          discount: discount > 0n ? decimalOf(discount, source.currency) : undefined,
          on,
        }),
      );
    });
  }

  private refunds(): Request[] {
    const { step, known } = this;
    const id = `R${factsOf(known, 'RefundReceived').length + 1}`;
    const sources = this.documents((posted) => isCredit(posted.item) && openFrom(this.ledger, posted) > 0n);
    return from(sources, step.which).map((source) => {
      const on = addDays(source.on, this.isFault('early') ? -1 : step.lag);
      const left = leastOpenFrom(known, source.item, on);
      const amount = decimalOf(this.isFault('too-much') ? left + 1n : this.shareOf(left), source.currency);
      const other = source.vendorId === 'V1' ? 'V2' : 'V1';
      return post('/refunds', {
        id,
        vendorId: this.isFault('unknown') ? 'nobody' : this.isFault('vendor') ? other : source.vendorId,
        from: fromOf(source.item),
        amount,
        on,
      });
    });
  }

  private writeOffs(): Request[] {
    const { step, known } = this;
    const id = `W${factsOf(known, 'WrittenOff').length + 1}`;
    const items = this.documents((posted) => !isCredit(posted.item) && openFrom(this.ledger, posted) > 0n);
    return from(items, step.which).map(({ item, on: postedOn, currency }) => {
      const on = addDays(postedOn, this.isFault('early') ? -1 : step.lag);
      const open = leastOpenFrom(known, item, on);
      const amount = this.isFault('too-much') ? open + 1n : this.shareOf(open);
      return post(
        '/write-offs',
        body({
          id,
          ...(this.isFault('unknown') ? { invoiceId: 'nothing' } : toOf(item)),
          amount: step.share === 0 && !this.isFault('too-much') ? undefined : decimalOf(amount, currency),
          reason: 'not worth it',
          on,
        }),
      );
    });
  }

  private reversals(): Request[] {
    const { step, known } = this;
    const paths: Readonly<Record<ReversibleType, string>> = {
      allocation: 'allocations',
      payment: 'payments',
      invoice: 'invoices',
      refund: 'refunds',
      'write-off': 'write-offs',
      'credit-note': 'credit-notes',
      charge: 'charges',
    };
    const targets = known.flatMap((fact): { document: Ref<ReversibleType>; on: Day }[] => {
      const { on } = fact;
      switch (fact.type) {
        case 'Posted':
          return [{ document: fact.item, on }];
        case 'Allocated':
          return [{ document: { type: 'allocation', id: fact.id }, on }];
        case 'RefundReceived':
          return [{ document: { type: 'refund', id: fact.id }, on }];
        case 'WrittenOff':
          return [{ document: { type: 'write-off', id: fact.id }, on }];
        default:
          return [];
      }
    });
    // A kind first, else invoices and allocations would leave nothing to the others.
    const kinds = from(Object.keys(paths) as ReversibleType[], step.other);
    return kinds.flatMap((kind) =>
      from(
        targets.filter(({ document }) => document.type === kind),
        step.which,
      ).map(({ document, on }) => {
        const id = this.isFault('unknown') ? 'nothing' : document.id;
        const isByDefault = this.is(2) && !this.isFault('early');
        const begun = this.isFault('early') ? addDays(on, -1 - (step.lag % 5)) : addDays(on, step.lag);
        return post(
          `/${paths[kind]}/${id}/reversal`,
          body({ reason: 'in error', on: isByDefault ? undefined : begun }),
        );
      }),
    );
  }

  private get invoices(): Posted[] {
    return from(
      this.documents(({ item }) => item.type === 'invoice'),
      this.step.which,
    );
  }

  private deferrals(): Request[] {
    const { step, known } = this;
    const id = `D${factsOf(known, 'PaymentDeferred').length + 1}`;
    return this.invoices
      .filter((invoice) => openFrom(this.ledger, invoice) > 0n || reversedOn(known, invoice.item) !== undefined)
      .map((invoice) => {
        const { item, currency } = invoice;
        const changed = latestOf(scheduleChangesOf(known, item).map((change) => change.on));
        const base = later(changed ?? invoice.on, invoice.on);
        const isToday = this.is(5) && this.ledger.today >= base;
        const isTooEarly = this.isFault('early') && this.is(2);
        const on = isToday ? this.ledger.today : addDays(base, isTooEarly ? -1 : step.lag % 20);
        const open = openAmount(known, item, on);
        const amount = this.isFault('too-much') ? open + 1n : step.share === 0 ? undefined : this.shareOf(open);
        const agreed = step.other % 2 === 0;
        const moved = partsMoved(scheduleOf(known, invoice, on), reductionsOf(known, item, on), amount)
          .filter((part) => part.moved > 0n)
          .map(({ instalment }) => (agreed ? instalment.dueOn : instalment.plannedOn));
        const until = addDays(latestOf(moved) ?? on, this.isFault('early') && !isTooEarly ? 0 : 1 + step.lag);
        return post(
          `/invoices/${this.isFault('unknown') ? 'nothing' : item.id}/deferrals`,
          body({
            id,
            until,
            amount: amount === undefined ? undefined : decimalOf(amount, currency),
            agreed,
            reason: 'short of cash',
            on: isToday ? undefined : on,
          }),
        );
      });
  }

  private withdrawals(): Request[] {
    const { step, known } = this;
    return from(factsOf(known, 'PaymentDeferred'), step.which).map(({ id, item }) => {
      const changed = latestOf(scheduleChangesOf(known, item).map((change) => change.on)) ?? this.day;
      const isToday = this.is(5) && this.ledger.today >= changed;
      const on = addDays(changed, this.isFault('early') ? -1 : step.lag % 30);
      const path = `/invoices/${item.id}/deferrals/${this.isFault('unknown') ? 'nothing' : id}/withdrawal`;
      return post(path, body({ reason: 'paid after all', on: isToday ? undefined : on }));
    });
  }

  /**
   * Holds, releases, disputes and resolutions of one invoice come in the order of their days, and only where they
   * are sure to be accepted: the contract leaves open what the others mean.
   */
  private markings(action: 'hold' | 'release' | 'dispute' | 'resolution'): Request[] {
    const { step, known } = this;
    const path = { hold: 'holds', release: 'holds/release', dispute: 'disputes', resolution: 'disputes/resolution' };
    const types = ['InvoiceHeld', 'InvoiceReleased', 'InvoiceDisputed', 'DisputeResolved'];
    const requests = this.invoices.flatMap(({ item, on: postedOn, currency }) => {
      if (this.isFault('unknown')) return [post(`/invoices/nothing/${path[action]}`, { reason: 'goods missing' })];
      const marked = known.filter((fact) => types.includes(fact.type) && 'item' in fact && same(fact.item, item));
      const base = latestOf([postedOn, ...marked.map((fact) => fact.on)]) ?? postedOn;
      const isToday = this.is(2) && this.ledger.today >= base;
      const on = isToday ? this.ledger.today : addDays(base, step.lag % 40);
      const isOpen = openAmount(known, item, on) > 0n;
      const isHeldThen = isHeld(known, item, on);
      const disputed = disputedAmount(known, item, on);
      const isPlain = disputed === disputedInAll(known, item, on);
      const isPossible = {
        hold: isOpen && !isHeldThen,
        release: isHeldThen,
        dispute: openAmount(known, item, on) > disputed && isPlain,
        resolution: disputed > 0n && isPlain,
      };
      if (!isPossible[action]) return [];
      const most = action === 'dispute' ? openAmount(known, item, on) - disputed : disputed;
      const isOfAmount = (action === 'dispute' || action === 'resolution') && step.share > 0;
      return [
        post(
          `/invoices/${item.id}/${path[action]}`,
          body({
            reason: 'goods missing',
            amount: isOfAmount ? decimalOf(this.shareOf(most), currency) : undefined,
            until: action === 'hold' && this.is(3, 1) ? addDays(on, 1 + (step.share % 60)) : undefined,
            on: isToday ? undefined : on,
          }),
        ),
      ];
    });
    return requests.filter((request) => this.isFault('unknown') || isAccepted(this.ledger.wouldAnswer(request)));
  }

  /** Always to something else: whether a change that changes nothing is an event is left open. */
  private vendorChange(): Request {
    const { step, known, vendorId } = this;
    const stated = factsOf(known, 'VendorStated');
    const current = stated.findLast((vendor) => vendor.vendorId === vendorId);
    const kinds = ['supplier', 'lender', 'other'].filter((kind) => kind !== current?.kind);
    const changes = [
      { name: `Vendor ${String(stated.length)}` },
      { kind: kinds[step.other % 2] },
      { terms: { netDays: step.lag + (current?.terms?.netDays === step.lag ? 1 : 0) } },
    ];
    return post(`/vendors/${vendorId}/changes`, changes[step.form % 3] ?? {});
  }

  private repeats(): Request[] {
    return from(this.made, this.step.which * 31 + this.step.other)
      .slice(0, 1)
      .map(({ path, body: before }) => post(path, this.repeated(path, before)));
  }

  private repeated(path: string, before: Json): Json {
    const collection = path.split('/').at(-1) ?? '';
    switch (this.step.form % 4) {
      case 0: // other content
        return { ...before, ...altered(collection, before) };
      case 1: // amounts with fewer decimals
        return Object.fromEntries(
          Object.entries(before).map(([name, value]) => [
            name,
            (name === 'amount' || name === 'total') && typeof value === 'string' ? respelled(value) : value,
          ]),
        );
      case 2: // defaults spelled out
        return { ...spelledOut(collection, before, this.ledger.today), ...before };
      default:
        return before;
    }
  }
}

const respelled = (amount: string): string => (amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount);

const spelledOut = (collection: string, before: Json, today: Day): Json => {
  if (collection === 'invoices') return { postingDate: before.invoiceDate, schedule: [] };
  if (collection === 'vendors') return { kind: 'supplier' };
  if (collection === 'deferrals') return { on: today };
  return collection === 'payments' ? { allocations: [] } : {};
};

const altered = (collection: string, before: Json): Json => {
  switch (collection) {
    case 'vendors':
      return { name: 'Another' };
    case 'invoices':
      return { description: 'altered' };
    case 'payments':
      return { method: 'altered' };
    case 'credit-notes':
      return { number: 'altered' };
    case 'charges':
      return { dueDate: '2099-12-31' };
    case 'write-offs':
    case 'deferrals':
      return { reason: 'altered' };
    default: // allocations and refunds
      return { amount: before.amount === '1' ? '2' : '1' };
  }
};

const openFrom = (ledger: ReferenceLedger, { item, on }: Posted): bigint => leastOpenFrom(ledger.known, item, on);

const oneUnit = (currency: string): bigint => 10n ** BigInt(decimalsOf(currency) ?? 2);

const toOf = ({ type, id }: Ref): Json => (type === 'invoice' ? { invoiceId: id } : { chargeId: id });

const fromOf = ({ type, id }: Ref): Json => (type === 'payment' ? { paymentId: id } : { creditNoteId: id });

/**
 * What a step stands for, given the ledger as it stands.
 *
 * @param made the requests that were accepted so far, which a step may repeat
 * @returns `undefined` if there is nothing that it could be done to
 */
const requestOf = (step: Step, ledger: ReferenceLedger, made: readonly Request[]): Request | undefined => {
  const repeatable = made.filter(({ body: sent }) => sent.id !== undefined);
  const requests = new Dice(step, ledger, repeatable).requests();
  if (step.fault !== 'none') return requests[0];
  return requests.find((request) => isAccepted(ledger.wouldAnswer(request))) ?? requests[0];
};

/**
 * Walks through a history. Each request is applied to the model before it is handed out, with the answer that the
 * product must give; the caller then tells the model the product's position with `ledger.recorded`.
 */
export function* walk(
  history: readonly Step[],
  ledger: ReferenceLedger,
): Generator<{ request: Request; expected: Answer; step: Step | undefined }> {
  const made: Request[] = [];
  for (const request of vendors) {
    made.push(request);
    yield { request, expected: ledger.apply(request), step: undefined };
  }
  for (const step of history) {
    const request = requestOf(step, ledger, made);
    if (!request) continue;
    const expected = ledger.apply(request);
    if (isAccepted(expected)) made.push(request);
    yield { request, expected, step };
  }
}

/** A history as it went: every request with the model's answer, one after the other. */
export const replay = (history: readonly Step[], ledger: ReferenceLedger) => [...walk(history, ledger)];

export interface Question {
  readonly report: 'ageing' | 'liabilities' | 'statement' | 'changes';
  readonly day: number;
  /** A day on which something happens or falls due, or the day before or after; else the day is any. */
  readonly isNearSomething: boolean;
  readonly position: number;
  /** Any position, also in the middle of a command; else the end of one. */
  readonly isAnyPosition: boolean;
  readonly basis: 'agreed' | 'contractual' | 'invoice-date';
  readonly edges: readonly number[];
  readonly ageingBy: 'vendor' | 'invoice' | 'kind';
  readonly liabilitiesBy: 'vendor' | 'kind' | 'due-month' | 'maturity';
  readonly vendor: number;
  readonly from: number | null;
  /** What of the history came before the changes that are asked for. */
  readonly since: number;
}

/** Random questions about a ledger: report × day × position × parameters. */
export const questions: fc.Arbitrary<Question> = fc.record({
  report: fc.constantFrom('ageing', 'ageing', 'liabilities', 'statement', 'changes'),
  day: fc.nat(1_000),
  isNearSomething: fc.boolean(),
  position: fc.nat(1_000),
  isAnyPosition: fc.oneof({ arbitrary: fc.constant(false), weight: 4 }, { arbitrary: fc.constant(true), weight: 1 }),
  basis: fc.constantFrom('agreed', 'contractual', 'invoice-date'),
  edges: fc.oneof(
    fc.constant([30, 60, 90]),
    fc
      .uniqueArray(fc.integer({ min: 2, max: 200 }), { minLength: 1, maxLength: 5 })
      .map((edges) => edges.toSorted((one, other) => one - other)),
  ),
  ageingBy: fc.constantFrom('vendor', 'invoice', 'kind'),
  liabilitiesBy: fc.constantFrom('vendor', 'kind', 'due-month', 'maturity'),
  vendor: fc.nat(2),
  from: fc.option(fc.nat(150)),
  since: fc.nat(1_000),
});

export interface Asked {
  /** Path and query below the ledger's base path. */
  readonly path: string;
  /** What the model answers: the report without `ledger`, `knownAt` and what stands on the lines of its events. */
  readonly expected: AgeingReport | LiabilitiesReport | StatementReport | ChangesReport;
}

const daysOf = (ledger: ReferenceLedger): Day[] =>
  ledger.known.flatMap((fact) => {
    if (fact.type === 'Posted')
      return [
        fact.on,
        ...fact.schedule.map(({ dueOn }) => dueOn),
        ...openInstalments(ledger.known, fact.item, '9999-12-31').map(({ plannedOn }) => plannedOn),
      ];
    return fact.type === 'PaymentDeferred' ? [fact.on, fact.until] : [fact.on];
  });

const pathOf = (report: string, parameters: Json): string => {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return `/reports/${report}?${pairs.join('&')}`;
};

/** Puts a question to the model, and says how to put it to the product. */
export const ask = (question: Question, ledger: ReferenceLedger): Asked => {
  const { report, basis, edges, ageingBy, liabilitiesBy, vendor, from: fromDay } = question;
  const near = from(daysOf(ledger), question.day)[0];
  const asOf =
    question.isNearSomething && near !== undefined
      ? addDays(near, (question.position % 3) - 1)
      : addDays(ledger.today, (question.day % 420) - WINDOW_DAYS_BEFORE_TODAY - 10);
  const positions = question.isAnyPosition ? ledger.allPositions : ledger.positions;
  const position = from(positions, question.position)[0] ?? ledger.head;
  const moment = { asOf, knownAtPosition: position };
  switch (report) {
    case 'ageing': {
      const asked: AgeingQuestion = { asOf, position, basis, edges, by: ageingBy };
      return {
        path: pathOf(report, { ...moment, basis, edges: edges.join(','), by: ageingBy }),
        expected: ledger.ageing(asked),
      };
    }
    case 'liabilities': {
      const asked: LiabilitiesQuestion = { asOf, position, by: liabilitiesBy };
      return { path: pathOf(report, { ...moment, by: liabilitiesBy }), expected: ledger.liabilities(asked) };
    }
    case 'changes': {
      const earlier = [0, ...ledger.allPositions].filter((one) => one <= position);
      const first = from(earlier, question.since)[0] ?? 0;
      return {
        path: pathOf(report, { ...moment, fromPosition: first, basis, edges: edges.join(',') }),
        expected: ledger.changes({ asOf, from: first, position, basis, edges }),
      };
    }
    case 'statement': {
      const vendorId = `V${vendor + 1}`;
      const first = fromDay === null ? undefined : addDays(ledger.today, fromDay - WINDOW_DAYS_BEFORE_TODAY);
      const start = first !== undefined && first <= asOf ? first : undefined;
      const asked: StatementQuestion = { asOf, position, vendorId, from: start };
      return {
        path: pathOf(report, body({ ...moment, vendorId, from: start })),
        expected: ledger.statement(asked),
      };
    }
  }
};
