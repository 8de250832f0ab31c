import { latest, type LocalDate } from './calendar.js';
import { type Decision, repeated, type Working } from './decision.js';
import type { DataOf, RecordedEvent } from './events.js';
import { type Amount, formatMinor, least, type Minor, parseMinor, sum } from './money.js';
import {
  disputedOn,
  type Invoice,
  holdOn,
  type Item,
  type Made,
  madeBy,
  madeStill,
  openInTheEnd,
  openSchedule,
} from './open-item.js';
import { lacksApproval } from './policy.js';
import { reject } from './rejection.js';
import { firstDue, type Instalment } from './schedule.js';

export interface ProposeCashPlan {
  readonly type: 'ProposeCashPlan';
  readonly id: string;
  /** What was asked for, in the one form of all requests that ask for the same. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly plan: Omit<DataOf<'CashPlanProposed'>, 'planId'>;
}

/** What a plan found open of an item and what it makes of it, in the item's currency. */
interface PlannedItem {
  /** How the plan names it. */
  readonly itemId: string;
  readonly name: `invoice/${string}` | `charge/${string}`;
  /** The hold that is in force on the day of the plan. */
  readonly hold?: { readonly until?: LocalDate };
  /** It needed an approval and had none, so that nothing of it is to be paid. */
  readonly unapproved?: boolean;
  readonly instalments: readonly {
    readonly dueOn: LocalDate;
    readonly originalDueOn: LocalDate;
    readonly plannedOn: LocalDate;
    readonly amount: Amount;
    readonly disputed?: Amount;
  }[];
  /**
   * When it is to be paid, in the order of the days, and what stays unpaid under the end of the horizon. Empty if the
   * plan may not decide it. The ids are those of the deferrals that it may come to.
   */
  readonly parts: readonly { readonly id: string; readonly on: LocalDate; readonly amount: Amount }[];
  /** The offer that is accepted: its instalments are the parts. */
  readonly offer?: { readonly id: string; readonly cost: Amount; readonly chargeId: string };
}

export interface AdoptCashPlan {
  readonly type: 'AdoptCashPlan';
  readonly planId: string;
  readonly reason: string;
  /** By default the day of the plan. */
  readonly on?: LocalDate;
  readonly items: readonly PlannedItem[];
  /** The bills that it expects to come. */
  readonly expected: readonly string[];
}
export type CashPlanCommand = ProposeCashPlan | AdoptCashPlan;

/** A plan as it was proposed, without the long texts, which stay in the log. */
export interface CashPlan {
  readonly kind: 'plan';
  readonly facts: Omit<DataOf<'CashPlanProposed'>, 'inputs' | 'plan'>;
  readonly adopted?: DataOf<'CashPlanAdopted'>;
  readonly made: Made;
}

export const decideCashPlan = (command: CashPlanCommand, working: Working): Decision =>
  command.type === 'ProposeCashPlan' ? propose(command, working) : adopt(command, working);

const propose = ({ type, id, request, plan }: ProposeCashPlan, working: Working): Decision => {
  const subject = `plan/${id}` as const;
  const content = { type, id, ...request };
  if (repeated(working, subject, content, () => otherWays(content, working))) return working.unchanged(subject);
  working.emit({ type: 'CashPlanProposed', effectiveOn: plan.asOf, data: { planId: id, ...plan } });
  return working.decision(subject);
};

/** The same request with the day or the position written out that it leaves out, or left out where it names the default. */
const otherWays = (
  content: ProposeCashPlan['request'] & { readonly id: string },
  working: Working,
): (typeof content)[] => {
  const { asOf, position } = working.find(`plan/${content.id}`)!.facts;
  const days = content.asOf === undefined ? [working.today] : content.asOf === asOf ? [undefined] : [];
  const positions = content.knownAtPosition === position ? [undefined] : [];
  return [content.asOf, ...days].flatMap((day) =>
    [content.knownAtPosition, ...positions].map((known) => ({ ...content, asOf: day, knownAtPosition: known })),
  );
};

export const evolvePlan = (plan: CashPlan | undefined, event: RecordedEvent): CashPlan | undefined => {
  if (event.type === 'CashPlanProposed') {
    const { inputs: _inputs, plan: _plan, ...facts } = event.data;
    return { kind: 'plan', facts, made: madeBy(event) };
  }
  if (event.type !== 'CashPlanAdopted' || !plan) return plan;
  return { ...plan, adopted: event.data, made: madeStill(plan.made, event) };
};

/** What an item of a plan no longer is, in words for people; undefined if it is as it was. */
interface Changed {
  readonly itemId: string;
  readonly what: string;
}

const adopt = (command: AdoptCashPlan, working: Working): Decision => {
  const { planId, items, expected, reason } = command;
  const subject = `plan/${planId}` as const;
  const plan = working.inPath(subject);
  if (plan.adopted) {
    reject('already-adopted', `Plan ${planId} was adopted as of ${plan.adopted.on}.`, { on: plan.adopted.on });
  }
  const expectations = expected.map((id) => `expectation/${id}` as const);
  const offers = items.flatMap(({ offer }) => (offer ? [`offer/${offer.id}` as const] : []));
  // All at once, and what the first time round shows to be needed the second: not one by one.
  working.prefetch(
    [...items.map(({ name }) => name), ...expectations, ...offers],
    items.flatMap(({ parts, offer }) => [
      ...parts.map(({ id }) => `deferral/${id}` as const),
      ...(offer ? [`charge/${offer.chargeId}` as const] : []),
    ]),
  );
  working.prefetch(
    items.flatMap(({ name }) => {
      const item: Item | undefined = working.find(name);
      const inForce = item?.deferrals.filter(({ withdrawn }) => !withdrawn) ?? [];
      return inForce.map(({ id }) => `deferral/${id}` as const);
    }),
  );

  const on = command.on === undefined ? working.firstOpen(plan.facts.asOf) : working.mustBeOpen(command.on);
  if (on < plan.facts.asOf) {
    reject('before-original', `The plan is of ${plan.facts.asOf}: it can't be adopted as of an earlier day.`, { on });
  }
  const changed: Changed[] = [
    ...items.flatMap((planned) => changeOf(planned, working, plan.facts.asOf, on)),
    ...expected.flatMap((id) =>
      working.find(`expectation/${id}`)?.withdrawn ? [{ itemId: id, what: 'is no longer expected' }] : [],
    ),
  ];
  if (changed.length > 0) {
    reject(
      'stale-plan',
      `${changed.length === 1 ? 'One item has' : `${changed.length} items have`} changed since: ${changed[0]!.itemId} ${changed[0]!.what}. Make a new plan.`,
      { changed },
    );
  }

  const counts = { deferrals: 0, withdrawals: 0, charges: 0 };
  for (const planned of items) {
    const { name, parts, offer } = planned;
    // A charge has no schedule of its own that could be moved.
    if (!name.startsWith('invoice/') || parts.length === 0) continue;
    const invoice = name as `invoice/${string}`;
    if (!offer) counts.withdrawals += withdrawWhatComesEarlier(working, invoice, parts, on, reason);
    counts.deferrals += deferParts(working, invoice, planned, on, reason);
    if (offer) counts.charges += chargeFor(working, invoice, planned, offer, on);
  }
  working.emit({ type: 'CashPlanAdopted', effectiveOn: on, data: { planId, on, ...counts } });
  return working.decision(subject);
};

const changeOf = (
  { itemId, name, hold, unapproved = false, instalments, offer }: PlannedItem,
  working: Working,
  asOf: LocalDate,
  on: LocalDate,
): Changed[] => {
  const change = (what: string): Changed[] => [{ itemId, what }];
  const item: Item | undefined = working.find(name);
  if (!item) return change('is not there any more');
  if (item.reversal) return change('was reversed');
  const format = (minor: Minor): Amount => formatMinor(minor, item.currency);
  const owed = sum(instalments.map(({ amount }) => parseMinor(amount, item.currency)));
  const left = openInTheEnd(item);
  if (left !== owed) return change(`has ${format(left)} open, no longer ${format(owed)}`);
  const lacksNow = lacksApproval(working.circumstances.policy, item);
  if (lacksNow !== unapproved) return change(lacksNow ? 'needs an approval' : 'needs no approval any more');
  // Nothing may pay what is held or disputed now, also where that began after the day of the plan.
  const now = latest(asOf, working.today);
  const holdThen = unapproved || (hold?.until !== undefined && hold.until <= now) ? undefined : hold;
  const holdNow = unapproved ? undefined : holdOn(item, now);
  if (!holdNow !== !holdThen) return change(holdThen ? 'is no longer on hold' : 'is on hold');
  if (holdNow?.until !== holdThen?.until)
    return change(`is on hold ${holdNow?.until ? `until ${holdNow.until}` : 'without an end'} now`);
  const disputed = sum(instalments.map((one) => parseMinor(one.disputed ?? '0', item.currency)));
  if (disputedOn(item, now) !== disputed) {
    return change(`has ${format(disputedOn(item, now))} in dispute, no longer ${format(disputed)}`);
  }
  const { schedule, open } = openSchedule(item, asOf);
  const days = byDates(schedule.map((instalment, place) => ({ ...instalment, amount: open[place]! })));
  const planned = byDates(instalments.map((one) => ({ ...one, amount: parseMinor(one.amount, item.currency) })));
  if (days.size !== planned.size || [...days].some(([dates, amount]) => planned.get(dates) !== amount)) {
    return change('falls due, or is planned, on other days');
  }
  // What was deferred or withdrawn since with effect from a later day would be in the way.
  const latestChange = item.schedules.at(-1)!.on;
  if (latestChange > latest(asOf, item.owedFrom)) return change(`was deferred anew as of ${latestChange}`);
  const until = offer && working.find(`offer/${offer.id}`)?.data.validUntil;
  return until !== undefined && until < on ? change(`has an offer that could be accepted until ${until}`) : [];
};

const byDates = (instalments: readonly Instalment[]): Map<string, Minor> => {
  const cells = new Map<string, Minor>();
  for (const { originalDueOn, dueOn, plannedOn, amount } of instalments) {
    if (amount === 0n) continue;
    const key = `${originalDueOn}/${dueOn}/${plannedOn}`;
    cells.set(key, (cells.get(key) ?? 0n) + amount);
  }
  return cells;
};

/** What is open of an invoice as it would be settled, first due first, each piece with its days. */
const piecesOf = (invoice: Invoice, on: LocalDate): Instalment[] => {
  const { schedule, open } = openSchedule(invoice, on);
  const pieces: Instalment[] = [];
  for (let passed = 0n, left = sum(open); left > 0n;) {
    // One minor unit tells whose turn it is.
    const place = firstDue(schedule, open, 1n, passed).findIndex((amount) => amount > 0n);
    const amount = open[place]! - (firstDue(schedule, open, passed)[place] ?? 0n);
    pieces.push({ ...schedule[place]!, amount });
    passed += amount;
    left -= amount;
  }
  return pieces;
};

/** A stretch of what is open, first due first, that has one plan now and is to have another. */
interface Stretch {
  readonly part: number;
  readonly beyond: Minor;
  readonly amount: Minor;
  readonly piece: Instalment;
}

/** Lays the parts of a plan along the pieces of an invoice: what is paid first settles what falls due first. */
const stretchesOf = (pieces: readonly Instalment[], parts: readonly Minor[]): Stretch[] => {
  const stretches: Stretch[] = [];
  let [part, beyond] = [0, 0n];
  let leftOfPart = parts[0] ?? 0n;
  for (const piece of pieces) {
    for (let left = piece.amount; left > 0n;) {
      while (leftOfPart === 0n && part < parts.length) leftOfPart = parts[++part] ?? 0n;
      if (part >= parts.length) return stretches;
      const amount = least(left, leftOfPart);
      stretches.push({ part, beyond, amount, piece });
      beyond += amount;
      left -= amount;
      leftOfPart -= amount;
    }
  }
  return stretches;
};

const minorsOf = (parts: PlannedItem['parts'], invoice: Invoice): Minor[] =>
  parts.map(({ amount }) => parseMinor(amount, invoice.currency));

/** Takes back our own deferrals, the last first, as long as something is to be paid before the day that they set. */
const withdrawWhatComesEarlier = (
  working: Working,
  name: `invoice/${string}`,
  parts: PlannedItem['parts'],
  on: LocalDate,
  reason: string,
): number => {
  for (let count = 0; ; count++) {
    const invoice = working.find(name)!;
    const last = invoice.deferrals.findLast(({ withdrawn }) => !withdrawn);
    const stretches = stretchesOf(piecesOf(invoice, on), minorsOf(parts, invoice));
    const isEarlier = stretches.some(
      ({ part, piece }) => piece.plannedOn > piece.dueOn && parts[part]!.on < piece.plannedOn,
    );
    if (!isEarlier || !last || last.data.agreed) return count;
    const { id: invoiceId, vendorId } = invoice;
    const data = { deferralId: last.id, invoiceId, vendorId, reason, on: dayFor(invoice, on) };
    working.emit({ type: 'DeferralWithdrawn', effectiveOn: data.on, data });
  }
};

/** Moves each part that is paid later than it is planned, or, by an offer, due. From the last to the first. */
const deferParts = (
  working: Working,
  name: `invoice/${string}`,
  { parts, offer }: PlannedItem,
  on: LocalDate,
  reason: string,
): number => {
  const agreed = offer !== undefined;
  const invoice = working.find(name)!;
  const moves = stretchesOf(piecesOf(invoice, on), minorsOf(parts, invoice))
    .filter(({ part, piece }) => parts[part]!.on > (agreed ? piece.dueOn : piece.plannedOn))
    .reduce<Stretch[]>((joined, next) => {
      const before = joined.at(-1);
      // One deferral per part, unless something between is to stay where it is.
      if (before?.part === next.part && before.beyond + before.amount === next.beyond) {
        joined[joined.length - 1] = { ...before, amount: before.amount + next.amount };
      } else joined.push(next);
      return joined;
    }, []);
  const seen = new Map<number, number>();
  for (const { part, beyond, amount } of moves.reverse()) {
    const { id, on: until } = parts[part]!;
    const nth = (seen.get(part) ?? 0) + 1;
    seen.set(part, nth);
    const effectiveOn = dayFor(working.find(name)!, on);
    working.emit({
      type: 'PaymentDeferred',
      effectiveOn,
      data: {
        deferralId: nth === 1 ? id : `${id}.${nth}`,
        invoiceId: invoice.id,
        vendorId: invoice.vendorId,
        currency: invoice.currency,
        amount: formatMinor(amount, invoice.currency),
        ...(beyond > 0n && { beyond: formatMinor(beyond, invoice.currency) }),
        until,
        agreed,
        reason,
        ...(offer && { reference: `offer ${offer.id}` }),
        on: effectiveOn,
      },
    });
  }
  return moves.length;
};

/** What accepting an offer costs is owed from the day of adoption, with its last instalment. */
const chargeFor = (
  working: Working,
  name: `invoice/${string}`,
  { parts }: PlannedItem,
  { cost, chargeId }: NonNullable<PlannedItem['offer']>,
  on: LocalDate,
): number => {
  const { id: invoiceId, vendorId, currency } = working.find(name)!;
  if (parseMinor(cost, currency) === 0n) return 0;
  const dueDate = latest(on, parts.at(-1)!.on);
  working.findFresh(`charge/${chargeId}`);
  working.emit({
    type: 'ChargePosted',
    effectiveOn: on,
    data: { chargeId, vendorId, invoiceId, kind: 'late-interest', amount: cost, currency, on, dueDate },
  });
  return 1;
};

/** Deferrals and withdrawals are recorded in the order of their days. */
const dayFor = (invoice: Invoice, on: LocalDate): LocalDate => latest(on, invoice.schedules.at(-1)!.on);
