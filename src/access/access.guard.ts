import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  NotFoundException,
  UnauthorizedException,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { installationLedger, installationRoles, noBooks, type Role } from '../domain/access.js';
import type { Actor, Principal } from './actor.js';
import { type Declared, declaredOn } from './declared.js';

/** Decides who may call which route. Who it is that calls was found out before the body was read. */
@Injectable()
export class AccessGuard implements CanActivate {
  /** @throws {UnauthorizedException | ForbiddenException | NotFoundException} */
  canActivate(context: ExecutionContext): boolean {
    const declared = declaredOn(context.getHandler());
    if (declared?.who === 'everybody') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { principal } = request;
    if (!principal || !declared) throw new UnauthorizedException('Send the header Authorization: Bearer <token>.');
    request.actor = actingIn(principal, declared, (request.params as { readonly ledger?: string }).ledger);
    return true;
  }
}

/**
 * The role in which somebody calls a route: of those that they have and that may call it, the least.
 *
 * @param ledgerId the ledger in the path, if there is one
 * @throws {NotFoundException} if they have no role in the ledger: nobody learns whether there is one; or if it is
 *   `_installation` and the route is for books
 * @throws {ForbiddenException} if they have, and none that may call the route
 */
export const actingIn = (principal: Principal, { who, orOfInstallation }: Declared, ledgerId?: string): Actor => {
  const { id, actsAs } = principal;
  const held = principal.rolesIn(ledgerId ?? installationLedger);
  if (typeof who === 'string') return { id, role: actsAs ?? held[0] ?? 'auditor' };
  const ofInstallation = orOfInstallation ? principal.rolesIn(installationLedger) : [];
  const allowed = who.filter((role) => held.includes(role) || ofInstallation.includes(role));
  const least = [...held, ...ofInstallation].find((role) => allowed.includes(role));
  if (least !== undefined) return { id, role: actsAs ?? least };
  if (held.length === 0 && ledgerId !== undefined) throw new NotFoundException(`There is no ledger ${ledgerId}.`);
  // What nobody can have a role for there.
  if (ledgerId === installationLedger && !who.some((role) => installationRoles.includes(role)))
    throw new NotFoundException(noBooks);
  throw new ForbiddenException(refusal(held, who));
};

const refusal = (held: readonly Role[], who: readonly Role[]): string => {
  const takes = `it takes ${who.join(' or ')}`;
  if (held.length === 0) return `You have no role that may do this; ${takes} in ${installationLedger}.`;
  return held.length === 1
    ? `The role ${held[0]!} may not do this; ${takes}.`
    : `The roles ${held.join(', ')} may not do this; ${takes}.`;
};
