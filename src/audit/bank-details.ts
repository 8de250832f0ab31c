import { addDays } from '../domain/calendar.js';
import type { DataOf, RecordedEvent } from '../domain/events.js';

interface Details {
  readonly vendorId: string;
  readonly by: string;
  effectiveFrom?: string;
  /** Of the event that approved them. */
  approvedAt?: number;
  erased?: boolean;
}

/**
 * Judges where vendors are paid. What day it was when something was recorded depends on the time zone, so a day more or
 * less is let through.
 */
export class BankDetailsRules {
  readonly #details = new Map<string, Details>();
  readonly #ofVendor = new Map<string, Details[]>();

  /** @param fault takes what is wrong with the event at hand */
  constructor(private readonly fault: (text: string) => void) {}

  proposed({ bankDetailsId: id, vendorId }: DataOf<'BankDetailsProposed'>, by: string): void {
    if (this.#details.has(id)) this.fault(`uses the id of bank details ${id} again`);
    const details = { vendorId, by };
    this.#details.set(id, details);
    this.#ofVendor.set(vendorId, [...(this.#ofVendor.get(vendorId) ?? []), details]);
  }

  approved(
    {
      data: { bankDetailsId: id, vendorId, effectiveFrom },
      actor,
      position,
      recordedAt,
    }: RecordedEvent & {
      readonly data: DataOf<'BankDetailsApproved'>;
    },
    waitingDays: number,
  ): void {
    const details = this.#of(id, vendorId);
    if (!details) return;
    if (details.approvedAt !== undefined) this.fault(`approves bank details ${id}, which are approved already`);
    if (details.erased) this.fault(`approves bank details ${id}, which are erased`);
    if (details.by === actor.id) this.fault(`is ${actor.id}'s approval of what they proposed`);
    if (effectiveFrom < addDays(dayOf(recordedAt), waitingDays - 1))
      this.fault(`lets bank details ${id} be paid to before ${waitingDays} days have passed`);
    details.effectiveFrom = effectiveFrom;
    details.approvedAt = position;
  }

  erased(vendorId: string): void {
    for (const details of this.#ofVendor.get(vendorId) ?? []) details.erased = true;
  }

  paidTo(id: string, vendorId: string, recordedAt: string): void {
    const details = this.#of(id, vendorId);
    if (!details) return;
    const { effectiveFrom, approvedAt, erased } = details;
    if (erased) this.fault(`pays to bank details ${id}, which are erased`);
    if (effectiveFrom === undefined || approvedAt === undefined) {
      this.fault(`pays to bank details ${id}, which nobody has approved`);
      return;
    }
    const day = dayOf(recordedAt);
    if (effectiveFrom > addDays(day, 1))
      this.fault(`pays to bank details ${id}, which are to wait until ${effectiveFrom}`);
    const isReplaced = this.#ofVendor
      .get(vendorId)!
      .some((one) => one.approvedAt! > approvedAt && one.effectiveFrom! < day);
    if (isReplaced) this.fault(`pays to bank details ${id}, whose place others have taken`);
  }

  #of(id: string, vendorId: string): Details | undefined {
    const details = this.#details.get(id);
    if (!details) this.fault(`names bank details ${id}, which there are not`);
    else if (details.vendorId !== vendorId)
      this.fault(`names bank details ${id}, which are vendor ${details.vendorId}'s`);
    else return details;
    return undefined;
  }
}

const dayOf = (recordedAt: string): string => recordedAt.slice(0, 10);
