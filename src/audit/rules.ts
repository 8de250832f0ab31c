import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { installationLedger, installationRoles, roles } from '../domain/access.js';
import { lastDay } from '../domain/calendar.js';
import { controlAccounts, isReserved } from '../domain/chart-of-accounts.js';
import type { DocumentOf } from '../domain/documents.js';
import { type DocumentName, itemName, type PackedText, type RecordedEvent, sourceName } from '../domain/events.js';
import { normalisedNumber } from '../domain/invoices.js';
import { formatMinor, parseMinor } from '../domain/money.js';
import { postingsOf } from '../domain/posting.js';
import { PrintMap } from './prints.js';

// The accounting rules as invariants of a history, written once more and without the code that decides: what a log says
// is judged here by what the rules say it may. Amounts are minor units as plain numbers, which are exact up to what one
// document may bear.

/** What we owe on an invoice or charge, or what is left of a payment or credit note, by day. */
interface Account {
  readonly vendor: string;
  readonly currency: string;
  readonly total: number;
  /** The first day on which it counts. */
  readonly from: string;
  /** In order, each once. */
  readonly days: string[];
  /** By day, how much more there is from it on. */
  readonly amounts: number[];
  reversed: boolean;
  /** Allocations, write-offs and refunds that are in force. */
  leaning: number;
  /** The number that an invoice holds. */
  claim?: string;
  deferrals?: { readonly inForce: string[]; latest: string };
  bankAccount?: string;
}

/** Something that takes from an account: an allocation (from two of them), a write-off, a refund. */
interface Taking {
  readonly vendor: string;
  readonly currency: string;
  readonly amount: number;
  readonly discount: number;
  readonly on: string;
  readonly from?: DocumentName;
  readonly to?: DocumentName;
  reversed: boolean;
}

/** The events that a closed period does not keep out (contract, rule 9). */
const exempt: ReadonlySet<string> = new Set([
  'ConsequencesSet',
  'OfferRecorded',
  'CashBalanceStated',
  'CashExpected',
  'CashExpectationWithdrawn',
  'CashPlanProposed',
  'CashPlanAdopted',
]);

/** The events of the ledger `_installation`, and those that any ledger may have. */
const isOfAccess: ReadonlySet<string> = new Set([
  'AccessGranted',
  'AccessRevoked',
  'TokenIssued',
  'TokenRevoked',
  'AccessAsserted',
]);
const isOfLedger: ReadonlySet<string> = new Set(['LedgerOpened', 'EpochOpened']);

/** In place of the position of an invoice that has given its number up. */
const released = 0xffff_ffff;

/** Judges the events of one ledger, one after the other. It keeps a few numbers of each document and no more. */
export class Rules {
  readonly #vendors = new Set<string>();
  readonly #accounts = new Map<string, Account>();
  readonly #takings = new Map<string, Taking>();
  readonly #deferrals = new Map<string, string>();
  readonly #offers = new Set<string>();
  readonly #balances = new Set<string>();
  /** Whether what is expected still is. */
  readonly #expectations = new Map<string, boolean>();
  /** The days of the plans that were proposed, and whether they were adopted. */
  readonly #plans = new Map<string, { readonly asOf: string; adopted: boolean }>();
  /** How many events of some sorts the command of the last event has made so far. */
  #command = { id: '', deferrals: 0, withdrawals: 0, charges: 0 };
  /** Vendor, number and year, and the position of the invoice that has it. */
  readonly #numbers = new PrintMap();
  /** By currency and day: what the open items say that we owe more, and what the journal says. */
  readonly #owed = new Map<string, number>();
  readonly #control = new Map<string, number>();
  readonly #texts = new Map<string, string>();
  /** By person and ledger, the roles held: only in the ledger `_installation`. */
  readonly #access = new Map<string, Set<string>>();
  /** Whether a token was not revoked, by its id. */
  readonly #tokens = new Map<string, { readonly personId: string; revoked: boolean }>();
  /** When the identity provider said last what somebody may do. */
  readonly #asserted = new Map<string, string>();
  #ledgerId = '';
  #closedThrough = '';
  #isOpen = false;
  #faults: string[] = [];

  /** What is wrong with an event, given those before it. What is wrong is passed over, so that the rest can be judged. */
  judge(event: RecordedEvent): readonly string[] {
    this.#faults = [];
    try {
      this.#judge(event);
    } catch (error) {
      this.#fault(`can't be read as ${event.type}: ${(error as Error).message}`);
    }
    return this.#faults;
  }

  /** Where, in the end, the journal's control account is not what the open items add up to. */
  disagreements(): string[] {
    const leftLeaning = [...this.#accounts]
      .filter(([, { reversed, leaning }]) => reversed && leaning > 0)
      .map(([name]) => `${name.replace('/', ' ')} is reversed, and something still leans on it`);
    const days = [...new Set([...this.#owed.keys(), ...this.#control.keys()])].sort();
    const differences = days
      .filter((day) => (this.#owed.get(day) ?? 0) !== (this.#control.get(day) ?? 0))
      .map(
        (day) =>
          `the control account moves by ${this.#control.get(day) ?? 0} minor units, the open items by ${this.#owed.get(day) ?? 0}: ${day}`,
      );
    return [...leftLeaning, ...differences];
  }

  #fault(text: string): void {
    this.#faults.push(text);
  }

  #judge(event: RecordedEvent): void {
    if (event.type === 'LedgerOpened') {
      if (this.#isOpen) this.#fault('opens a ledger that is open already');
      this.#isOpen = true;
      this.#ledgerId = event.data.ledgerId;
    } else if (!this.#isOpen) {
      this.#fault('comes before the ledger is opened');
    }
    if (isOfAccess.has(event.type) !== (this.#ledgerId === installationLedger) && !isOfLedger.has(event.type))
      this.#fault(`does not belong into the ledger ${this.#ledgerId}`);
    if (!exempt.has(event.type) && event.effectiveOn <= this.#closedThrough)
      this.#fault(`takes effect on ${event.effectiveOn}, and the books are closed through ${this.#closedThrough}`);
    const vendorId: string | undefined = 'vendorId' in event.data ? event.data.vendorId : undefined;
    if (vendorId !== undefined && event.type !== 'VendorRegistered' && !this.#vendors.has(vendorId))
      this.#fault(`names vendor ${vendorId}, who is not registered`);
    this.#count(event);
    this.#effect(event);
    this.#post(event);
  }

  #count({ correlationId: id, type }: RecordedEvent): void {
    if (this.#command.id !== id) this.#command = { id, deferrals: 0, withdrawals: 0, charges: 0 };
    if (type === 'PaymentDeferred') this.#command.deferrals += 1;
    if (type === 'DeferralWithdrawn') this.#command.withdrawals += 1;
    if (type === 'ChargePosted') this.#command.charges += 1;
  }

  #effect(event: RecordedEvent): void {
    switch (event.type) {
      case 'VendorRegistered':
        if (this.#vendors.has(event.data.vendorId)) this.#fault(`registers vendor ${event.data.vendorId} again`);
        this.#vendors.add(event.data.vendorId);
        return;
      case 'PeriodClosed':
        if (event.data.closedThrough <= this.#closedThrough) this.#fault('closes what is closed already');
        this.#closedThrough = event.data.closedThrough;
        return;
      case 'PeriodReopened':
        if ((event.data.closedThrough ?? '') >= this.#closedThrough) this.#fault('reopens what is not closed');
        this.#closedThrough = event.data.closedThrough ?? '';
        return;
      case 'InvoicePosted': {
        const { data } = event;
        const total = this.#positive(data.total, data.currency, 'the total');
        const lines = data.lines.reduce(
          (sum, { amount, tax }) =>
            sum + minor(amount, data.currency) + (tax === undefined ? 0 : minor(tax, data.currency)),
          0,
        );
        if (lines !== total) this.#fault('has a total that is not the sum of its lines');
        if (
          data.schedule.reduce((sum, { amount }) => sum + this.#positive(amount, data.currency, 'an instalment'), 0) !==
          total
        )
          this.#fault('has a schedule that does not add up to its total');
        if (data.lines.some(({ account }) => account !== undefined && isReserved(account)))
          this.#fault('posts to an account that only the ledger posts to');
        const account = this.#make(`invoice/${data.invoiceId}`, data.vendorId, data.currency, total, data.postingDate);
        const claim = `${data.vendorId} ${data.invoiceDate.slice(0, 4)} ${normalisedNumber(data.number)}`;
        const holder = this.#numbers.get(claim);
        const isTaken = holder !== 0 && holder !== released;
        if (isTaken && !data.allowDuplicate)
          this.#fault(`has the number ${data.number}, which the invoice at position ${holder} has already`);
        if (!isTaken) {
          this.#numbers.set(claim, event.position);
          account.claim = claim;
        }
        this.#mustBe(event, data.postingDate);
        return;
      }
      case 'ChargePosted': {
        const { data } = event;
        this.#make(
          `charge/${data.chargeId}`,
          data.vendorId,
          data.currency,
          this.#positive(data.amount, data.currency, 'the amount'),
          data.on,
        );
        this.#mustBe(event, data.on);
        return;
      }
      case 'CreditNotePosted': {
        const { data } = event;
        const total = this.#positive(data.total, data.currency, 'the total');
        this.#make(`credit-note/${data.creditNoteId}`, data.vendorId, data.currency, total, data.date);
        this.#mustBe(event, data.date);
        return;
      }
      case 'PaymentMade': {
        const { data } = event;
        const amount = this.#positive(data.amount, data.currency, 'the amount');
        const account = this.#make(`payment/${data.paymentId}`, data.vendorId, data.currency, amount, data.paidOn);
        if (data.bankAccount !== undefined) account.bankAccount = data.bankAccount;
        this.#mustBe(event, data.paidOn);
        return;
      }
      case 'InvoiceReversed':
        this.#reverse(event, `invoice/${event.data.invoiceId}`);
        return;
      case 'ChargeReversed':
        this.#reverse(event, `charge/${event.data.chargeId}`);
        return;
      case 'CreditNoteReversed':
        this.#reverse(event, `credit-note/${event.data.creditNoteId}`);
        return;
      case 'PaymentReversed':
        this.#reverse(event, `payment/${event.data.paymentId}`);
        return;
      case 'Allocated': {
        const { data } = event;
        this.#take(event, `allocation/${data.allocationId}`, data, sourceName(data.from), itemName(data.to));
        return;
      }
      case 'RefundReceived':
        this.#take(event, `refund/${event.data.refundId}`, event.data, sourceName(event.data.from), undefined);
        return;
      case 'WrittenOff':
        this.#take(event, `write-off/${event.data.writeOffId}`, event.data, undefined, itemName(event.data.item));
        return;
      case 'AllocationReversed':
        this.#giveBack(event, `allocation/${event.data.allocationId}`);
        return;
      case 'RefundReversed':
        this.#giveBack(event, `refund/${event.data.refundId}`);
        return;
      case 'WriteOffReversed':
        this.#giveBack(event, `write-off/${event.data.writeOffId}`);
        return;
      case 'PaymentDeferred': {
        const { deferralId, invoiceId, currency, amount, beyond, on } = event.data;
        const account = this.#account(`invoice/${invoiceId}`, event.data.vendorId, currency);
        this.#mustBe(event, on);
        if (this.#deferrals.has(deferralId)) this.#fault(`uses the id of deferral ${deferralId} again`);
        if (!account) return;
        this.#deferrals.set(deferralId, invoiceId);
        account.deferrals ??= { inForce: [], latest: '' };
        const { deferrals } = account;
        if (on < deferrals.latest) this.#fault('comes before the latest deferral or withdrawal of its invoice');
        const stays = beyond === undefined ? 0 : this.#positive(beyond, currency, 'what stays as it is');
        if (stays + this.#positive(amount, currency, 'the amount') > openOn(account, on))
          this.#fault('defers more than was open on its day');
        deferrals.latest = on;
        deferrals.inForce.push(deferralId);
        return;
      }
      case 'DeferralWithdrawn': {
        const { deferralId, invoiceId, on } = event.data;
        const deferrals = this.#accounts.get(`invoice/${invoiceId}`)?.deferrals;
        this.#mustBe(event, on);
        if (deferrals?.inForce.at(-1) !== deferralId) {
          this.#fault('withdraws what is not the last deferral in force');
          return;
        }
        if (on < deferrals.latest) this.#fault('comes before the latest deferral or withdrawal of its invoice');
        deferrals.latest = on;
        deferrals.inForce.pop();
        return;
      }
      case 'InvoiceHeld':
      case 'InvoiceReleased':
      case 'InvoiceDisputed':
      case 'DisputeResolved':
        this.#account(`invoice/${event.data.invoiceId}`, event.data.vendorId, undefined);
        this.#mustBe(event, event.data.on);
        return;
      case 'ConsequencesSet': {
        const { invoiceId, vendorId, effectiveOn } = event.data;
        if (invoiceId !== undefined) this.#account(`invoice/${invoiceId}`, vendorId, undefined);
        this.#mustBe(event, effectiveOn);
        return;
      }
      case 'OfferRecorded': {
        const { offerId, invoiceId, vendorId, currency, cost, schedule } = event.data;
        if (this.#offers.has(offerId)) this.#fault(`uses the id of offer ${offerId} again`);
        this.#offers.add(offerId);
        if (minor(cost, currency) < 0) this.#fault('has a cost below zero');
        const total = schedule.reduce((sum, { amount }) => sum + this.#positive(amount, currency, 'an instalment'), 0);
        const account = this.#account(`invoice/${invoiceId}`, vendorId, currency);
        if (account && total !== openOn(account, lastDay))
          this.#fault('offers instalments that do not add up to what is open');
        return;
      }
      case 'CashBalanceStated': {
        const { balanceId, balance, currency, on } = event.data;
        if (this.#balances.has(balanceId)) this.#fault(`uses the id of balance ${balanceId} again`);
        this.#balances.add(balanceId);
        minor(balance, currency);
        this.#mustBe(event, on);
        return;
      }
      case 'CashExpected': {
        const { expectationId, amount, currency, certainty, on } = event.data;
        if (this.#expectations.has(expectationId)) this.#fault(`uses the id of expectation ${expectationId} again`);
        this.#expectations.set(expectationId, true);
        this.#positive(amount, currency, 'the amount');
        if (!(Number(certainty) >= 0 && Number(certainty) <= 1))
          this.#fault(`has as its certainty ${certainty}, which is not from 0 to 1`);
        this.#mustBe(event, on);
        return;
      }
      case 'CashExpectationWithdrawn': {
        const { expectationId } = event.data;
        const isExpected = this.#expectations.get(expectationId);
        if (!isExpected)
          this.#fault(
            `withdraws expectation ${expectationId}, which ${isExpected === undefined ? 'there is not' : 'is withdrawn already'}`,
          );
        else this.#expectations.set(expectationId, false);
        return;
      }
      case 'CashPlanProposed': {
        const { planId, asOf, position, currency, cost, lowerBound, inputs, inputsHash, plan, planHash } = event.data;
        if (this.#plans.has(planId)) this.#fault(`uses the id of plan ${planId} again`);
        this.#plans.set(planId, { asOf, adopted: false });
        if (position >= event.position) this.#fault(`takes events up to position ${position} into account, before it`);
        if (minor(lowerBound, currency) > minor(cost, currency))
          this.#fault('costs less than the least that is possible');
        if (sha256(inOrder(JSON.parse(unpacked(inputs)))) !== inputsHash)
          this.#fault('has inputs that are not those of its inputsHash');
        if (sha256(unpacked(plan)) !== planHash) this.#fault('has a plan that is not that of its planHash');
        this.#mustBe(event, asOf);
        return;
      }
      case 'CashPlanAdopted': {
        const { planId, on, ...said } = event.data;
        const plan = this.#plans.get(planId);
        this.#mustBe(event, on);
        if (!plan) this.#fault(`adopts plan ${planId}, which there is not`);
        else {
          if (plan.adopted) this.#fault(`adopts plan ${planId}, which is adopted already`);
          if (on < plan.asOf) this.#fault(`adopts plan ${planId} as of a day before its own`);
          plan.adopted = true;
        }
        for (const what of ['deferrals', 'withdrawals', 'charges'] as const) {
          if (said[what] !== this.#command[what])
            this.#fault(`says that it made ${said[what]} ${what}, and its command made ${this.#command[what]}`);
        }
        return;
      }
      case 'AccessGranted': {
        const { personId, ledger, roles: given } = event.data;
        const held = this.#heldBy(personId, ledger);
        if (given.length === 0) this.#fault('grants nothing');
        for (const role of given) {
          const isKnown = (ledger === installationLedger ? installationRoles : roles).includes(role);
          if (!isKnown) this.#fault(`grants ${role}, which is no role in ${ledger}`);
          if (held.has(role)) this.#fault(`grants ${personId} the role ${role}, who has it in ${ledger} already`);
          held.add(role);
        }
        return;
      }
      case 'AccessRevoked': {
        const { personId, ledger, roles: taken } = event.data;
        const held = this.#heldBy(personId, ledger);
        if (taken.length === 0) this.#fault('revokes nothing');
        for (const role of taken)
          if (!held.delete(role)) this.#fault(`revokes the role ${role} of ${personId}, who has it not in ${ledger}`);
        return;
      }
      case 'AccessAsserted': {
        const { personId, issuedAt, grants } = event.data;
        if (issuedAt < (this.#asserted.get(personId) ?? ''))
          this.#fault(`is older than what was said of ${personId} before`);
        this.#asserted.set(personId, issuedAt);
        for (const { ledger, roles: given } of grants)
          for (const role of given)
            if (!(ledger === installationLedger ? installationRoles : roles).includes(role))
              this.#fault(`grants ${role}, which is no role in ${ledger}`);
        return;
      }
      case 'TokenIssued': {
        const { tokenId, personId, hash, expiresAt } = event.data;
        if (this.#tokens.has(tokenId)) this.#fault(`uses the id of token ${tokenId} again`);
        this.#tokens.set(tokenId, { personId, revoked: false });
        if (!/^[0-9a-f]{64}$/.test(hash)) this.#fault('has as the hash of its token what is no SHA-256');
        if (expiresAt <= event.recordedAt) this.#fault('issues a token that has expired already');
        return;
      }
      case 'TokenRevoked': {
        const { tokenId, personId } = event.data;
        const token = this.#tokens.get(tokenId);
        if (!token) this.#fault(`revokes token ${tokenId}, which there is not`);
        else {
          if (token.revoked) this.#fault(`revokes token ${tokenId}, which is revoked already`);
          if (token.personId !== personId) this.#fault(`revokes token ${tokenId}, which is ${token.personId}'s`);
          token.revoked = true;
        }
        return;
      }
      default:
        return;
    }
  }

  #heldBy(personId: string, ledger: string): Set<string> {
    const key = `${personId} ${ledger}`;
    const held = this.#access.get(key) ?? new Set();
    this.#access.set(key, held);
    return held;
  }

  #mustBe({ effectiveOn }: RecordedEvent, day: string): void {
    if (effectiveOn !== day) this.#fault(`says that it takes effect on ${effectiveOn}, and its data that it is ${day}`);
  }

  #positive(amount: string, currency: string, what: string): number {
    const value = minor(amount, currency);
    if (value <= 0) this.#fault(`has as ${what} ${amount}, which is not above zero`);
    return value;
  }

  #make(name: string, vendor: string, currency: string, total: number, from: string): Account {
    if (this.#accounts.has(name)) this.#fault(`uses the id of ${name.replace('/', ' ')} again`);
    const account = {
      vendor: this.#shared(vendor),
      currency: this.#shared(currency),
      total,
      from: this.#shared(from),
      days: [],
      amounts: [],
      reversed: false,
      leaning: 0,
    };
    this.#accounts.set(name, account);
    this.#change(name, account, from, total);
    return account;
  }

  /** A document that an event leans on. */
  #account(name: string, vendor: string, currency: string | undefined): Account | undefined {
    const account = this.#accounts.get(name);
    const about = name.replace('/', ' ');
    if (!account) this.#fault(`names ${about}, which there is not`);
    else if (account.vendor !== vendor) this.#fault(`names ${about}, which is vendor ${account.vendor}'s`);
    else if (currency !== undefined && account.currency !== currency)
      this.#fault(`names ${about}, which is in ${account.currency}`);
    else return account;
    return undefined;
  }

  /** From a day on there is more or less of an account. */
  #change(name: string, account: Account, day: string, amount: number): void {
    const { days, amounts, currency } = account;
    let at = days.length;
    while (at > 0 && days[at - 1]! > day) at -= 1;
    if (at > 0 && days[at - 1] === day) amounts[at - 1]! += amount;
    else {
      days.splice(at, 0, this.#shared(day));
      amounts.splice(at, 0, amount);
    }
    const isOurs = name.startsWith('payment/') || name.startsWith('credit-note/');
    add(this.#owed, `${currency} ${day}`, isOurs ? -amount : amount);
  }

  /** The same text kept once, however many documents say it. */
  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }

  #mustCover(name: string, account: Account): void {
    let left = 0;
    for (const [i, amount] of account.amounts.entries()) {
      left += amount;
      if (left < 0) {
        this.#fault(`leaves ${name.replace('/', ' ')} with less than nothing on ${account.days[i]!}`);
        return;
      }
    }
  }

  #take(
    event: RecordedEvent,
    name: string,
    data: {
      readonly vendorId: string;
      readonly currency: string;
      readonly amount: string;
      readonly discount?: string;
      readonly on: string;
    },
    from: DocumentName | undefined,
    to: DocumentName | undefined,
  ): void {
    const { vendorId, currency, on } = data;
    if (this.#takings.has(name)) this.#fault(`uses the id of ${name.replace('/', ' ')} again`);
    const amount = this.#positive(data.amount, currency, 'the amount');
    const discount = data.discount === undefined ? 0 : minor(data.discount, currency);
    if (discount < 0) this.#fault('has a discount below zero');
    this.#mustBe(event, on);
    const source = from && this.#account(from, vendorId, currency);
    const item = to && this.#account(to, vendorId, currency);
    if ((from && !source) || (to && !item)) return;
    const taking: Taking = {
      vendor: this.#shared(vendorId),
      currency: this.#shared(currency),
      amount,
      discount,
      on: this.#shared(on),
      reversed: false,
      ...(from && { from }),
      ...(to && { to }),
    };
    this.#takings.set(name, taking);
    this.#move(taking, on, -1);
    for (const [which, account] of [
      [from, source],
      [to, item],
    ] as const) {
      if (!account) continue;
      account.leaning += 1;
      if (account.reversed) this.#fault(`takes from ${which!.replace('/', ' ')}, which is reversed`);
      if (on < account.from) this.#fault(`takes from ${which!.replace('/', ' ')} before it counts`);
      this.#mustCover(which!, account);
    }
  }

  #move({ from, to, amount, discount }: Taking, on: string, sign: 1 | -1): void {
    if (from) this.#change(from, this.#accounts.get(from)!, on, sign * amount);
    if (to) this.#change(to, this.#accounts.get(to)!, on, sign * (amount + discount));
  }

  #giveBack(event: RecordedEvent & { readonly data: { readonly on: string } }, name: string): void {
    const taking = this.#takings.get(name);
    const { on } = event.data;
    this.#mustBe(event, on);
    if (!taking || taking.reversed) {
      this.#fault(`reverses ${name.replace('/', ' ')}, which ${taking ? 'is reversed already' : 'there is not'}`);
      return;
    }
    if (on < taking.on) this.#fault(`reverses ${name.replace('/', ' ')} before it takes effect`);
    taking.reversed = true;
    this.#move(taking, on, 1);
    for (const which of [taking.from, taking.to]) {
      if (!which) continue;
      const account = this.#accounts.get(which)!;
      account.leaning -= 1;
      if (account.reversed && account.leaning === 0) this.#mustCover(which, account);
    }
  }

  #reverse(
    event: RecordedEvent & { readonly data: { readonly on: string; readonly vendorId: string } },
    name: DocumentName,
  ): void {
    const { on, vendorId } = event.data;
    this.#mustBe(event, on);
    const account = this.#account(name, vendorId, undefined);
    if (!account) return;
    if (account.reversed) this.#fault(`reverses ${name.replace('/', ' ')}, which is reversed already`);
    if (on < account.from) this.#fault('reverses before the day from which it counts');
    // What leans on a payment or credit note is ended by the events that follow in the same command.
    const isItem = name.startsWith('invoice/') || name.startsWith('charge/');
    if (isItem && account.leaning > 0) this.#fault('reverses what allocations or write-offs still lean on');
    account.reversed = true;
    this.#change(name, account, on, -account.total);
    if (isItem) this.#mustCover(name, account);
    else if (account.leaning === 0) this.#mustCover(name, account);
    if (account.claim !== undefined) this.#numbers.set(account.claim, released);
  }

  /** The double entry of the event. Of what a reversal takes back only the amount is kept, so its cost is one line. */
  #post(event: RecordedEvent): void {
    const before = <N extends DocumentName>(name: N): DocumentOf<N> => {
      const account = this.#accounts.get(name);
      const taking = this.#takings.get(name);
      if (!account && !taking) throw new Error(`there is no ${name.replace('/', ' ')}`);
      const about = account ?? taking!;
      const text = (value: number): string => formatMinor(BigInt(value), about.currency);
      if (account) {
        const total = text(account.total);
        const { currency, bankAccount } = account;
        const kind = name.slice(0, name.indexOf('/'));
        const posted = { currency, total, amount: total, lines: [{ amount: total }], kind: 'penalty', bankAccount };
        return { kind, posted } as unknown as DocumentOf<N>;
      }
      const { currency, amount, discount, from } = taking!;
      const [kind, id] = from ? [from.slice(0, from.indexOf('/')), from.slice(from.indexOf('/') + 1)] : ['', ''];
      const source = kind === 'payment' ? { paymentId: id } : { creditNoteId: id };
      const data = { currency, amount: text(amount), from: source, ...(discount > 0 && { discount: text(discount) }) };
      return { data } as unknown as DocumentOf<N>;
    };
    let difference = 0;
    for (const { account, currency, effectiveOn, debit, credit } of postingsOf(event, before)) {
      const amount = Number(credit) - Number(debit);
      difference += amount;
      if (controlAccounts.includes(account)) add(this.#control, `${currency} ${effectiveOn}`, amount);
    }
    if (difference !== 0) this.#fault(`has debits and credits that differ by ${difference} minor units`);
  }
}

/** A packed text as it was before it was packed. */
const unpacked = ({ content, bytes }: PackedText): string =>
  gunzipSync(Buffer.from(content, 'base64'), { maxOutputLength: Math.max(bytes, 1) }).toString('utf8');

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Of what a plan was made from, the lists that are in an order of their own. */
const orderedLists: ReadonlySet<string> = new Set(['scenarios', 'amounts']);

/** JSON with the keys of every object, and the lists that are sets, in order. */
const inOrder = (value: unknown, name = ''): string => {
  if (Array.isArray(value)) {
    const texts = value.map((one) => inOrder(one));
    return `[${(orderedLists.has(name) ? texts : texts.sort()).join()}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const facts = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(facts).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${inOrder(facts[key], key)}`).join()}}`;
};

const minor = (amount: string, currency: string): number => Number(parseMinor(amount, currency));

const add = (totals: Map<string, number>, key: string, amount: number): void => {
  totals.set(key, (totals.get(key) ?? 0) + amount);
};

const openOn = ({ days, amounts }: Account, day: string): number =>
  amounts.reduce((open, amount, i) => (days[i]! <= day ? open + amount : open), 0);
