import type { Plain } from './plain.js';
import { Day, Optional, Text } from './fields.js';

/** Takes a document back. It stays in the books, with the reason. */
export class ReverseBody {
  /** Why; stays beside the document for good. */
  @Text({ max: 2_000, example: 'Bounced: account closed' })
  reason!: string;

  /** The first day on which it no longer counts; by default its own date, or the first open day after it. */
  @Optional()
  @Day()
  on?: string;
}

/** What all orders to reverse something have in common. */
export const toReversal = ({ reason, on }: Plain<ReverseBody>): { reason: string; on?: string } => ({
  reason,
  ...(on !== undefined && { on }),
});
