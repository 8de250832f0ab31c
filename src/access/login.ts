import { timingSafeEqual } from 'node:crypto';
import { roles, installationLedger, installationRoles, rolesIn, type Token } from '../domain/access.js';
import type { Principal } from './actor.js';
import type { AccessDirectory } from './directory.js';
import { hashOf } from './token-text.js';

/** Whoever has the first token acts as this one. */
export const operatorId = 'operator';

/** Why somebody is not let in, in words for whoever sent the token. */
export interface Refused {
  readonly refused: string;
}
export type Outcome = Principal | Refused;

const unknownToken: Refused = {
  refused: 'The token is not one of ours: send the header Authorization: Bearer <token>.',
};

/** Finds out who sends a request. */
export class Login {
  readonly #firstHash: Buffer;
  readonly #operator: Principal = {
    id: operatorId,
    rolesIn: (ledgerId) => (ledgerId === installationLedger ? installationRoles : roles),
    actsAs: 'admin',
  };

  /**
   * @param firstToken has all roles everywhere
   * @param onUse      told of each use of an issued token
   */
  constructor(
    firstToken: string,
    private readonly directory: AccessDirectory,
    private readonly onUse: (tokenId: string) => void = () => undefined,
    private readonly nowMs: () => number = Date.now,
  ) {
    this.#firstHash = Buffer.from(hashOf(firstToken));
  }

  /**
   * Who sends an `Authorization` header. As a rule this is known at once; else the log is asked.
   *
   * @throws {Error} if the log would have to be asked and can't be
   */
  identify(authorization: string | undefined): Outcome | Promise<Outcome> {
    const token = bearerTokenIn(authorization);
    if (token === undefined) {
      return authorization === undefined ? { refused: 'Send the header Authorization: Bearer <token>.' } : unknownToken;
    }
    const hash = hashOf(token);
    // Hashes of equal length, compared in equal time: nothing is learnt of the token from how long it takes.
    if (timingSafeEqual(this.#firstHash, Buffer.from(hash))) return this.#operator;
    return this.directory.isFresh ? this.#lookUp(hash) : this.#lookAgain(hash);
  }

  #lookUp(hash: string): Outcome | Promise<Outcome> {
    const token = this.directory.token(hash);
    if (token) return this.#judge(token);
    return this.directory.isFreshForUnknown ? unknownToken : this.#lookAgain(hash);
  }

  async #lookAgain(hash: string): Promise<Outcome> {
    await this.directory.refresh();
    const token = this.directory.token(hash);
    return token ? this.#judge(token) : unknownToken;
  }

  #judge({ facts, revoked }: Token): Outcome {
    const { tokenId, personId, expiresAt } = facts;
    if (revoked) return { refused: 'The token was revoked: ask an admin for another one.' };
    if (Date.parse(expiresAt) <= this.nowMs())
      return { refused: 'The token has expired: ask an admin for another one.' };
    this.onUse(tokenId);
    return { id: personId, rolesIn: (ledgerId) => rolesIn(this.directory.grantsOf(personId), ledgerId) };
  }
}

/** @returns undefined if the header is absent or malformed */
const bearerTokenIn = (authorization: string | undefined): string | undefined =>
  /^bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
