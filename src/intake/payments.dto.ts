import { uuidv7 } from '../event-log/uuid.js';
import type { NewAllocation } from '../domain/allocations.js';
import type { MakePayment } from '../domain/payments.js';
import { Currency, Day, Id, ListOf, Money, Optional, Text } from './fields.js';
import { ItemRefBody, toItemRef } from './refs.dto.js';
import { Shown, ShownAmount, ShownDay, ShownReversal } from './shown.dto.js';
import type { Plain } from './plain.js';

/** Part of a credit note that is set against an invoice or charge as soon as it is recorded. */
export class NewAllocationBody extends ItemRefBody {
  /** By default the id of the payment or credit note, a dot and the place in this list, from 1 on. */
  @Optional()
  @Id({ example: 'P-2023-44.1' })
  id?: string;

  @Money({ currencyIn: 'currency' })
  amount!: string;
}

/** Part of a payment that is set against an invoice or charge as soon as it is recorded. */
export class PaymentAllocationBody extends NewAllocationBody {
  /** What the vendor lets us off beside it: settles the item and costs no cash. */
  @Optional()
  @Money({ currencyIn: 'currency', example: '20000.00' })
  discount?: string;
}

export class MakePaymentBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'P-2023-44' })
  id?: string;

  @Id({ example: 'aws' })
  vendorId!: string;

  /** The day on which the cash went out. */
  @Day()
  paidOn!: string;

  @Currency()
  currency!: string;

  @Money({ currencyIn: 'currency' })
  amount!: string;

  @Optional()
  @Text({ max: 64, blank: true, example: 'SEPA' })
  method?: string;

  /** What the vendor sees on the statement. */
  @Optional()
  @Text({ max: 256, blank: true, example: 'EUINLU23-118' })
  reference?: string;

  /** Our own cash account. */
  @Optional()
  @Text({ max: 128, trimmed: true, example: 'main' })
  bankAccount?: string;

  /** Where it went: bank details of the vendor that are in force. */
  @Optional()
  @Id({ example: 'aws-iban' })
  bankDetailsId?: string;

  /** What of it settles what; the rest stays on account. */
  @Optional()
  @ListOf(() => PaymentAllocationBody, { max: 1_000 })
  allocations?: PaymentAllocationBody[];
}

export const toMakePayment = ({ id = uuidv7(), allocations = [], ...rest }: Plain<MakePaymentBody>): MakePayment => ({
  type: 'MakePayment',
  ...rest,
  id,
  ...(allocations.length > 0 && { allocations: toNewAllocations(id, allocations) }),
});

/** @param sourceId names the allocations that have no id of their own */
export const toNewAllocations = (
  sourceId: string,
  allocations: readonly Plain<PaymentAllocationBody>[],
): NewAllocation[] =>
  allocations.map(({ id, amount, discount, ...to }, i) => ({
    id: id ?? `${sourceId}.${i + 1}`,
    to: toItemRef(to),
    amount,
    ...(discount !== undefined && { discount }),
  }));

/** A part that is set against an item. */
export class ShownAllocation {
  id!: string;
  /** `{ "invoiceId" }` or `{ "chargeId" }`. */
  to!: { invoiceId?: string; chargeId?: string };
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
  /** The first day on which it no longer counts; absent while it is in force. */
  @ShownDay()
  endedOn?: string;
}

/** A part that the vendor paid back. */
export class ShownRefund {
  id!: string;
  @ShownAmount()
  amount!: string;
  @ShownDay()
  on!: string;
  status!: 'in-force' | 'reversed';
  /** The first day on which it no longer counts; absent while it is in force. */
  @ShownDay()
  endedOn?: string;
}

/** What payments and credit notes have in common. All amounts by everything recorded so far, whatever its day. */
export class SourceResource extends Shown {
  id!: string;
  vendorId!: string;
  currency!: string;
  /** `open`: nothing of it is used; `used`: all of it is allocated or refunded. */
  status!: 'open' | 'part-used' | 'used' | 'reversed';
  /** What of it is set against items. */
  @ShownAmount()
  allocated!: string;
  /** What of it the vendor paid back. */
  @ShownAmount()
  refunded!: string;
  /** What of it is neither: we are in credit with the vendor. */
  @ShownAmount()
  onAccount!: string;
  allocations!: ShownAllocation[];
  refunds!: ShownRefund[];
  reversal?: ShownReversal;
}

export class PaymentResource extends SourceResource {
  @ShownDay()
  paidOn!: string;
  @ShownAmount()
  amount!: string;
  method?: string;
  reference?: string;
  bankAccount?: string;
  /** Where it went, if that was said. */
  bankDetailsId?: string;
}
