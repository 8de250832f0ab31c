import type { PeriodCommand } from '../domain/periods.js';
import { ApiProperty } from '@nestjs/swagger';
import { Optional, Text } from './fields.js';
import type { Plain } from './plain.js';
import { Shown, ShownAmount, ShownDay, ShownPosition } from './shown.dto.js';

/** Closes a period, or opens it again. */
export class PeriodBody {
  /** Why; stays in the books for good. */
  @Optional()
  @Text({ max: 2_000, example: 'Month end' })
  reason?: string;
}

export const toPeriodCommand = (
  type: 'ClosePeriod' | 'ReopenPeriod',
  period: string,
  { reason }: Plain<PeriodBody>,
): PeriodCommand => ({ type, period, ...(reason !== undefined && { reason }) });

/** What is open by how many days it is late. */
export class ShownAgeing {
  @ShownAmount()
  notDue!: string;
  @ShownAmount()
  '1-30'!: string;
  @ShownAmount()
  '31-60'!: string;
  @ShownAmount()
  '61-90'!: string;
  @ShownAmount()
  'over-90'!: string;
  @ShownAmount()
  total!: string;
}

export class ShownCurrencyTotals {
  currency!: string;
  /** Of the journal: payables less what is on account. */
  @ShownAmount()
  controlAccount!: string;
  /** Open invoices and charges, before credit. */
  @ShownAmount()
  owed!: string;
  /** What is left of payments and credit notes. */
  @ShownAmount()
  onAccount!: string;
  /** By due dates with agreed deferrals, net of credit. */
  ageing!: ShownAgeing;
}

export class ShownEventCounts {
  /** Up to the closing. */
  recorded!: number;
  /** Of these, how many took effect on the days that were closed. */
  inPeriod!: number;
}

export class ShownTree {
  /** Of how many lines. */
  size!: number;
  /** In base64. */
  root!: string;
}

/** What the books say as of the last day of a period, with everything recorded up to its closing. */
export class ShownPeriodTotals {
  /** The first of the days that were closed; null if no day was closed before. */
  @ApiProperty({ type: String, format: 'date', example: '2023-10-01', nullable: true })
  closedFrom!: string | null;
  @ShownDay()
  closedThrough!: string;
  /** Of the closing. */
  @ShownPosition()
  position!: number;
  events!: ShownEventCounts;
  /** Those in which nothing was owed or on account are left out. */
  currencies!: ShownCurrencyTotals[];
  /** Of the log with the closing: every later checkpoint continues it. */
  checkpoint!: ShownTree;
}

const month = { type: String, pattern: String.raw`^\d{4}-\d{2}$` } as const;

export class ShownMonths {
  /** The first; null where no month was closed before: then it is all up to the last. */
  @ApiProperty({ ...month, example: '2023-08', nullable: true })
  from!: string | null;
  @ApiProperty({ ...month, example: '2023-09' })
  through!: string;
}

export class PeriodResource extends Shown {
  /** A month. */
  @ApiProperty({ ...month, example: '2023-10' })
  id!: string;
  /** Nothing takes effect in a closed one any more. Closing one closes all before it. */
  @ApiProperty({ type: String, enum: ['open', 'closed'] })
  status!: 'open' | 'closed';
  /** The last day of the last closed period; absent while none is closed. */
  @ShownDay()
  closedThrough?: string;
  /** The earlier months that its closing closed with it; null where there were none, or it is not closed by its own name. */
  @ApiProperty({ type: () => ShownMonths, nullable: true })
  alsoClosed!: ShownMonths | null;
  /**
   * What the books said when it was closed. Null while it is open, while it is closed with a later month only, and for as
   * long as they are not recorded yet.
   */
  @ApiProperty({ type: () => ShownPeriodTotals, nullable: true })
  totals!: ShownPeriodTotals | null;
}
