import { uuidv7 } from '../event-log/uuid.js';
import type { RecordOffer } from '../domain/offers.js';
import { Day, Flag, Id, LaterThanBefore, ListOf, Money, Optional, Text } from './fields.js';
import type { Plain } from './plain.js';
import { Shown, ShownAmount, ShownDay } from './shown.dto.js';

const maxInstalments = 500;

export class OfferInstalmentBody {
  /** Paid on the first payment run on or after this day. */
  @Day({ example: '2024-01-31' })
  on!: string;

  @Money({ example: '100000.00' })
  amount!: string;
}

/** An instalment plan, Time to Pay and the like: another schedule for what is open of an invoice, at a price. */
export class RecordOfferBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'TTP-1' })
  id?: string;

  /** What accepting it costs, in the invoice's currency; `"0"` if nothing. */
  @Money({ zero: true, example: '12500.00' })
  cost!: string;

  /** Whether the invoice no longer counts as late for the vendor's cut-offs once it is accepted. */
  @Flag()
  curesCutoffs!: boolean;

  /** Adds up to what is open of the invoice. In the order of the days. */
  @ListOf(() => OfferInstalmentBody, { max: maxInstalments })
  @LaterThanBefore('on')
  schedule!: OfferInstalmentBody[];

  /** The last day on which it can be accepted; by default it stays. */
  @Optional()
  @Day({ example: '2023-11-30' })
  validUntil?: string;

  /** Where it is written down. */
  @Text({ max: 2_000, example: 'Letter of HMRC of 12 October 2023' })
  source!: string;
}

export const toRecordOffer = (invoiceId: string, { id, ...rest }: Plain<RecordOfferBody>): RecordOffer => ({
  type: 'RecordOffer',
  ...rest,
  invoiceId,
  id: id ?? uuidv7(),
});

class ShownOfferInstalment {
  @ShownDay()
  on!: string;
  @ShownAmount()
  amount!: string;
}

export class OfferResource extends Shown {
  id!: string;
  invoiceId!: string;
  vendorId!: string;
  currency!: string;
  @ShownAmount()
  cost!: string;
  curesCutoffs!: boolean;
  schedule!: ShownOfferInstalment[];
  @ShownDay()
  validUntil?: string;
  source!: string;
}
