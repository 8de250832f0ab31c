import { uuidv7 } from '../event-log/uuid.js';
import type { WriteOffItem } from '../domain/write-offs.js';
import { Day, Id, Money, Optional, Text } from './fields.js';
import { ItemRefBody, toItemRef } from './refs.dto.js';
import { Shown, ShownAmount, ShownDay, ShownReversal } from './shown.dto.js';
import type { Plain } from './plain.js';

export class WriteOffBody extends ItemRefBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'W-2' })
  id?: string;

  /** By default all that is open. */
  @Optional()
  @Money({ example: '0.37' })
  amount?: string;

  @Text({ max: 2_000, example: 'Rounding difference, waived by the vendor' })
  reason!: string;

  @Day()
  on!: string;
}

export const toWriteOff = ({ id, invoiceId, chargeId, ...rest }: Plain<WriteOffBody>): WriteOffItem => ({
  type: 'WriteOff',
  ...rest,
  id: id ?? uuidv7(),
  item: toItemRef({ invoiceId, chargeId }),
});

export class WriteOffResource extends Shown {
  id!: string;
  vendorId!: string;
  /** The invoice that it is about, or else: */
  invoiceId?: string;
  /** The charge that it is about. */
  chargeId?: string;
  currency!: string;
  @ShownAmount()
  amount!: string;
  reason!: string;
  @ShownDay()
  on!: string;
  status!: 'in-force' | 'reversed';
  reversal?: ShownReversal;
}
