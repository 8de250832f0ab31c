import { ApiProperty } from '@nestjs/swagger';
import { type Grant, type RevokeToken, type Role, roles, type Token } from '../domain/access.js';
import { uuidv7 } from '../event-log/uuid.js';
import { normalInstant } from '../reports/as-of.js';
import { Id, InstantText, LedgerOrAll, ListOf, ListOfSome, Optional, PersonId, Text } from './fields.js';
import { PageQuery } from './reading.dto.js';
import { Shown, ShownInstant } from './shown.dto.js';
import type { Plain } from './plain.js';

class GrantBody {
  /** A ledger, or `*` for all of them, also those that are still to be opened. */
  @LedgerOrAll()
  ledger!: string;

  @ListOfSome(roles, { example: ['clerk'] })
  roles!: Role[];
}

export class IssueTokenBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'scanner-2026' })
  id?: string;

  /** Whoever shows the token is let in as this person, with all their roles. */
  @PersonId()
  personId!: string;

  /** What it is for, or where it is kept. */
  @Optional()
  @Text({ max: 256, example: 'The scanner on the second floor' })
  description?: string;

  /** By default in 90 days; at most 1,830 days from now. */
  @Optional()
  @InstantText({ example: '2027-01-31T00:00:00.000000Z' })
  expiresAt?: string;

  /** Roles that the person is granted with it. */
  @Optional()
  @ListOf(() => GrantBody, { max: 100 })
  grants?: GrantBody[];
}

export class RevokeTokenBody {
  @Text({ max: 2_000, example: 'The scanner was sold' })
  reason!: string;
}

export class TokenListQuery extends PageQuery {
  /** Part of the id, the person or the description, in upper or lower case. */
  @Optional()
  @Text({ max: 128 })
  q?: string;
}

class ShownRevocation {
  /** Absent in the answer with which it is revoked. */
  @ShownInstant()
  at?: string;
  reason!: string;
}

/** A token, without what it takes to use it. */
export class TokenResource extends Shown {
  id!: string;
  personId!: string;
  description?: string;
  @ShownInstant()
  issuedAt?: string;
  @ShownInstant()
  expiresAt!: string;
  revoked?: ShownRevocation;
  /** When it was last used, to the minute; absent if it never was. In lists and where it is read by its id. */
  @ShownInstant()
  lastUsedAt?: string;
  /** What the token begins with. */
  prefix!: string;
  /** The token itself: only in the answer with which it is issued. Nobody can show it again. */
  @ApiProperty({ example: 'dbk_0f3a5c7e9b1d_…' })
  token?: string;
}

/** A token as it is asked for. */
export interface AskedToken {
  readonly id: string;
  readonly personId: string;
  readonly description: string | undefined;
  readonly expiresAt: string | undefined;
  readonly grants: readonly Grant[];
}

export const toIssueToken = (body: Plain<IssueTokenBody>): AskedToken => ({
  id: body.id ?? uuidv7(),
  personId: body.personId,
  description: body.description,
  expiresAt: body.expiresAt === undefined ? undefined : normalInstant(body.expiresAt),
  grants: body.grants ?? [],
});

export const toRevokeToken = (tokenId: string, { reason }: Plain<RevokeTokenBody>): RevokeToken => ({
  type: 'RevokeToken',
  tokenId,
  reason,
});

/** @param lastUsedAt where it is known */
export const tokenResource = ({ facts, issuedAt, revoked }: Token, lastUsedAt?: string): Plain<TokenResource> => {
  const { tokenId, personId, description, expiresAt, prefix } = facts;
  return {
    id: tokenId,
    personId,
    ...(description !== undefined && { description }),
    // While it is being issued, the instant is not known yet.
    ...(issuedAt !== '' && { issuedAt }),
    expiresAt,
    // Nor that at which it is revoked, while it is.
    ...(revoked && { revoked: { ...(revoked.at !== '' && { at: revoked.at }), reason: revoked.reason } }),
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    prefix,
  };
};
