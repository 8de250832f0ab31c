import { PlanRefusal } from '../cash-priority/model.js';
import { reject, rejectMalformed } from '../domain/rejection.js';
import { PlanCancelled, PlannerBusy, PlannerStopped } from '../planning/planner.js';
import { Problem } from './problems.js';

/** What the engine refuses, in the words of the API. */
const refusal = ({ code, facts }: PlanRefusal): unknown => {
  const told = JSON.stringify(facts);
  const said = (f: () => never): unknown => {
    try {
      return f();
    } catch (error) {
      return error;
    }
  };
  switch (code) {
    case 'no-cash-balance':
      return said(() =>
        reject(
          code,
          `State a balance in ${String(facts.currency)} on or before ${String(facts.asOf)} first: POST …/cash/balances.`,
          facts,
        ),
      );
    case 'unknown-item':
      return said(() =>
        reject(
          code,
          `${String(facts.itemId)} is not open on the day of the plan in its currency: correct require or forbid.`,
          facts,
        ),
      );
    case 'required-item-blocked':
      return said(() =>
        reject(
          code,
          `${String(facts.itemId)} is on hold, in dispute or forbidden: release it, or do not require it.`,
          facts,
        ),
      );
    case 'required-before-first-run':
      return said(() =>
        reject(code, `No payment run is on or before the day by which ${String(facts.itemId)} is required.`, facts),
      );
    case 'too-many-bills':
      return new Problem(
        'payload-too-large',
        `A plan takes at most ${String(facts.limit)} bills; ${String(facts.bills)} are open.`,
        facts,
      );
    case 'runs-out-of-order':
      return said(() =>
        rejectMalformed([{ pointer: '/runs', detail: 'must be in order, each day once, none before asOf' }]),
      );
    case 'too-many-runs':
      return said(() => rejectMalformed([{ pointer: '/runs', detail: `must be fewer (${told})` }]));
    case 'horizon-too-long':
      return said(() =>
        rejectMalformed([{ pointer: '/asOf', detail: `the plan must end on or before ${String(facts.lastDay)}` }]),
      );
    case 'horizon-too-short':
      return said(() =>
        rejectMalformed([{ pointer: '/horizonEnd', detail: 'must not be before the last payment run' }]),
      );
  }
};

/** What the planner throws, as it is answered. */
export const translated = (error: unknown): unknown => {
  if (error instanceof PlanRefusal) return refusal(error);
  if (error instanceof PlanCancelled) return new Problem('plan-cancelled', 'It was cancelled; nothing was recorded.');
  if (error instanceof PlannerStopped)
    return new Problem('unavailable', 'The server is stopping; nothing was recorded. Send it again in a moment.');
  if (error instanceof PlannerBusy)
    return new Problem('too-many-requests', 'As many plans wait as may: send it again in a moment.');
  return error;
};
