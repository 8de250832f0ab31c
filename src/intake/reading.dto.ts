import { OmitType } from '@nestjs/swagger';
import type { ItemStatus } from '../domain/status.js';
import { Day, Id, InstantText, NotWith, OneOf, Optional, Text, WholeText } from './fields.js';

/** What every read takes. */
export class ReadQuery {
  /** Waits, at most 5 seconds, until the data goes up to this position. */
  @Optional()
  @WholeText({ min: 0, max: Number.MAX_SAFE_INTEGER, example: 42 })
  atLeast?: string;
}

/** What a read takes that can speak of any day, as known at any moment. */
export class MomentQueryDto extends ReadQuery {
  /** The day; by default today in the ledger's time zone. */
  @Optional()
  @Day()
  asOf?: string;

  /** Knows what was recorded up to this instant; by default everything. */
  @Optional()
  @InstantText()
  knownAt?: string;

  /** Knows the events up to this position. Instead of `knownAt`. */
  @Optional()
  @WholeText({ min: 0, max: Number.MAX_SAFE_INTEGER, example: 42 })
  @NotWith('knownAt')
  knownAtPosition?: string;
}

/** What every list takes. */
export class PageQuery extends ReadQuery {
  /** What the page before gave as `next`. */
  @Optional()
  @Text({ max: 200 })
  cursor?: string;

  /** How many entries at most; by default 100. */
  @Optional()
  @WholeText({ min: 1, max: 1_000, example: 100 })
  limit?: string;
}

/** The list of ledgers, which are of no one ledger's log. */
export class LedgerListQuery extends OmitType(PageQuery, ['atLeast']) {}

export class VendorListQuery extends PageQuery {
  /** Part of a vendor's id or name, in upper or lower case. */
  @Optional()
  @Text({ max: 128 })
  q?: string;
}

export class DocumentListQuery extends PageQuery {
  /** Only those of this vendor. */
  @Optional()
  @Id({ example: 'aws' })
  vendorId?: string;

  /** Part of the id, the number or the description, in upper or lower case. */
  @Optional()
  @Text({ max: 128 })
  q?: string;
}

const statuses: readonly ItemStatus[] = ['open', 'part-paid', 'paid', 'reversed', 'written-off'];

export class ItemListQuery extends DocumentListQuery {
  /** Only those that stand like this. */
  @Optional()
  @OneOf(statuses)
  status?: ItemStatus;

  /** Only those of which something is open that falls due before this day. */
  @Optional()
  @Day()
  dueBefore?: string;
}
