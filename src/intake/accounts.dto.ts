import { ApiProperty, IntersectionType } from '@nestjs/swagger';
import type { SetAccount } from '../domain/accounts.js';
import { type AccountRole, accountRoles, type AccountType, accountTypes } from '../domain/events.js';
import { Day, OneOf, Optional, Text } from './fields.js';
import type { Plain } from './plain.js';
import { MomentQueryDto, PageQuery } from './reading.dto.js';
import { Shown, ShownDay } from './shown.dto.js';

/** What an account is called, and what it stands for. */
export class AccountBody {
  /** As invoice lines name it, and the books of others. */
  @Text({ max: 128, trimmed: true, example: '2110' })
  account!: string;

  @Text({ max: 256, example: 'Trade creditors' })
  name!: string;

  /** By default what fits its use, or what it was before; of one of your own `expense`. */
  @Optional()
  @OneOf(accountTypes)
  type?: AccountType;

  /** What entries that take effect from `on` on are made on it for. Without it the account is one of your own. */
  @Optional()
  @OneOf(accountRoles)
  for?: AccountRole;

  /** By default today, or the first open day. */
  @Optional()
  @Day()
  on?: string;
}

/** @param onLines whether lines of invoices or credit notes name it, and up to which position that is known */
export const toSetAccount = (
  { type, ...rest }: Plain<AccountBody>,
  onLines: Pick<SetAccount, 'isOnLines' | 'linesThrough'>,
): SetAccount => ({
  type: 'SetAccount',
  ...rest,
  ...(type !== undefined && { accountType: type }),
  ...onLines,
});

export class AccountListQuery extends IntersectionType(MomentQueryDto, PageQuery) {}

export class AccountResource extends Shown {
  account!: string;
  name!: string;
  @ApiProperty({ type: String, enum: [...accountTypes] })
  type!: AccountType;
  /** What it stands for, or stood or is to stand for; absent for one of your own. */
  @ApiProperty({ type: String, enum: [...accountRoles] })
  for?: AccountRole;
  /** Whether entries of the day are made on it for that; of one of your own, whether it is in the chart by then. */
  inForce!: boolean;
  /** The day from which that is so, or was last; absent for what the default chart says. */
  @ShownDay()
  since?: string;
}
