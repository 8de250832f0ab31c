import { uuidv7 } from '../event-log/uuid.js';
import type { Allocate } from '../domain/allocations.js';
import { Day, Id, Money, Optional, Part } from './fields.js';
import { ItemRefBody, SourceRefBody, toItemRef, toSourceRef } from './refs.dto.js';
import { Shown, ShownAmount, ShownDay, ShownReversal } from './shown.dto.js';
import type { Plain } from './plain.js';

export class AllocateBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'A-12' })
  id?: string;

  @Part(() => SourceRefBody)
  from!: SourceRefBody;

  @Part(() => ItemRefBody)
  to!: ItemRefBody;

  @Money()
  amount!: string;

  /** What the vendor lets us off beside it, where it comes from a payment: settles the item and costs no cash. */
  @Optional()
  @Money({ example: '20000.00' })
  discount?: string;

  /** By default the later of the two documents' dates; may be later still. */
  @Optional()
  @Day()
  on?: string;
}

export const toAllocate = ({ id, from, to, ...rest }: Plain<AllocateBody>): Allocate => ({
  type: 'Allocate',
  ...rest,
  id: id ?? uuidv7(),
  from: toSourceRef(from),
  to: toItemRef(to),
});

export class AllocationResource extends Shown {
  id!: string;
  vendorId!: string;
  /** `{ "paymentId" }` or `{ "creditNoteId" }`. */
  from!: { paymentId?: string; creditNoteId?: string };
  /** `{ "invoiceId" }` or `{ "chargeId" }`. */
  to!: { invoiceId?: string; chargeId?: string };
  currency!: string;
  @ShownAmount()
  amount!: string;
  /** What the vendor lets us off beside it. */
  @ShownAmount()
  discount?: string;
  /** How much of the discount is tax; absent where nothing is. */
  @ShownAmount()
  discountTax?: string;
  @ShownDay()
  on!: string;
  status!: 'in-force' | 'reversed';
  reversal?: ShownReversal;
}
