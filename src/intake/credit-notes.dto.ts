import { uuidv7 } from '../event-log/uuid.js';
import type { PostCreditNote } from '../domain/credit-notes.js';
import { Currency, Day, Id, ListOf, Money, Optional, Text } from './fields.js';
import { LineBody, ShownLine } from './invoices.dto.js';
import { NewAllocationBody, SourceResource, toNewAllocations } from './payments.dto.js';
import { ShownAmount, ShownDay } from './shown.dto.js';
import type { Plain } from './plain.js';

export class PostCreditNoteBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'CN-9' })
  id?: string;

  @Id({ example: 'aws' })
  vendorId!: string;

  /** As the vendor printed it. */
  @Text({ max: 128, example: 'CN-2023-9' })
  number!: string;

  @Day()
  date!: string;

  @Currency()
  currency!: string;

  /** What the vendor credits us, above zero; the sum of the lines with their taxes, if there are lines. */
  @Money({ currencyIn: 'currency', example: '250000.00' })
  total!: string;

  @Optional()
  @ListOf(() => LineBody, { max: 1_000 })
  lines?: LineBody[];

  /** What of it settles what; the rest stays on account. */
  @Optional()
  @ListOf(() => NewAllocationBody, { max: 1_000 })
  allocations?: NewAllocationBody[];
}

export const toPostCreditNote = ({
  id = uuidv7(),
  lines = [],
  allocations = [],
  ...rest
}: Plain<PostCreditNoteBody>): PostCreditNote => ({
  type: 'PostCreditNote',
  ...rest,
  id,
  ...(lines.length > 0 && { lines }),
  ...(allocations.length > 0 && { allocations: toNewAllocations(id, allocations) }),
});

export class CreditNoteResource extends SourceResource {
  number!: string;
  @ShownDay()
  date!: string;
  @ShownAmount()
  total!: string;
  lines?: ShownLine[];
}
