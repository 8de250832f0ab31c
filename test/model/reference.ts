import { decide, type Decision, type Registered } from './acceptance.js';
import { Malformed, NotFound, type Json } from './body.js';
import type { Day } from './calendar.js';
import { changesOf, type ChangesQuestion, type ChangesReport } from './changes.js';
import { factsOf, type Fact, type Instalment, type Known, type Posted, type Ref } from './facts.js';
import { controlOf, creditOn } from './journal.js';
import { decimalOf } from './money.js';
import { disputedAmount, isHeld, openAmount, openInstalments, postedOf } from './open-items.js';
import {
  ageingOf,
  liabilitiesOf,
  statementOf,
  type AgeingQuestion,
  type AgeingReport,
  type LiabilitiesQuestion,
  type LiabilitiesReport,
  type StatementQuestion,
  type StatementReport,
} from './reports.js';

/** A command as it goes over HTTP; `path` is below the ledger's base path: `/payments/P1/reversal`. */
export interface Request {
  readonly method: 'POST';
  readonly path: string;
  readonly body: Json;
}

export interface Refused {
  readonly status: number;
  /** One of `codes`. */
  readonly code: string;
  /** Every code that would be right, where several rules refuse at once; `statusOf` has the status of each. */
  readonly codes: readonly string[];
}

export interface Accepted {
  readonly status: 201;
  /** How many events the command records: none if it repeats an earlier one. */
  readonly events: number;
}

export type Answer = Accepted | Refused;

export const isAccepted = (answer: Answer): answer is Accepted => answer.status === 201;

const statuses: Readonly<Record<string, number>> = {
  malformed: 400,
  'not-found': 404,
  'id-already-used': 409,
  'duplicate-invoice': 409,
  'already-reversed': 409,
};

/** The HTTP status that goes with a problem's code; everything that a rule refuses is 422. */
export const statusOf = (code: string): number => statuses[code] ?? 422;

const refused = (codes: readonly string[]): Refused => {
  const [code = ''] = codes;
  return { status: statusOf(code), code, codes };
};

/** When a question is asked about: the day it speaks of, and the last position it knows. */
export interface Moment {
  readonly asOf: Day;
  readonly position: number;
}

/** An instalment as answers write it. */
export interface OpenInstalment {
  readonly amount: string;
  readonly originalDueOn: Day;
  readonly dueOn: Day;
  readonly plannedOn: Day;
}

/**
 * A ledger as plain as it can be made: a list of accepted facts, in memory, from which every answer is worked out
 * anew. It follows the contract to the letter and shares no code with the product, so where the two disagree one of
 * them is wrong.
 */
export class ReferenceLedger {
  readonly currency: string;
  readonly timeZone: string;
  readonly today: Day;
  private readonly facts: Fact[] = [];
  /** The place of each fact in the log, in the same order. The first event of a log is `LedgerOpened`. */
  private readonly places: number[] = [];
  private readonly ids: Registered[] = [];
  private readonly ends: number[] = [];
  private latest = 0;

  constructor({ currency, timeZone, today }: { currency: string; timeZone: string; today: Day }) {
    this.currency = currency;
    this.timeZone = timeZone;
    this.today = today;
  }

  /** Accepts or refuses one command. What it accepts takes the next positions, until `recorded` says otherwise. */
  apply(request: Request): Answer {
    const decision = this.decide(request);
    this.latest = 0;
    if ('codes' in decision) return decision;
    for (const fact of decision.facts) {
      this.places.push(this.head + 1);
      this.facts.push(fact);
    }
    this.ids.push(...decision.registered);
    this.latest = decision.facts.length;
    if (this.latest > 0) this.ends.push(this.head);
    return { status: 201, events: this.latest };
  }

  /** What `apply` would answer, without doing it. */
  wouldAnswer(request: Request): Answer {
    const decision = this.decide(request);
    return 'codes' in decision ? decision : { status: 201, events: decision.facts.length };
  }

  private decide({ path, body }: Request): Decision | Refused {
    try {
      const decision = decide(this.facts, this.ids, this.today, path, body);
      return decision.refusals.size > 0 ? refused([...decision.refusals]) : decision;
    } catch (fault) {
      if (fault instanceof Malformed) return refused(['malformed']);
      if (fault instanceof NotFound) return refused(['not-found']);
      throw fault;
    }
  }

  /**
   * Gives the facts of the command just accepted the place that the product gave them.
   *
   * @param position of the command's last event, as the product answered it; its other events come right before
   */
  recorded(position: number): void {
    if (this.latest === 0) return;
    const first = this.places.length - this.latest;
    const before = this.places[first - 1] ?? 1;
    if (position - this.latest < before) throw new Error(`${position} is not behind ${before}`);
    for (let place = first; place < this.places.length; place += 1) {
      this.places[place] = position - (this.places.length - 1 - place);
    }
    this.ends[this.ends.length - 1] = position;
  }

  /** The place of the last event known of. */
  get head(): number {
    return this.places.at(-1) ?? 1;
  }

  /** The last position of each accepted command: at these a question sees no command by halves. */
  get positions(): readonly number[] {
    return this.ends;
  }

  /**
   * Every position that the model knows, also in the middle of a command. Where one fact takes several events, as the
   * reversal of a payment that is allocated does, what the log says between these is left out.
   */
  get allPositions(): readonly number[] {
    return [1, ...this.places];
  }

  /** Everything accepted so far, in order: what generated histories choose their next step from. */
  get known(): Known {
    return this.facts;
  }

  private knownAt(position: number): Known {
    return this.facts.filter((_, place) => (this.places[place] ?? 0) <= position);
  }

  /** What is open of an invoice or charge, or left of a credit note or payment: never negative. */
  openAmount(item: Ref, { asOf, position }: Moment): string {
    return decimalOf(openAmount(this.knownAt(position), item, asOf), this.currencyOf(item));
  }

  /** What is open of each instalment, in the order in which payments use them up. */
  openInstalments(item: Ref, { asOf, position }: Moment): OpenInstalment[] {
    return openInstalments(this.knownAt(position), item, asOf).map((instalment: Instalment) => ({
      ...instalment,
      amount: decimalOf(instalment.amount, this.currencyOf(item)),
    }));
  }

  /** What is disputed of an invoice: never more than is open. */
  disputedAmount(item: Ref, { asOf, position }: Moment): string {
    return decimalOf(disputedAmount(this.knownAt(position), item, asOf), this.currencyOf(item));
  }

  isHeld(item: Ref, { asOf, position }: Moment): boolean {
    return isHeld(this.knownAt(position), item, asOf);
  }

  /** The ageing without `ledger` and `knownAt`, which the model does not know. */
  ageing(question: AgeingQuestion): AgeingReport {
    return ageingOf(this.knownAt(question.position), question);
  }

  /** What moved the ageing between two positions, without what the model does not know. */
  changes(question: ChangesQuestion): ChangesReport {
    return changesOf((position) => this.knownAt(position), question);
  }

  /** The liabilities report without `ledger` and `knownAt`. */
  liabilities(question: LiabilitiesQuestion): LiabilitiesReport {
    return liabilitiesOf(this.knownAt(question.position), question);
  }

  /** A vendor's statement without `ledger` and `knownAt`. */
  statement(question: StatementQuestion): StatementReport {
    return statementOf(this.knownAt(question.position), question, (place) => this.places[place] ?? 0);
  }

  /** The payables control account per currency, from journal lines alone; above zero where we owe. */
  controlAccount({ asOf, position }: Moment): Record<string, string> {
    const balances = [...controlOf(this.knownAt(position), asOf)];
    return Object.fromEntries(balances.map(([currency, minor]) => [currency, decimalOf(minor, currency)]));
  }

  /** What stands on an account per currency, by the journal; above zero where credits are more. */
  creditOn(account: string, { asOf, position }: Moment): Record<string, string> {
    const balances = [...creditOn(this.knownAt(position), [account], asOf)];
    return Object.fromEntries(balances.map(([currency, minor]) => [currency, decimalOf(minor, currency)]));
  }

  /** All invoices, charges, credit notes and payments ever accepted. */
  get documents(): readonly Posted[] {
    return factsOf(this.facts, 'Posted');
  }

  private currencyOf(item: Ref): string {
    return postedOf(this.facts, item)?.currency ?? this.currency;
  }
}
