import { uuidv7 } from '../event-log/uuid.js';
import type { DeferInvoice, WithdrawDeferral } from '../domain/deferrals.js';
import { Day, Flag, Id, Money, Optional, Text } from './fields.js';
import { ShownAmount, ShownDay } from './shown.dto.js';
import type { Plain } from './plain.js';

export class DeferBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'D-1' })
  id?: string;

  /** The new date, later than every date that it replaces. */
  @Day({ example: '2024-01-31' })
  until!: string;

  /** By default all that is open on the day; else what falls due first. */
  @Optional()
  @Money()
  amount?: string;

  /** Whether the creditor consented: then the due date moves. Otherwise only our plan does, and it goes on ageing. */
  @Flag()
  agreed!: boolean;

  @Text({ max: 2_000, example: 'Cash is short until the round closes' })
  reason!: string;

  /** Where the consent is written down. */
  @Optional()
  @Text({ max: 256, blank: true, example: 'E-mail of 17 October' })
  reference?: string;

  /** The day from which it counts; by default today. */
  @Optional()
  @Day({ example: '2023-10-20' })
  on?: string;
}

export class WithdrawBody {
  @Text({ max: 2_000, example: 'Paid after all' })
  reason!: string;

  /** The day from which the dates before count again; by default today. */
  @Optional()
  @Day()
  on?: string;
}

export const toDeferInvoice = (invoiceId: string, { id, ...rest }: Plain<DeferBody>): DeferInvoice => ({
  type: 'DeferInvoice',
  ...rest,
  invoiceId,
  id: id ?? uuidv7(),
});

export const toWithdrawDeferral = (
  invoiceId: string,
  deferralId: string,
  body: Plain<WithdrawBody>,
): WithdrawDeferral => ({
  type: 'WithdrawDeferral',
  ...body,
  invoiceId,
  deferralId,
});

export class ShownWithdrawal {
  @ShownDay()
  on!: string;
  reason!: string;
}

/** A deferral, as its invoice shows it. */
export class DeferralEntry {
  id!: string;
  @ShownDay()
  until!: string;
  @ShownAmount()
  amount!: string;
  agreed!: boolean;
  reason!: string;
  reference?: string;
  @ShownDay()
  on!: string;
  status!: 'in-force' | 'withdrawn';
  withdrawal?: ShownWithdrawal;
}
