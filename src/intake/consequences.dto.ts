import { ApiProperty } from '@nestjs/swagger';
import type { SetConsequences } from '../domain/consequences.js';
import type { Consequences } from '../domain/events.js';
import { presetOn } from '../cash-priority/presets.js';
import { reject } from '../domain/rejection.js';
import { Day, Flag, Id, ListOf, Money, Optional, Part, Rate, RequiredWithout, Text, Whole } from './fields.js';
import type { Plain } from './plain.js';
import { Shown, ShownDay, ShownInstant, ShownPosition } from './shown.dto.js';

const maxDays = 3_650;
const maxEntries = 50;

export class YearlyCostBody {
  /** Per year of 365 days. */
  @Rate()
  annualPercent!: string;
}

/** A charge that falls due once something is paid later than so many days after its due date. At least one of the three. */
export class StepBody {
  /** Counted from the due date: what is paid on a later day than that bears it. */
  @Whole({ max: maxDays, example: 15 })
  afterDays!: number;

  /** Once, of what is paid later than that. */
  @RequiredWithout('fixed', 'annualPercent')
  @Rate({ example: '2.00' })
  percent?: string;

  /** Once, if anything is paid later than that. */
  @Optional()
  @Money({ zero: true, example: '100.00' })
  fixed?: string;

  /** Per year of 365 days, from then on. */
  @Optional()
  @Rate({ example: '4.00' })
  annualPercent?: string;
}

export class PartialBody {
  /** Whether a bill may be paid in parts. */
  @Flag()
  allowed!: boolean;

  /** The smallest part, but for the last. */
  @Optional()
  @Money({ example: '1000.00' })
  minimum?: string;

  /** How many payments at most. */
  @Optional()
  @Whole({ min: 1, max: 1_000, example: 3 })
  maxPayments?: number;
}

/** The day on which a vendor stops serving us if too much is too late, and what that costs. */
export class CutoffBody {
  @Text({ max: 256, example: 'AWS suspends' })
  name!: string;

  @Day({ example: '2023-12-15' })
  on!: string;

  /** What is at least so many days late on that day counts. */
  @Whole({ max: maxDays, example: 30 })
  overdueDays!: number;

  /** How much may be so late. */
  @Money({ zero: true, example: '2000000.00' })
  tolerance!: string;

  /** Once, if it is more. */
  @Money({ zero: true, example: '6000000.00' })
  cost!: string;

  /** Every 7 days after it while it stays so. */
  @Optional()
  @Money({ zero: true, example: '350000.00' })
  weekly?: string;
}

export class PresetRef {
  /** As in the list of presets. */
  @Id({ example: 'uk-vat-late-payment' })
  id!: string;
}

/** What not paying one invoice costs: these keys override those of its vendor, one by one. */
export class InvoiceConsequencesBody {
  /** From this day on; it replaces as a whole what was set before. */
  @Day({ example: '2023-10-01' })
  effectiveOn!: string;

  /** 0 (wages), 1 (withheld taxes), 2 (other taxes), 3 (critical suppliers), 4 (secured and financed), 5 (other trade, the default) to 9. */
  @Optional()
  @Whole({ max: 9, example: 2 })
  tier?: number;

  /** Comes first, whatever that costs. By default false. */
  @Optional()
  @Flag()
  neverDefer?: boolean;

  @Optional()
  @Part(() => YearlyCostBody)
  lateInterest?: YearlyCostBody;

  /** What it costs beside interest to let the vendor wait. */
  @Optional()
  @Part(() => YearlyCostBody)
  relationship?: YearlyCostBody;

  /** They add up. */
  @Optional()
  @ListOf(() => StepBody, { max: maxEntries })
  steps?: StepBody[];

  /** Once, of what is due and still unpaid at the end of a plan. */
  @Optional()
  @Rate({ example: '0.00' })
  unpaidAtEndPercent?: string;

  /** By default any parts. */
  @Optional()
  @Part(() => PartialBody)
  partial?: PartialBody;

  /** Presets that fill in, as they are on `effectiveOn`, what is left out here; of several the later ones come first. */
  @Optional()
  @ListOf(() => PresetRef, { max: 10 })
  presets?: PresetRef[];

  /** Where it is written down. May be left out beside a preset, which has sources of its own. */
  @RequiredWithout('presets')
  @Text({ max: 2_000, example: 'AWS customer agreement: 1.5 % a month; suspension for payment breach' })
  source?: string;
}

/** What not paying a vendor costs, unless an invoice of theirs says otherwise. Amounts are in the ledger's currency. */
export class VendorConsequencesBody extends InvoiceConsequencesBody {
  @Optional()
  @ListOf(() => CutoffBody, { max: maxEntries })
  cutoffs?: CutoffBody[];
}

/** @throws {Rejection} `unknown-preset` */
export const toSetConsequences = (
  of: SetConsequences['of'],
  { effectiveOn, source, presets: refs, ...own }: Plain<VendorConsequencesBody>,
): SetConsequences => {
  const presets = (refs ?? []).map(({ id }) => {
    const preset = presetOn(id, effectiveOn);
    if (!preset?.consequences) {
      return reject('unknown-preset', `There is no preset ${id} for consequences that is valid on ${effectiveOn}.`, {
        id,
        on: effectiveOn,
      });
    }
    return { ...preset, consequences: preset.consequences };
  });
  // An empty list says as much as none: it does not take the place of what a preset says.
  const given = Object.fromEntries(
    Object.entries(own).filter(([, value]) => !Array.isArray(value) || value.length > 0),
  ) as Consequences;
  return {
    type: 'SetConsequences',
    of,
    effectiveOn,
    source: source ?? presets.map((preset) => preset.source).join('; '),
    consequences: Object.assign({}, ...presets.map((preset) => preset.consequences), given) as Consequences,
    ...(presets.length > 0 && {
      presets: presets.map(({ id, currency }) => ({ id, ...(currency !== undefined && { currency }) })),
    }),
  };
};

/** What not paying costs, as it was set. */
export class ShownConsequences {
  tier?: number;
  neverDefer?: boolean;
  lateInterest?: YearlyCostBody;
  relationship?: YearlyCostBody;
  steps?: StepBody[];
  unpaidAtEndPercent?: string;
  partial?: PartialBody;
  cutoffs?: CutoffBody[];
}

/** One set of consequences. */
export class ConsequencesEntry extends ShownConsequences {
  @ShownDay()
  effectiveOn!: string;
  source!: string;
  presets?: PresetRef[];
  /** Where in the log it was recorded; absent in the answer to the command that sets it, whose position says it. */
  @ShownPosition()
  setAt?: number;
}

export class ConsequencesResource extends Shown {
  vendorId!: string;
  /** Where it is about one invoice. */
  invoiceId?: string;
  /** The day that `inForce` is about. */
  @ShownDay()
  asOf!: string;
  /** Up to when what was recorded is known; where they are read. */
  @ShownInstant()
  knownAt?: string;
  /** The set that counts on asOf; null if there is none. */
  @ApiProperty({ nullable: true, type: () => ConsequencesEntry })
  inForce!: ConsequencesEntry | null;
  /** Of an invoice, where they are read: its keys over those of its vendor, as a plan takes them. */
  merged?: ShownConsequences;
  /** Every set, in the order of their days, then of recording. */
  sets!: ConsequencesEntry[];
}

export class PresetResource {
  id!: string;
  name!: string;
  /** The first day on which it is so. */
  @ShownDay()
  validFrom!: string;
  /** The last day on which it is so; absent while no end is known. */
  @ShownDay()
  validTo?: string;
  /** That of its amounts, where it has any. */
  currency?: string;
  /** What the data file says of it in words: who it concerns, what it simplifies. */
  note!: string;
  source!: string;
  /** To be used when consequences are set. */
  consequences?: ShownConsequences;
  /** To be given to a vendor as terms. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  terms?: object;
}
