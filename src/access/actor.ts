/** The parts that people play (contract, rule 11). */
export const roles = ['clerk', 'approver', 'treasurer', 'auditor', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who sends a request, and the role in which they act. Recorded with every event. */
export interface Actor {
  readonly id: string;
  readonly role: Role;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set as soon as the token has been recognised. */
    actor?: Actor;
  }
}

/** Who sends the request, for a handler that is not public. */
export const actorOf = (request: { readonly actor?: Actor }): Actor => {
  if (!request.actor) throw new Error('no actor: this route is public, or the access module is not in use');
  return request.actor;
};
