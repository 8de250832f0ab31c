import { ApiProperty } from '@nestjs/swagger';
import {
  everyLedger,
  type Grant,
  type GrantAccess,
  installationLedger,
  type Person,
  type RevokeAccess,
  type Role,
  roles,
  rolesIn,
} from '../domain/access.js';
import { Flag, ListOfSome, Optional, PersonId, Text } from './fields.js';
import { Shown } from './shown.dto.js';
import type { Plain } from './plain.js';

export class GrantAccessBody {
  @PersonId()
  personId!: string;

  /** Those that the person has already stay as they are. */
  @ListOfSome(roles, { example: ['clerk'] })
  roles!: Role[];

  /** In every ledger, also those that are still to be opened: only in `_installation`. */
  @Optional()
  @Flag()
  everywhere?: boolean;

  @Optional()
  @Text({ max: 2_000 })
  reason?: string;
}

export class RevokeAccessBody {
  /** By default all that the person has there. */
  @Optional()
  @ListOfSome(roles, { example: ['clerk'] })
  roles?: Role[];

  /** What was granted in every ledger at once: only in `_installation`. */
  @Optional()
  @Flag()
  everywhere?: boolean;

  @Text({ max: 2_000, example: 'Left the company' })
  reason!: string;
}

class ShownGrant {
  /** A ledger, or `*` for all of them. */
  ledger!: string;
  @ApiProperty({ enum: roles, isArray: true })
  roles!: Role[];
}

/** Somebody, and what they may do. */
export class AccessResource extends Shown {
  personId!: string;
  /** What the person may do in this ledger, the least role first. */
  @ApiProperty({ enum: roles, isArray: true })
  roles!: Role[];
  /** Where that comes from; of `_installation` everything that was granted to the person. */
  granted!: ShownGrant[];
}

/** The ledger that a grant is in: that of the path, or all of them. */
const scopeOf = (ledgerId: string, everywhere: boolean | undefined): string => (everywhere ? everyLedger : ledgerId);

export const toGrantAccess = (ledgerId: string, body: Plain<GrantAccessBody>): GrantAccess => {
  const { personId, everywhere, reason } = body;
  const grant: Grant = { ledger: scopeOf(ledgerId, everywhere), roles: body.roles };
  return { type: 'GrantAccess', personId, grant, ...(reason !== undefined && { reason }) };
};

export const toRevokeAccess = (ledgerId: string, personId: string, body: Plain<RevokeAccessBody>): RevokeAccess => ({
  type: 'RevokeAccess',
  personId,
  ledger: scopeOf(ledgerId, body.everywhere),
  ...(body.roles && { roles: body.roles }),
  reason: body.reason,
});

/** Somebody as a ledger sees them: what they may do elsewhere is not its business. */
export const accessResource = ({ id, grants, asserted }: Person, ledgerId: string): Plain<AccessResource> => ({
  personId: id,
  roles: rolesIn([...grants, ...(asserted?.grants ?? [])], ledgerId),
  granted: grants
    .filter(({ ledger }) => isOf(ledgerId, ledger))
    .map((grant) => ({ ledger: grant.ledger, roles: [...grant.roles] })),
});

/** Whether a grant is to be seen from a ledger. */
export const isOf = (ledgerId: string, granted: string): boolean =>
  ledgerId === installationLedger || granted === ledgerId || granted === everyLedger;
