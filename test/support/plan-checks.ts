/** What every plan keeps, checked on its answer alone, with sums of cents: nothing of the engine is used. */
import { daysBetween } from '../../src/domain/calendar.js';
import type { PlanAnswer, PlanInput } from '../../src/cash-priority/model.js';

const cents = (text: string | undefined): number => Math.round(Number(text ?? '0') * 100);

/** Every limit that an answer breaks, in words. */
export const breachesOf = (input: PlanInput, answer: PlanAnswer): string[] => {
  const breaches: string[] = [];
  const { request, asOf } = input;
  const day = (date: string): number => daysBetween(asOf, date);
  const end = day(answer.horizonEnd);
  const runs = new Set(answer.runs);
  const items = new Map(input.items.map((item) => [item.itemId, item]));
  const paidOn = new Map<number, number>();
  const days = answer.runs.map(day);
  /** The first day on which an item may be paid. */
  const opensOn = ({ hold }: PlanInput['items'][number]): number =>
    hold === undefined ? 0 : hold.until === undefined ? Infinity : day(hold.until);

  if (answer.decisions.length !== input.items.length) breaches.push('an item is missing');
  for (const { itemId, payments, parts, unpaid, outstanding, offerId, decision } of answer.decisions) {
    const item = items.get(itemId)!;
    const total = item.instalments.reduce((sum, { amount }) => sum + cents(amount), 0);
    if (cents(outstanding) !== total) breaches.push(`${itemId}: outstanding`);
    const inside = payments.filter(({ on }) => runs.has(on));
    const settled = inside.reduce((sum, { amount }) => sum + cents(amount), 0);
    if (settled + cents(unpaid) !== total) breaches.push(`${itemId}: does not add up`);
    for (const { on, amount, cash } of inside) paidOn.set(day(on), (paidOn.get(day(on)) ?? 0) + cents(cash ?? amount));
    const kept = item.instalments.reduce((sum, { disputed }) => sum + cents(disputed), 0);
    if (settled > total - kept) breaches.push(`${itemId}: pays what is disputed`);
    const opens = opensOn(item);
    const barred = opens > days.at(-1)! || (request.forbid ?? []).some((each) => each.itemId === itemId);
    if (barred && payments.length > 0) breaches.push(`${itemId}: pays what is held`);
    if (payments.some(({ on }) => day(on) < opens)) breaches.push(`${itemId}: pays before its hold ends`);
    if (barred !== (decision === 'blocked') && kept < total) breaches.push(`${itemId}: ${decision}`);
    if (offerId !== undefined) continue;
    const { allowed = true, minimum, maxPayments = Infinity } = item.consequences.partial ?? {};
    for (const part of parts) {
      const disputed = item.instalments
        .filter(({ dueOn }) => dueOn === part.dueOn)
        .reduce((sum, each) => sum + cents(each.disputed), 0);
      const payable = cents(part.outstanding) - disputed;
      const least = Math.min(cents(minimum), payable);
      if (part.payments.length > maxPayments) breaches.push(`${itemId}: too many payments`);
      for (const { amount } of part.payments) {
        if (cents(amount) < least) breaches.push(`${itemId}: below the minimum`);
        if (!allowed && cents(amount) !== payable) breaches.push(`${itemId}: a part of what may not be split`);
      }
    }
  }

  // Day by day: never below the reserve, nor below what would be there if nothing were paid.
  let untouched = input.accounts.reduce((sum, { balance, paidSince }) => sum + cents(balance) - cents(paidSince), 0);
  let out = 0;
  const natural: number[] = [];
  for (let today = 0; today <= end; today += 1) {
    for (const { direction, on, amount, certainty } of input.flows)
      if (day(on) === today && (direction === 'outflow' || Number(certainty ?? '1') >= 0.5))
        untouched += direction === 'receipt' ? cents(amount) : -cents(amount);
    natural.push(untouched);
    out += paidOn.get(today) ?? 0;
    if (untouched - out < Math.min(cents(request.minimumBalance), untouched))
      breaches.push(`day ${today}: the reserve`);
  }

  // Where all never-defer items can be met on their last run in time, they are.
  const due = new Map<number, number>();
  const never = input.items.filter((item) => {
    const barred = (request.forbid ?? []).some((each) => each.itemId === item.itemId);
    return item.consequences.neverDefer === true && !barred && opensOn(item) <= days.at(-1)!;
  });
  for (const item of never)
    for (const { dueOn, amount, disputed } of item.instalments) {
      if (day(dueOn) > end) continue;
      const first = days.find((run) => run >= opensOn(item))!;
      const last = days.filter((run) => run <= Math.max(day(dueOn), first)).at(-1)!;
      due.set(last, (due.get(last) ?? 0) + cents(amount) - cents(disputed));
    }
  let sum = 0;
  let canBeMet = true;
  for (const [today, balance] of natural.entries()) {
    sum += due.get(today) ?? 0;
    canBeMet &&= balance - sum >= Math.min(cents(request.minimumBalance), balance);
  }
  if (canBeMet && answer.impossible.some(({ what }) => what === 'never-defer'))
    breaches.push('a tier is late for nothing');
  return breaches;
};
