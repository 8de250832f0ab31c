import { uuidv7 } from '../event-log/uuid.js';
import type { ReceiveRefund } from '../domain/refunds.js';
import { Day, Id, Money, Optional, Part } from './fields.js';
import { SourceRefBody, toSourceRef } from './refs.dto.js';
import { Shown, ShownAmount, ShownDay, ShownReversal } from './shown.dto.js';
import type { Plain } from './plain.js';

/** The vendor pays credit back. */
export class ReceiveRefundBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'R-3' })
  id?: string;

  @Id({ example: 'aws' })
  vendorId!: string;

  @Part(() => SourceRefBody)
  from!: SourceRefBody;

  @Money({ example: '50000.00' })
  amount!: string;

  /** The day on which the cash came in. */
  @Day()
  on!: string;
}

export const toReceiveRefund = ({ id, from, ...rest }: Plain<ReceiveRefundBody>): ReceiveRefund => ({
  type: 'ReceiveRefund',
  ...rest,
  id: id ?? uuidv7(),
  from: toSourceRef(from),
});

export class RefundResource extends Shown {
  id!: string;
  vendorId!: string;
  /** `{ "paymentId" }` or `{ "creditNoteId" }`. */
  from!: { paymentId?: string; creditNoteId?: string };
  currency!: string;
  @ShownAmount()
  amount!: string;
  @ShownDay()
  on!: string;
  status!: 'in-force' | 'reversed';
  reversal?: ShownReversal;
}
