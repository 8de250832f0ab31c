import type { CashBalance, CashExpectation } from '../domain/cash.js';
import {
  consequencesOf,
  type ConsequencesRecord,
  type ConsequencesVersion,
  inForceOn,
  merged,
} from '../domain/consequences.js';
import type { LocalDate } from '../domain/calendar.js';
import type { Offer } from '../domain/offers.js';
import type { CashBalanceResource, CashExpectationResource } from './cash.dto.js';
import type { ConsequencesEntry, ConsequencesResource, ShownConsequences } from './consequences.dto.js';
import type { OfferResource } from './offers.dto.js';
import type { Plain } from './plain.js';

// What cash plans are made from, as the API shows it.

const entry = ({ data, position }: ConsequencesVersion): Plain<ConsequencesEntry> => ({
  ...(consequencesOf(data) as Plain<ShownConsequences>),
  effectiveOn: data.effectiveOn,
  source: data.source,
  presets: data.presets as Plain<ConsequencesEntry>['presets'],
  // What is only about to be recorded has no position yet: the answer to the command has it beside the resource.
  setAt: position === 0 ? undefined : position,
});

export const consequencesResource = (
  of: { readonly vendorId: string; readonly invoiceId?: string },
  record: ConsequencesRecord | undefined,
  asOf: LocalDate,
): Plain<ConsequencesResource> => {
  const current = inForceOn(record, asOf);
  const sets = [...(record?.versions ?? [])].sort((a, b) => (a.data.effectiveOn < b.data.effectiveOn ? -1 : 1));
  return {
    vendorId: of.vendorId,
    invoiceId: of.invoiceId,
    asOf,
    inForce: current ? entry(current) : null,
    sets: sets.map(entry),
  };
};

/** An invoice's keys over those of its vendor, as a plan takes them. */
export const mergedConsequences = (
  vendors: ConsequencesVersion | undefined,
  invoices: ConsequencesVersion | undefined,
): Plain<ShownConsequences> =>
  merged(
    vendors && consequencesOf(vendors.data),
    invoices && consequencesOf(invoices.data),
  ) as Plain<ShownConsequences>;

export const offerResource = ({ data: { offerId, ...data } }: Offer): Plain<OfferResource> => ({
  id: offerId,
  ...data,
  schedule: data.schedule as Plain<OfferResource>['schedule'],
});

export const cashBalanceResource = ({ data: { balanceId, ...data } }: CashBalance): Plain<CashBalanceResource> => ({
  id: balanceId,
  ...data,
});

export const cashExpectationResource = ({
  data: { expectationId, ...data },
  withdrawn,
}: CashExpectation): Plain<CashExpectationResource> => ({
  id: expectationId,
  ...data,
  status: withdrawn ? 'withdrawn' : 'in-force',
  withdrawal: withdrawn,
});
