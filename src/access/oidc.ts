import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Config } from '../config.js';
import type { Instant } from '../domain/calendar.js';
import { type Grant, isKept, isPersonId } from '../domain/access.js';
import { grantsIn } from './claims.js';

/** What an access token of the identity provider says, once it is verified. */
export interface Claimed {
  readonly personId: string;
  readonly issuer: string;
  readonly issuedAt: Instant;
  readonly expiresAtMs: number;
  readonly grants: readonly Grant[];
}

/** Why somebody is not let in. */
export interface Refused {
  /** In words for whoever sent the token. */
  readonly refused: string;
  /** Whether it may be a guess, rather than a token that was good once. */
  readonly mayBeGuess?: boolean;
}

/** Only those whose verifier can't sign: a public key must never pass for a secret. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** How far the provider's clock may be from ours. */
const toleranceSeconds = 30;
/** How long a token that was verified is taken for good without verifying it again. */
const verifiedForMs = 30_000;
const verifiedInMemory = 10_000;
/** After a look at the provider's keys, how long a token with another key waits for the next one. */
const cooldownMs = 5_000;
const keysGoodForMs = 600_000;
const keysTimeLimitMs = 5_000;

/** The keys of the identity provider can't be had: nobody can be let in by them, for now. */
export class KeysUnavailable extends Error {}

/** Reads access tokens of an OpenID Connect provider. */
export class OidcTokens {
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;
  readonly #verified = new LRUCache<string, Claimed>({ max: verifiedInMemory, ttl: verifiedForMs });

  constructor(
    private readonly settings: NonNullable<Config['oidc']>,
    private readonly nowMs: () => number = Date.now,
  ) {
    this.#keys = createRemoteJWKSet(new URL(settings.jwksUrl), {
      cooldownDuration: cooldownMs,
      cacheMaxAge: keysGoodForMs,
      timeoutDuration: keysTimeLimitMs,
    });
  }

  /** Whether a token has the form of one: else nothing of it is looked at. */
  static looksLikeOne(token: string): boolean {
    return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
  }

  /**
   * What a token says.
   *
   * @param hash of the token, to know it again
   * @returns in words why it is not good
   * @throws {KeysUnavailable}
   */
  async read(token: string, hash: string): Promise<Claimed | Refused> {
    const known = this.#verified.get(hash);
    if (known && known.expiresAtMs > this.nowMs()) return known;
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, this.#keys, {
        issuer: this.settings.issuer,
        audience: this.settings.audience,
        algorithms,
        requiredClaims: ['exp', 'iat'],
        clockTolerance: toleranceSeconds,
        currentDate: new Date(this.nowMs()),
      }));
    } catch (error) {
      return whyNot(error);
    }
    const issuedMs = payload.iat! * 1_000;
    // A time to come would make everything that is said until then old.
    if (issuedMs < 0 || issuedMs > this.nowMs() + toleranceSeconds * 1_000)
      return { refused: 'The access token is not for us: its claim iat is not what it has to be.' };
    const personId = payload[this.settings.personClaim];
    if (!isPersonId(personId) || isKept(personId))
      return {
        refused: `The claim ${this.settings.personClaim} of the access token names nobody who could be let in.`,
      };
    const claimed: Claimed = {
      personId,
      issuer: this.settings.issuer,
      issuedAt: new Date(issuedMs).toISOString().replace('Z', '000Z'),
      expiresAtMs: payload.exp! * 1_000,
      grants: grantsIn(payload, this.settings.rolesClaim),
    };
    this.#verified.set(hash, claimed);
    return claimed;
  }
}

/** What of it may be said: no more than whoever has the token can see in it. @throws {KeysUnavailable} */
const whyNot = (error: unknown): Refused => {
  if (error instanceof errors.JWTExpired) return { refused: 'The access token has expired: get another one.' };
  if (error instanceof errors.JWTClaimValidationFailed)
    return { refused: `The access token is not for us: its claim ${error.claim} is not what it has to be.` };
  const isTokens =
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys;
  if (isTokens)
    return {
      refused: 'The access token is not signed by the identity provider, or not in a way that we take.',
      mayBeGuess: true,
    };
  const { message, cause } = error as Error;
  // A fetch that fails says why one level deeper.
  const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
  throw new KeysUnavailable(`the keys of the identity provider can’t be had (${why})`, { cause: error });
};
