import { createHash, timingSafeEqual } from 'node:crypto';
import type { Actor } from './actor.js';

/** Whoever has the first token acts as this one. */
export const operator: Actor = { id: 'operator', role: 'admin' };

export interface KnownToken {
  readonly token: string;
  readonly actor: Actor;
}

// Of equal length whatever the token's, so that comparing tells nothing about it.
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** The bearer tokens that let somebody in, and whom. */
export class Tokens {
  readonly #known: readonly { readonly digest: Buffer; readonly actor: Actor }[];

  constructor(known: readonly KnownToken[]) {
    this.#known = known.map(({ token, actor }) => ({ digest: digestOf(token), actor }));
  }

  /**
   * Who sends an `Authorization` header. Takes equally long whichever token it is, and however much of one is right.
   *
   * @returns undefined if the header is absent, malformed, or bears a token that nobody has
   */
  actorOf(authorization: string | undefined): Actor | undefined {
    const token = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const digest = digestOf(token);
    let actor: Actor | undefined;
    for (const one of this.#known) if (timingSafeEqual(one.digest, digest)) actor = one.actor;
    return actor;
  }
}
