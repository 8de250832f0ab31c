import { Injectable } from '@nestjs/common';
import type { CashPlan } from '../domain/cash-plan.js';
import type { DataOf, RecordedEvent } from '../domain/events.js';
import { EventLog } from '../event-log/event-log.js';
import { adoptionOf } from '../planning/adoption.js';

/** A plan as it was recorded, with its long texts still packed. */
export interface RecordedPlan {
  readonly document: CashPlan;
  readonly data: DataOf<'CashPlanProposed'>;
  readonly history: RecordedEvent[];
}

/** The plans that are in the log. */
@Injectable()
export class RecordedPlans {
  constructor(private readonly log: EventLog) {}

  async find(ledgerId: string, id: string): Promise<RecordedPlan | undefined> {
    const found = await this.log.document(ledgerId, `plan/${id}`);
    const proposed = found?.history.find((event) => event.type === 'CashPlanProposed');
    return found && proposed ? { ...found, data: proposed.data } : undefined;
  }
}

/** What a plan is called and how it stands, as JSON: what comes before the text that was recorded. */
export const planHead = ({ facts, adopted }: CashPlan): string => {
  const { planId, planHash } = facts;
  return JSON.stringify({
    id: planId,
    status: adopted ? 'adopted' : 'proposed',
    planHash,
    ...(adopted && { adoption: adoptionOf(adopted) }),
  });
};

/**
 * A plan as JSON: its head, and the text that was recorded as it is. Joined as bytes: a large plan is many megabytes, and
 * whoever answers requests must not spend its time on turning them into characters and back.
 */
export const planResource = (head: string, text: Buffer, more: Readonly<Record<string, unknown>> = {}): Buffer => {
  const tail = Object.keys(more).length === 0 ? '}' : `,${JSON.stringify(more).slice(1)}`;
  return Buffer.concat([Buffer.from(`${head.slice(0, -1)},`), text.subarray(1, -1), Buffer.from(tail)]);
};
