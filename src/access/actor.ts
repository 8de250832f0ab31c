import type { Role } from '../domain/access.js';

/** Who sends a request, and the role in which they act. Recorded with every event. */
export interface Actor {
  readonly id: string;
  readonly role: Role;
}

/** Whoever was let in, and what they may do. */
export interface Principal {
  /** The person: the same whichever way they came in. */
  readonly id: string;
  /** In the order of the roles; none if there is nothing in the ledger for them. */
  readonly rolesIn: (ledgerId: string) => readonly Role[];
  /** The role that is recorded whatever it is that they do; else it is the least that suffices. */
  readonly actsAs?: Role;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set as soon as the token has been recognised. */
    principal?: Principal;
    /** Set once it is known that they may do what they ask for. */
    actor?: Actor;
  }
}

/** Who sends the request, for a handler that is not public. */
export const actorOf = (request: { readonly actor?: Actor }): Actor => {
  if (!request.actor) throw new Error('no actor: this route is public, or the access module is not in use');
  return request.actor;
};

/** Whoever was let in, for a handler that is not public. */
export const principalOf = (request: { readonly principal?: Principal }): Principal => {
  if (!request.principal)
    throw new Error('nobody was let in: this route is public, or the access module is not in use');
  return request.principal;
};
