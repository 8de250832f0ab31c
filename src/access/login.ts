import { timingSafeEqual } from 'node:crypto';
import {
  installationLedger,
  installationRoles,
  newsIn,
  roles,
  rolesIn,
  rolesSaidIn,
  type Token,
} from '../domain/access.js';
import type { Principal } from './actor.js';
import type { AccessDirectory } from './directory.js';
import { FailedLogins, TooManyFailures } from './failed-logins.js';
import { type Claimed, OidcTokens, type Refused } from './oidc.js';
import { hashOf, prefixOf } from './token-text.js';

/** Whoever has the first token acts as this one. */
export const operatorId = 'operator';

export type Outcome = Principal | Refused;

const unknownToken: Refused = {
  mayBeGuess: true,
  refused: 'The token is not one of ours: send the header Authorization: Bearer <token>.',
};

/** A login that failed, for whoever watches over them. */
export interface Failure {
  readonly address: string;
  /** The public part of the token, where it looks like one of ours. */
  readonly prefix: string | undefined;
  readonly reason: string;
  /** Whether more from there will not even be looked at for a while. */
  readonly isLast: boolean;
}

export interface LoginOptions {
  /** Has all roles everywhere. */
  readonly firstToken: string;
  readonly directory: AccessDirectory;
  /** Where there is an identity provider. */
  readonly oidc?: OidcTokens | undefined;
  /** Takes down what the identity provider says of somebody, before they are let in. */
  readonly recordClaims?: (claimed: Claimed) => Promise<void>;
  /** Told of each use of an issued token. */
  readonly onUse?: (tokenId: string) => void;
  readonly onFailure?: (failure: Failure) => void;
  readonly failures?: FailedLogins;
  readonly nowMs?: () => number;
}

/** Finds out who sends a request. */
export class Login {
  readonly #firstHash: Buffer;
  readonly #operator: Principal = {
    id: operatorId,
    rolesIn: (ledgerId) => (ledgerId === installationLedger ? installationRoles : roles),
    actsAs: 'admin',
  };
  readonly #options: Required<Omit<LoginOptions, 'firstToken' | 'directory' | 'oidc'>>;
  readonly #directory: AccessDirectory;
  readonly #oidc: OidcTokens | undefined;

  constructor({ firstToken, directory, oidc, ...options }: LoginOptions) {
    this.#firstHash = Buffer.from(hashOf(firstToken));
    this.#directory = directory;
    this.#oidc = oidc;
    this.#options = {
      recordClaims: () => Promise.resolve(),
      onUse: () => undefined,
      onFailure: () => undefined,
      failures: new FailedLogins(),
      nowMs: Date.now,
      ...options,
    };
  }

  /**
   * Who sends an `Authorization` header. As a rule this is known at once; else the log is asked, or the identity provider.
   *
   * @param address where it comes from
   * @throws {TooManyFailures}
   * @throws {KeysUnavailable | Error} if whoever would have to be asked can't be
   */
  identify(authorization: string | undefined, address = ''): Outcome | Promise<Outcome> {
    const token = bearerTokenIn(authorization);
    if (token === undefined) {
      return authorization === undefined
        ? { refused: 'Send the header Authorization: Bearer <token>.' }
        : { refused: unknownToken.refused };
    }
    const hash = hashOf(token);
    const prefix = prefixOf(token);
    const heldUp = this.#heldUp(address, prefix ?? hash, hash);
    // A signature can't be guessed: whoever has a new access token of the provider is not to wait for others who guess.
    if (heldUp && !(this.#oidc && OidcTokens.looksLikeOne(token))) throw heldUp;
    const outcome = this.#find(token, hash);
    const settle = (settled: Outcome): Outcome => {
      if (heldUp && 'refused' in settled) throw heldUp;
      return this.#settle(settled, address, prefix, hash);
    };
    return outcome instanceof Promise ? outcome.then(settle) : settle(outcome);
  }

  #heldUp(address: string, known: string, hash: string): TooManyFailures | undefined {
    try {
      this.#options.failures.mayTry(address, known, hash);
      return undefined;
    } catch (error) {
      if (error instanceof TooManyFailures) return error;
      throw error;
    }
  }

  #settle(outcome: Outcome, address: string, prefix: string | undefined, hash: string): Outcome {
    const { failures, onFailure } = this.#options;
    if ('refused' in outcome) {
      // What was good once is known by its hash, where it has no public part.
      const known = prefix ?? (outcome.mayBeGuess ? undefined : hash);
      const isLast = failures.failed(outcome.mayBeGuess ? address : undefined, known);
      onFailure({ address, prefix, reason: outcome.refused, isLast });
    } else failures.succeeded(address, hash);
    return outcome;
  }

  #find(token: string, hash: string): Outcome | Promise<Outcome> {
    // Hashes of equal length, compared in equal time: nothing is learnt of the token from how long it takes.
    if (timingSafeEqual(this.#firstHash, Buffer.from(hash))) return this.#operator;
    if (this.#oidc && OidcTokens.looksLikeOne(token)) return this.#readClaims(this.#oidc, token, hash);
    return this.#directory.isFresh ? this.#lookUp(hash) : this.#lookAgain(hash);
  }

  async #readClaims(oidc: OidcTokens, token: string, hash: string): Promise<Outcome> {
    const claimed = await oidc.read(token, hash);
    if ('refused' in claimed) return claimed;
    if (!this.#directory.isFresh) await this.#directory.refresh();
    const { personId, issuer, issuedAt, grants } = claimed;
    const said = { issuer, issuedAt, grants };
    const known = this.#directory.person(personId)?.asserted;
    if ((grants.length > 0 || known) && newsIn(known, said)) {
      await this.#options.recordClaims(claimed);
      await this.#directory.refresh();
    }
    return {
      id: personId,
      rolesIn: (ledgerId) => {
        const granted = rolesIn(this.#directory.grantsOf(personId), ledgerId);
        const bySaid = rolesSaidIn(said, this.#directory.person(personId)?.asserted, ledgerId);
        return roles.filter((role) => granted.includes(role) || bySaid.includes(role));
      },
    };
  }

  #lookUp(hash: string): Outcome | Promise<Outcome> {
    const token = this.#directory.token(hash);
    if (token) return this.#judge(token);
    return this.#directory.isFreshForUnknown ? unknownToken : this.#lookAgain(hash);
  }

  async #lookAgain(hash: string): Promise<Outcome> {
    await this.#directory.refresh();
    const token = this.#directory.token(hash);
    return token ? this.#judge(token) : unknownToken;
  }

  #judge({ facts, revoked }: Token): Outcome {
    const { tokenId, personId, expiresAt } = facts;
    if (revoked) return { refused: 'The token was revoked: ask an admin for another one.' };
    if (Date.parse(expiresAt) <= this.#options.nowMs())
      return { refused: 'The token has expired: ask an admin for another one.' };
    this.#options.onUse(tokenId);
    return { id: personId, rolesIn: (ledgerId) => rolesIn(this.#directory.grantsOf(personId), ledgerId) };
  }
}

/** @returns undefined if the header is absent or malformed */
const bearerTokenIn = (authorization: string | undefined): string | undefined =>
  /^bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
