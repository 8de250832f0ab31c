import { type BankDetailsState, evolveStates } from './bank-details.js';
import { type Decision, repeated, type Working } from './decision.js';
import type { DataOf, RecordedEvent, Terms, VendorKind } from './events.js';
import { type Made, madeBy, madeStill } from './open-item.js';

export interface RegisterVendor {
  readonly type: 'RegisterVendor';
  readonly id: string;
  readonly name: string;
  readonly kind: VendorKind;
  readonly country?: string;
  readonly terms?: Terms;
  /** Left out, they are not connected. */
  readonly connected?: true;
}
export interface ChangeVendor {
  readonly type: 'ChangeVendor';
  readonly vendorId: string;
  readonly name?: string;
  readonly kind?: VendorKind;
  readonly country?: string;
  readonly terms?: Terms;
  readonly connected?: boolean;
}
export type VendorCommand = RegisterVendor | ChangeVendor;

/** The facts about a vendor; what we owe them is on their documents. */
export interface Vendor {
  readonly kind: 'vendor';
  readonly facts: DataOf<'VendorRegistered'>;
  /** In the order in which they were proposed. */
  readonly bankDetails: readonly BankDetailsState[];
  readonly made: Made;
}

export const decideVendor = (command: VendorCommand, working: Working): Decision =>
  command.type === 'RegisterVendor' ? register(command, working) : change(command, working);

const register = ({ type: _, id, ...facts }: RegisterVendor, working: Working): Decision => {
  const subject = `vendor/${id}` as const;
  if (repeated(working, subject, { id, ...facts })) return working.unchanged(subject);
  working.emit({ type: 'VendorRegistered', effectiveOn: working.today, data: { vendorId: id, ...facts } });
  return working.decision(subject);
};

const change = ({ type: _, ...data }: ChangeVendor, working: Working): Decision => {
  const subject = `vendor/${data.vendorId}` as const;
  working.inPath(subject);
  working.emit({ type: 'VendorChanged', effectiveOn: working.today, data });
  return working.decision(subject);
};

export const evolveVendor = (vendor: Vendor | undefined, event: RecordedEvent): Vendor | undefined => {
  if (event.type === 'VendorRegistered')
    return { kind: 'vendor', facts: event.data, bankDetails: [], made: madeBy(event) };
  if (!vendor) return vendor;
  if (event.type !== 'VendorChanged') return { ...vendor, bankDetails: evolveStates(vendor.bankDetails, event) };
  return { ...vendor, facts: { ...vendor.facts, ...event.data }, made: madeStill(vendor.made, event) };
};
