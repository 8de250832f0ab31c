import { uuidv7 } from '../event-log/uuid.js';
import type { PostCharge } from '../domain/charges.js';
import { type ChargeKind, chargeKinds } from '../domain/events.js';
import type { ItemStatus } from '../domain/status.js';
import { Currency, Day, Id, Money, OneOf, Optional } from './fields.js';
import { ShownInstalment, ShownSettlement, ShownWriteOff } from './invoices.dto.js';
import { Shown, ShownAmount, ShownDay, ShownReversal } from './shown.dto.js';
import type { Plain } from './plain.js';

export class PostChargeBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'LF-7' })
  id?: string;

  @Id({ example: 'aws' })
  vendorId!: string;

  /** The invoice that it is charged for, if it is for one. */
  @Optional()
  @Id({ example: 'INV-2023-118' })
  invoiceId?: string;

  @OneOf(chargeKinds)
  kind!: ChargeKind;

  @Money({ currencyIn: 'currency', example: '15000.00' })
  amount!: string;

  @Currency()
  currency!: string;

  /** The day from which we owe it. */
  @Day()
  on!: string;

  @Day({ example: '2023-11-30' })
  dueDate!: string;
}

export const toPostCharge = ({ id, ...rest }: Plain<PostChargeBody>): PostCharge => ({
  type: 'PostCharge',
  ...rest,
  id: id ?? uuidv7(),
});

export class ChargeResource extends Shown {
  id!: string;
  vendorId!: string;
  invoiceId?: string;
  kind!: ChargeKind;
  @ShownAmount()
  amount!: string;
  currency!: string;
  @ShownDay()
  on!: string;
  @ShownDay()
  dueDate!: string;
  /** By everything recorded so far, whatever its day. */
  status!: ItemStatus;
  /** What is open when everything recorded so far has taken effect. */
  @ShownAmount()
  outstanding!: string;
  /** What of it is past its due date today. */
  @ShownAmount()
  overdue!: string;
  schedule!: ShownInstalment[];
  allocations!: ShownSettlement[];
  writeOffs!: ShownWriteOff[];
  reversal?: ShownReversal;
}
