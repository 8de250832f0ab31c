import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { installationLedger, installationRoles, roles } from '../domain/access.js';
import { lastDay } from '../domain/calendar.js';
import { controlRoles } from '../domain/chart-of-accounts.js';
import type { DocumentOf } from '../domain/documents.js';
import { type DocumentName, itemName, type PackedText, type RecordedEvent, sourceName } from '../domain/events.js';
import { normalisedNumber } from '../domain/invoices.js';
import { formatMinor, parseMinor } from '../domain/money.js';
import { postingsOf } from '../domain/posting.js';
import { Account, Accounts, type Taking, Takings } from './accounts.js';
import { BankDetailsRules } from './bank-details.js';
import { Closings } from './closings.js';
import { ChartRules } from './chart.js';
import { Column, Texts } from './columns.js';
import { Control } from './control.js';
import { DiscountRules } from './discounts.js';
import { PrintMap } from './prints.js';
import { Schedules } from './schedules.js';

// The accounting rules as invariants of a history, written once more and without the code that decides: what a log says
// is judged here by what the rules say it may. Amounts are minor units as plain numbers, which are exact up to what one
// document may bear.

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

/** What became of cash that was expected. */
const isExpected = 1;
const isWithdrawn = 2;

/** Judges the events of one ledger, one after the other. It keeps a few numbers of each document and no more. */
export class Rules {
  readonly #vendors = new PrintMap();
  readonly #texts = new Texts();
  readonly #accounts = new Accounts(this.#texts);
  readonly #takings = new Takings(this.#accounts, this.#texts);
  readonly #duties = new Control(this.#texts, (text) => {
    this.#fault(text);
  });
  readonly #discounts = new DiscountRules(this.#texts, (text) => {
    this.#fault(text);
  });
  readonly #chart = new ChartRules((text) => {
    this.#fault(text);
  });
  readonly #bankDetails = new BankDetailsRules((text) => {
    this.#fault(text);
  });
  readonly #schedules = new Schedules(this.#texts);
  /**
   * Deferrals are numbered; of each its number, the one that was in force on its invoice before it, and if it was agreed
   * to the schedule that there was before.
   */
  readonly #deferrals = new PrintMap();
  readonly #deferralBefore = new Column(Uint32Array);
  readonly #scheduleBefore = new Column(Uint32Array);
  readonly #offers = new PrintMap();
  readonly #balances = new PrintMap();
  readonly #expectations = new PrintMap();
  /** The days of the plans that were proposed, and whether they were adopted. */
  readonly #plans = new Map<string, { readonly asOf: string; adopted: boolean }>();
  /** How many events of some sorts the command of the last event has made so far. */
  #command = { id: '', deferrals: 0, withdrawals: 0, charges: 0 };
  /**
   * Vendor, number and year, and the row of the invoice that took it last; and of each invoice the one that had it
   * before: a duplicate that was let through has it beside the first, and alone once the first is reversed.
   */
  readonly #numbers = new PrintMap();
  readonly #numberBefore = new Column(Uint32Array);
  /** By currency and day: what the open items say that we owe more, and what the journal says. */
  readonly #owed = new Map<string, bigint>();
  readonly #control = new Map<string, bigint>();
  readonly #closings: Closings;
  /** By person and ledger, the roles held: only in the ledger `_installation`. */
  readonly #access = new Map<string, Set<string>>();
  /** Whether a token was not revoked, by its id. */
  readonly #tokens = new Map<string, { readonly personId: string; revoked: boolean }>();
  /** When the identity provider said last what somebody may do. */
  readonly #asserted = new Map<string, string>();
  #ledgerId = '';
  /** The accounts that are reversed and that something leans on, by their rows. */
  readonly #leftLeaning = new Map<number, DocumentName>();
  #closedThrough = '';
  #isOpen = false;
  #faults: string[] = [];

  /** @param rootNow of the tree over all lines up to the event that is judged */
  constructor(rootNow: () => Buffer) {
    this.#closings = new Closings(this.#accounts, this.#schedules, this.#control, rootNow, (text) => {
      this.#fault(text);
    });
  }

  /** How often the books were closed, and how many of these closings have no totals. */
  get closings(): { readonly made: number; readonly withoutTotals: number } {
    const { made, withoutTotals } = this.#closings;
    return { made, withoutTotals };
  }

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
    const leftLeaning = [...this.#leftLeaning.values()].map(
      (name) => `${spoken(name)} is reversed, and something still leans on it`,
    );
    const days = [...new Set([...this.#owed.keys(), ...this.#control.keys()])].sort();
    const differences = days
      .filter((day) => (this.#owed.get(day) ?? 0n) !== (this.#control.get(day) ?? 0n))
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
    if (vendorId !== undefined && event.type !== 'VendorRegistered' && this.#vendors.get(vendorId) === 0)
      this.#fault(`names vendor ${vendorId}, who is not registered`);
    this.#count(event);
    this.#closings.count(event);
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
        if (this.#vendors.add(event.data.vendorId, event.position) !== 0)
          this.#fault(`registers vendor ${event.data.vendorId} again`);
        return;
      case 'PeriodClosed':
        if (event.data.closedThrough <= this.#closedThrough) this.#fault('closes what is closed already');
        this.#closings.closed(event, this.#closedThrough);
        this.#closedThrough = event.data.closedThrough;
        return;
      case 'PeriodReopened':
        if ((event.data.closedThrough ?? '') >= this.#closedThrough) this.#fault('reopens what is not closed');
        this.#closedThrough = event.data.closedThrough ?? '';
        return;
      case 'PeriodTotalsRecorded':
        this.#closings.recorded(event);
        return;
      case 'BankDetailsProposed':
        this.#bankDetails.proposed(event.data, event.actor.id);
        return;
      case 'BankDetailsApproved':
        this.#bankDetails.approved(event, this.#duties.bankChangeWaitingDays);
        return;
      case 'VendorDetailsErased':
        this.#bankDetails.erased(event.data.vendorId);
        return;
      case 'AccountSet':
        this.#chart.set(event.data, event.position);
        this.#mustBe(event, event.data.on);
        return;
      case 'PolicySet':
        this.#duties.set(event.data);
        return;
      case 'InvoiceApproved': {
        const { invoiceId, vendorId } = event.data;
        const account = this.#account(`invoice/${invoiceId}`, vendorId, undefined);
        if (account) this.#duties.approved(account, event.actor.id, account.openOn(lastDay));
        return;
      }
      case 'InvoicePosted': {
        const { data } = event;
        const total = this.#positive(data.total, data.currency, 'the total');
        const lines = data.lines.reduce(
          (sum, { amount, tax }) =>
            sum + minor(amount, data.currency) + (tax === undefined ? 0 : minor(tax, data.currency)),
          0,
        );
        if (lines !== total) this.#fault('has a total that is not the sum of its lines');
        const instalments = data.schedule.map(({ dueOn, amount }) => ({
          dueOn,
          amount: this.#positive(amount, data.currency, 'an instalment'),
        }));
        if (instalments.reduce((sum, { amount }) => sum + amount, 0) !== total)
          this.#fault('has a schedule that does not add up to its total');
        this.#chart.name(data.lines, data.currency);
        const account = this.#make(event, `invoice/${data.invoiceId}`, data, total, data.postingDate);
        this.#schedules.post(account.row, data.postingDate, instalments);
        this.#discounts.posted(account, data);
        const claim = `${data.vendorId} ${data.invoiceDate.slice(0, 4)} ${normalisedNumber(data.number)}`;
        const holder = this.#holderOf(claim);
        if (holder && !data.allowDuplicate)
          this.#fault(`has the number ${data.number}, which the invoice at position ${holder.position} has already`);
        this.#numberBefore.set(account.row, holder?.row ?? 0);
        this.#numbers.set(claim, account.row);
        this.#mustBe(event, data.postingDate);
        return;
      }
      case 'ChargePosted': {
        const { data } = event;
        const amount = this.#positive(data.amount, data.currency, 'the amount');
        const account = this.#make(event, `charge/${data.chargeId}`, data, amount, data.on);
        this.#schedules.post(account.row, data.on, [{ dueOn: data.dueDate, amount }]);
        this.#mustBe(event, data.on);
        return;
      }
      case 'CreditNotePosted': {
        const { data } = event;
        const total = this.#positive(data.total, data.currency, 'the total');
        this.#chart.name(data.lines ?? [], data.currency);
        this.#make(event, `credit-note/${data.creditNoteId}`, data, total, data.date);
        this.#mustBe(event, data.date);
        return;
      }
      case 'PaymentMade': {
        const { data } = event;
        const amount = this.#positive(data.amount, data.currency, 'the amount');
        const account = this.#make(event, `payment/${data.paymentId}`, data, amount, data.paidOn);
        if (data.bankAccount !== undefined) account.bankAccount = data.bankAccount;
        if (data.bankDetailsId !== undefined)
          this.#bankDetails.paidTo(data.bankDetailsId, data.vendorId, event.recordedAt);
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
      case 'AllocationReversed': {
        const { data } = event;
        this.#giveBack(event, `allocation/${data.allocationId}`, sourceName(data.from), itemName(data.to));
        return;
      }
      case 'RefundReversed':
        this.#giveBack(event, `refund/${event.data.refundId}`, sourceName(event.data.from), undefined);
        return;
      case 'WriteOffReversed':
        this.#giveBack(event, `write-off/${event.data.writeOffId}`, undefined, itemName(event.data.item));
        return;
      case 'PaymentDeferred': {
        const { deferralId, invoiceId, currency, beyond, on, until, agreed } = event.data;
        const account = this.#account(`invoice/${invoiceId}`, event.data.vendorId, currency);
        this.#mustBe(event, on);
        if (this.#deferrals.get(deferralId) !== 0) this.#fault(`uses the id of deferral ${deferralId} again`);
        if (!account) return;
        if (on < account.deferredOn) this.#fault('comes before the latest deferral or withdrawal of its invoice');
        const stays = beyond === undefined ? 0 : this.#positive(beyond, currency, 'what stays as it is');
        const amount = this.#positive(event.data.amount, currency, 'the amount');
        const open = account.openOn(on);
        if (stays + amount > open) this.#fault('defers more than was open on its day');
        const deferral = this.#deferrals.size + 1;
        this.#deferrals.set(deferralId, deferral);
        this.#deferralBefore.set(deferral, account.deferral);
        if (agreed) {
          const settled = account.total - open;
          this.#scheduleBefore.set(deferral, this.#schedules.defer(account.row, on, settled, stays, amount, until));
        }
        account.deferral = deferral;
        account.deferredOn = on;
        return;
      }
      case 'DeferralWithdrawn': {
        const { deferralId, invoiceId, on } = event.data;
        const account = this.#accounts.find(`invoice/${invoiceId}`);
        this.#mustBe(event, on);
        const deferral = this.#deferrals.get(deferralId);
        if (!account || deferral === 0 || account.deferral !== deferral) {
          this.#fault('withdraws what is not the last deferral in force');
          return;
        }
        if (on < account.deferredOn) this.#fault('comes before the latest deferral or withdrawal of its invoice');
        account.deferral = this.#deferralBefore.get(deferral);
        const schedule = this.#scheduleBefore.get(deferral);
        if (schedule !== 0) this.#schedules.restore(account.row, on, schedule);
        account.deferredOn = on;
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
        if (this.#offers.add(offerId, event.position) !== 0) this.#fault(`uses the id of offer ${offerId} again`);
        if (minor(cost, currency) < 0) this.#fault('has a cost below zero');
        const total = schedule.reduce((sum, { amount }) => sum + this.#positive(amount, currency, 'an instalment'), 0);
        const account = this.#account(`invoice/${invoiceId}`, vendorId, currency);
        if (account && total !== account.openOn(lastDay))
          this.#fault('offers instalments that do not add up to what is open');
        return;
      }
      case 'CashBalanceStated': {
        const { balanceId, balance, currency, on } = event.data;
        if (this.#balances.add(balanceId, event.position) !== 0)
          this.#fault(`uses the id of balance ${balanceId} again`);
        minor(balance, currency);
        this.#mustBe(event, on);
        return;
      }
      case 'CashExpected': {
        const { expectationId, amount, currency, certainty, on } = event.data;
        if (this.#expectations.get(expectationId) !== 0)
          this.#fault(`uses the id of expectation ${expectationId} again`);
        this.#expectations.set(expectationId, isExpected);
        this.#positive(amount, currency, 'the amount');
        if (!(Number(certainty) >= 0 && Number(certainty) <= 1))
          this.#fault(`has as its certainty ${certainty}, which is not from 0 to 1`);
        this.#mustBe(event, on);
        return;
      }
      case 'CashExpectationWithdrawn': {
        const { expectationId } = event.data;
        const state = this.#expectations.get(expectationId);
        if (state === isExpected) this.#expectations.set(expectationId, isWithdrawn);
        else
          this.#fault(
            `withdraws expectation ${expectationId}, which ${state === isWithdrawn ? 'is withdrawn already' : 'there is not'}`,
          );
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

  /** The last invoice that took a number and is not reversed. */
  #holderOf(claim: string): Account | undefined {
    let holder = this.#accounts.at(this.#numbers.get(claim));
    while (holder?.reversed) holder = this.#accounts.at(this.#numberBefore.get(holder.row));
    return holder;
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

  #make(
    event: RecordedEvent,
    name: DocumentName,
    { vendorId: vendor, currency }: { readonly vendorId: string; readonly currency: string },
    total: number,
    from: string,
  ): Account {
    if (this.#accounts.find(name)) this.#fault(`uses the id of ${spoken(name)} again`);
    const isCredit = name.startsWith('payment/') || name.startsWith('credit-note/');
    const { position } = event;
    const account = this.#accounts.make(name, { vendor, currency, total, from, position, isCredit });
    this.#duties.made(account, event.actor.id);
    this.#change(account, from, total);
    return account;
  }

  /** A document that an event leans on. */
  #account(name: DocumentName, vendor: string, currency: string | undefined): Account | undefined {
    const account = this.#accounts.find(name);
    if (!account) this.#fault(`names ${spoken(name)}, which there is not`);
    else if (account.vendor !== vendor) this.#fault(`names ${spoken(name)}, which is vendor ${account.vendor}'s`);
    else if (currency !== undefined && account.currency !== currency)
      this.#fault(`names ${spoken(name)}, which is in ${account.currency}`);
    else return account;
    return undefined;
  }

  /** From a day on there is more or less of an account. */
  #change(account: Account, day: string, amount: number): void {
    account.change(day, amount);
    add(this.#owed, `${account.currency} ${day}`, account.isCredit ? -amount : amount);
  }

  #mustCover(name: DocumentName, account: Account): void {
    const day = account.firstDayBelowNothing();
    if (day !== undefined) this.#fault(`leaves ${spoken(name)} with less than nothing on ${day}`);
  }

  /** In the end nothing may lean on what is reversed. */
  #noteLeaning(name: DocumentName, account: Account): void {
    if (account.reversed && account.leaning > 0) this.#leftLeaning.set(account.row, name);
    else this.#leftLeaning.delete(account.row);
  }

  #take(
    event: RecordedEvent,
    name: DocumentName,
    data: {
      readonly vendorId: string;
      readonly currency: string;
      readonly amount: string;
      readonly discount?: string;
      readonly discountTax?: string;
      readonly on: string;
    },
    from: DocumentName | undefined,
    to: DocumentName | undefined,
  ): void {
    const { vendorId, currency, on } = data;
    if (this.#takings.find(name)) this.#fault(`uses the id of ${spoken(name)} again`);
    const amount = this.#positive(data.amount, currency, 'the amount');
    const discount = data.discount === undefined ? 0 : minor(data.discount, currency);
    if (discount < 0) this.#fault('has a discount below zero');
    const discountTax = data.discountTax === undefined ? undefined : minor(data.discountTax, currency);
    this.#mustBe(event, on);
    const source = from && this.#account(from, vendorId, currency);
    const item = to && this.#account(to, vendorId, currency);
    if ((from && !source) || (to && !item)) return;
    if (source && item && to.startsWith('invoice/')) {
      if (from.startsWith('payment/')) this.#duties.paid(item, source, event.actor.id);
      else this.#duties.corrected(item, source, event.actor.id);
    }
    const taking = this.#takings.make(name, {
      ...{ currency, amount, discount, discountTax, on },
      ...{ position: event.position, from: source, to: item },
    });
    this.#move(taking, on, -1);
    if (item && (discount > 0 || discountTax !== undefined)) {
      if (from?.startsWith('credit-note/')) this.#fault('takes a discount from a credit note');
      this.#discounts.took(item, taking, source?.from ?? on);
    }
    for (const [which, account] of [
      [from, source],
      [to, item],
    ] as const) {
      if (!which || !account) continue;
      account.leaning += 1;
      this.#noteLeaning(which, account);
      if (account.reversed) this.#fault(`takes from ${spoken(which)}, which is reversed`);
      if (on < account.from) this.#fault(`takes from ${spoken(which)} before it counts`);
      this.#mustCover(which, account);
    }
  }

  #move({ from, to, amount, discount }: Taking, on: string, sign: 1 | -1): void {
    if (from) this.#change(from, on, sign * amount);
    if (to) this.#change(to, on, sign * (amount + discount));
  }

  #giveBack(
    event: RecordedEvent & { readonly data: { readonly on: string } },
    name: DocumentName,
    from: DocumentName | undefined,
    to: DocumentName | undefined,
  ): void {
    const taking = this.#takings.find(name);
    const { on } = event.data;
    this.#mustBe(event, on);
    if (!taking || taking.reversed) {
      this.#fault(`reverses ${spoken(name)}, which ${taking ? 'is reversed already' : 'there is not'}`);
      return;
    }
    if (on < taking.on) this.#fault(`reverses ${spoken(name)} before it takes effect`);
    if (taking.to && from?.startsWith('credit-note/') && to?.startsWith('invoice/'))
      this.#duties.corrected(taking.to, undefined, event.actor.id);
    taking.reversed = true;
    this.#move(taking, on, 1);
    if (taking.to && (taking.discount > 0 || taking.discountTax !== undefined))
      this.#discounts.gaveBack(taking.to, taking);
    for (const [which, account] of [
      [from, taking.from],
      [to, taking.to],
    ] as const) {
      if (!which || !account) continue;
      if (this.#accounts.find(which)?.row !== account.row)
        this.#fault(`reverses ${spoken(name)} of ${spoken(which)}, from which it does not take`);
      account.leaning -= 1;
      this.#noteLeaning(which, account);
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
    if (account.reversed) this.#fault(`reverses ${spoken(name)}, which is reversed already`);
    if (on < account.from) this.#fault('reverses before the day from which it counts');
    // What leans on a payment or credit note is ended by the events that follow in the same command.
    if (!account.isCredit && account.leaning > 0) this.#fault('reverses what allocations or write-offs still lean on');
    account.reversed = true;
    this.#noteLeaning(name, account);
    this.#change(account, on, -account.total);
    if (!account.isCredit || account.leaning === 0) this.#mustCover(name, account);
  }

  /** The double entry of the event. Of what a reversal takes back only the amount is kept, so its cost is one line. */
  #post(event: RecordedEvent): void {
    const before = <N extends DocumentName>(name: N): DocumentOf<N> => {
      if (name === 'ledger') return { chart: this.#chart.chart } as DocumentOf<N>;
      const found = this.#accounts.find(name) ?? this.#takings.find(name);
      if (!found) throw new Error(`there is no ${spoken(name)}`);
      const { currency, position } = found;
      const text = (value: number): string => formatMinor(BigInt(value), currency);
      if (found instanceof Account) {
        const total = text(found.total);
        const { bankAccount } = found;
        const kind = name.slice(0, name.indexOf('/'));
        const posted = {
          currency,
          total,
          amount: total,
          lines: [{ amount: total }],
          kind: 'penalty',
          ...{ postingDate: found.from, date: found.from, paidOn: found.from, on: found.from },
          ...(bankAccount !== '' && { bankAccount }),
        };
        return { kind, posted, made: { position } } as unknown as DocumentOf<N>;
      }
      const { amount, discount, discountTax, on } = found;
      const from = 'from' in event.data ? event.data.from : undefined;
      const data = {
        currency,
        amount: text(amount),
        from,
        on,
        ...(discount > 0 && { discount: text(discount) }),
        ...(discountTax !== undefined && { discountTax: text(discountTax) }),
      };
      return { data, made: { position } } as unknown as DocumentOf<N>;
    };
    let difference = 0;
    for (const { account, standsFor, currency, effectiveOn, debit, credit } of postingsOf(event, before)) {
      const amount = Number(credit) - Number(debit);
      difference += amount;
      if ((controlRoles as readonly string[]).includes(standsFor ?? account))
        add(this.#control, `${currency} ${effectiveOn}`, amount);
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

/** Sums of many documents may exceed what a plain number holds exactly. */
const add = (totals: Map<string, bigint>, key: string, amount: number): void => {
  totals.set(key, (totals.get(key) ?? 0n) + BigInt(amount));
};

/** A document's name in a sentence. */
const spoken = (name: DocumentName): string => name.replace('/', ' ');
