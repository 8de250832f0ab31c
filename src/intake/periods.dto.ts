import type { PeriodCommand } from '../domain/periods.js';
import { ApiProperty } from '@nestjs/swagger';
import { Optional, Text } from './fields.js';
import type { Plain } from './plain.js';
import { Shown, ShownDay } from './shown.dto.js';

/** Closes a period, or opens it again. */
export class PeriodBody {
  /** Why; stays in the books for good. */
  @Optional()
  @Text({ max: 2_000, example: 'Month end' })
  reason?: string;
}

export const toPeriodCommand = (
  type: PeriodCommand['type'],
  period: string,
  { reason }: Plain<PeriodBody>,
): PeriodCommand => ({ type, period, ...(reason !== undefined && { reason }) });

export class PeriodResource extends Shown {
  /** A month. */
  @ApiProperty({ type: String, pattern: String.raw`^\d{4}-\d{2}$`, example: '2023-10' })
  id!: string;
  /** Nothing takes effect in a closed one any more. Closing one closes all before it. */
  @ApiProperty({ type: String, enum: ['open', 'closed'] })
  status!: 'open' | 'closed';
  /** The last day of the last closed period; absent while none is closed. */
  @ShownDay()
  closedThrough?: string;
}
