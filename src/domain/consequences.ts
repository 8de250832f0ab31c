import type { LocalDate } from './calendar.js';
import { Amounts, type Decision, type Working } from './decision.js';
import { type Consequences, consequencesName, type DataOf, type RecordedEvent } from './events.js';
import type { Amount, Currency } from './money.js';
import { type Made, madeBy, madeStill } from './open-item.js';
import { reject } from './rejection.js';

export interface SetConsequences {
  readonly type: 'SetConsequences';
  readonly of: { readonly vendorId: string } | { readonly invoiceId: string };
  readonly effectiveOn: LocalDate;
  readonly source: string;
  readonly consequences: Consequences;
  /** The presets that are part of it, and the currency of their amounts. */
  readonly presets?: readonly { readonly id: string; readonly currency?: Currency }[];
}

/** One set of consequences, and the position at which it was recorded. */
export interface ConsequencesVersion {
  readonly data: DataOf<'ConsequencesSet'>;
  readonly position: number;
}

/** Everything that was ever said about what not paying a vendor, or an invoice, costs. */
export interface ConsequencesRecord {
  readonly kind: 'vendor-consequences' | 'invoice-consequences';
  readonly vendorId: string;
  readonly invoiceId?: string;
  /** In the order of recording. */
  readonly versions: readonly ConsequencesVersion[];
  readonly made: Made;
}

export const decideConsequences = (command: SetConsequences, working: Working): Decision => {
  const { of, effectiveOn, source, consequences, presets } = command;
  const invoice = 'invoiceId' in of ? working.inPath(`invoice/${of.invoiceId}`) : undefined;
  const vendorId = 'vendorId' in of ? working.inPath(`vendor/${of.vendorId}`).facts.vendorId : invoice!.vendorId;
  // A vendor's bills may be in several currencies; how many decimals their amounts have is the ledger's to say.
  const currency = invoice?.currency ?? working.find('ledger')!.facts.currency;
  const foreign = presets?.find((preset) => preset.currency !== undefined && preset.currency !== currency);
  if (foreign) {
    reject(
      'currency-mismatch',
      `The amounts of preset ${foreign.id} are in ${foreign.currency!}; give them yourself in ${currency}.`,
      { preset: foreign.currency, currency },
    );
  }
  const data: DataOf<'ConsequencesSet'> = {
    ...formatted(consequences, currency),
    vendorId,
    ...(invoice && { invoiceId: invoice.id }),
    effectiveOn,
    source,
    ...(presets && { presets: presets.map(({ id }) => ({ id })) }),
  };
  working.emit({ type: 'ConsequencesSet', effectiveOn, data });
  return working.decision(consequencesName(data));
};

/** The same with every amount in full. @throws {Rejection} `malformed` */
const formatted = ({ steps, partial, cutoffs, ...rest }: Consequences, currency: Currency): Consequences => {
  const amounts = new Amounts(currency);
  const full = (text: Amount, pointer: string): Amount => amounts.format(amounts.read(text, pointer));
  const result: Consequences = {
    ...rest,
    ...(steps && {
      steps: steps.map((step, i) => ({
        ...step,
        ...(step.fixed !== undefined && { fixed: full(step.fixed, `/steps/${i}/fixed`) }),
      })),
    }),
    ...(partial && {
      partial: {
        ...partial,
        ...(partial.minimum !== undefined && { minimum: full(partial.minimum, '/partial/minimum') }),
      },
    }),
    ...(cutoffs && {
      cutoffs: cutoffs.map((cutoff, i) => ({
        ...cutoff,
        tolerance: full(cutoff.tolerance, `/cutoffs/${i}/tolerance`),
        cost: full(cutoff.cost, `/cutoffs/${i}/cost`),
        ...(cutoff.weekly !== undefined && { weekly: full(cutoff.weekly, `/cutoffs/${i}/weekly`) }),
      })),
    }),
  };
  amounts.check();
  return result;
};

export const evolveConsequences = (
  kind: ConsequencesRecord['kind'],
  record: ConsequencesRecord | undefined,
  event: RecordedEvent,
): ConsequencesRecord | undefined => {
  if (event.type !== 'ConsequencesSet') return record;
  const { data, position } = event;
  const { vendorId, invoiceId } = data;
  return {
    kind,
    vendorId,
    ...(invoiceId !== undefined && { invoiceId }),
    versions: [...(record?.versions ?? []), { data, position }],
    made: record ? madeStill(record.made, event) : madeBy(event),
  };
};

/** What is in force on a day: the set with the latest day up to it, and of several of one day the last recorded. */
export const inForceOn = (record: ConsequencesRecord | undefined, asOf: LocalDate): ConsequencesVersion | undefined =>
  record?.versions.reduce<ConsequencesVersion | undefined>(
    (best, next) =>
      next.data.effectiveOn <= asOf && (!best || next.data.effectiveOn >= best.data.effectiveOn) ? next : best,
    undefined,
  );

/** The keys that say what it costs, without what they are about. */
export const consequencesOf = ({
  vendorId: _vendor,
  invoiceId: _invoice,
  effectiveOn: _on,
  source: _source,
  presets: _presets,
  ...consequences
}: DataOf<'ConsequencesSet'>): Consequences => consequences;

/** An invoice's consequences override its vendor's, key by key; cut-offs are the vendor's. */
export const merged = (vendors: Consequences | undefined, invoices: Consequences | undefined): Consequences => ({
  ...vendors,
  ...invoices,
});
