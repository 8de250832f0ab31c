import type { PlanAnswer, PlanInput } from '../cash-priority/model.js';
import type { AdoptCashPlan, CashPlan } from '../domain/cash-plan.js';
import type { DataOf } from '../domain/events.js';
import { uuidv7 } from '../event-log/uuid.js';
import { documentIdOf } from './inputs.js';

/** What a plan makes of each open item, in the form in which it is adopted. */
const itemsToAdopt = (input: PlanInput, answer: PlanAnswer): AdoptCashPlan['items'] => {
  const decisions = new Map(answer.decisions.map((decision) => [decision.itemId, decision]));
  return input.items.flatMap((item) => {
    const decision = decisions.get(item.itemId);
    if (item.kind === 'expected' || !decision) return [];
    const { offerId } = decision;
    const offer = offerId === undefined ? undefined : item.offers?.find(({ id }) => id === offerId);
    const parts =
      decision.decision === 'blocked'
        ? []
        : offer
          ? offer.schedule
          : [
              ...decision.payments,
              ...(/[1-9]/.test(decision.unpaid) ? [{ on: answer.horizonEnd, amount: decision.unpaid }] : []),
            ];
    return [
      {
        itemId: item.itemId,
        name: `${item.kind}/${documentIdOf(item.itemId)}`,
        ...(item.hold && { hold: item.hold.until === undefined ? {} : { until: item.hold.until } }),
        ...(item.hold?.unapproved && { unapproved: true }),
        instalments: item.instalments,
        parts: parts.map(({ on, amount }) => ({ id: uuidv7(), on, amount })),
        ...(offer && { offer: { id: offer.id, cost: offer.cost, chargeId: uuidv7() } }),
      },
    ];
  });
};

/** The order to adopt a plan, made from what was recorded. */
export const toAdopt = (
  planId: string,
  { input, answer }: { readonly input: PlanInput; readonly answer: PlanAnswer },
  { reason, on }: { readonly reason?: string; readonly on?: string },
): AdoptCashPlan => ({
  type: 'AdoptCashPlan',
  planId,
  reason: reason ?? `Cash plan ${planId}`,
  ...(on !== undefined && { on }),
  items: itemsToAdopt(input, answer),
  expected: input.items.filter(({ kind }) => kind === 'expected').map(({ itemId }) => documentIdOf(itemId)),
});

export const adoptionOf = ({ planId: _, ...adoption }: DataOf<'CashPlanAdopted'>): object => adoption;

/** What came of an adoption: the payments of the first run, and why every other bill is not among them. */
export const adoptionResource = ({ facts, adopted }: CashPlan, { proposal, decisions }: PlanAnswer): object => {
  const named = new Map(decisions.map((decision) => [decision.itemId, decision]));
  const withNames = (one: { readonly itemId: string }): object => {
    const decision = named.get(one.itemId);
    return { ...one, vendorName: decision?.vendor, number: decision?.number };
  };
  return {
    id: facts.planId,
    status: 'adopted',
    adoption: adopted && adoptionOf(adopted),
    proposal: { on: proposal.on, payments: proposal.payments.map(withNames) },
    exceptions: proposal.exceptions.map(withNames),
  };
};
