import type { DisputeInvoice, HoldInvoice, ReleaseInvoice, ResolveDispute } from '../domain/holds-and-disputes.js';
import { Day, Money, Optional, Text } from './fields.js';
import { ShownAmount, ShownDay } from './shown.dto.js';
import type { Plain } from './plain.js';

export class HoldBody {
  @Text({ max: 2_000, example: 'Goods not yet received' })
  reason!: string;

  /** The first day on which it is free again; by default it stays on hold until it is released. */
  @Optional()
  @Day({ example: '2023-12-01' })
  until?: string;

  /** By default today. */
  @Optional()
  @Day()
  on?: string;
}

export class ReleaseBody {
  @Text({ max: 2_000, example: 'Goods received' })
  reason!: string;

  /** The first day on which it is free again; by default today. */
  @Optional()
  @Day()
  on?: string;
}

export class DisputeBody {
  /** By default all that is open and not disputed yet. */
  @Optional()
  @Money({ example: '250000.00' })
  amount?: string;

  @Text({ max: 2_000, example: 'Two of the eight servers were never delivered' })
  reason!: string;

  /** By default today. */
  @Optional()
  @Day()
  on?: string;
}

export class ResolutionBody {
  /** By default all that is disputed. */
  @Optional()
  @Money({ example: '250000.00' })
  amount?: string;

  @Text({ max: 2_000, example: 'Credit note CN-9 agreed' })
  reason!: string;

  /** By default today. */
  @Optional()
  @Day()
  on?: string;
}

export const toHoldInvoice = (invoiceId: string, body: Plain<HoldBody>): HoldInvoice => ({
  type: 'HoldInvoice',
  ...body,
  invoiceId,
});
export const toReleaseInvoice = (invoiceId: string, body: Plain<ReleaseBody>): ReleaseInvoice => ({
  type: 'ReleaseInvoice',
  ...body,
  invoiceId,
});
export const toDisputeInvoice = (invoiceId: string, body: Plain<DisputeBody>): DisputeInvoice => ({
  type: 'DisputeInvoice',
  ...body,
  invoiceId,
});
export const toResolveDispute = (invoiceId: string, body: Plain<ResolutionBody>): ResolveDispute => ({
  type: 'ResolveDispute',
  ...body,
  invoiceId,
});

export class ShownRelease {
  @ShownDay()
  on!: string;
  reason!: string;
}

export class ShownHold {
  @ShownDay()
  on!: string;
  /** The first day on which it ends by itself. */
  @ShownDay()
  until?: string;
  reason!: string;
  /** Absent unless it was released. */
  release?: ShownRelease;
}

export class ShownDispute {
  type!: 'dispute' | 'resolution';
  @ShownDay()
  on!: string;
  @ShownAmount()
  amount!: string;
  reason!: string;
}
