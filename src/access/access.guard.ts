import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Actor, Role } from './actor.js';
import { Tokens } from './tokens.js';

const publicKey = 'duebook:public';
const rolesKey = 'duebook:roles';

/** Lets everybody in, without a token: for what a browser or a supervisor has to reach. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(publicKey, true);

/** Lets only these roles in; without it any valid token will do. */
export const Roles = (...roles: readonly Role[]): MethodDecorator & ClassDecorator => SetMetadata(rolesKey, roles);

/** @throws {UnauthorizedException} without a valid token */
export const authenticate = (tokens: Tokens, request: Pick<FastifyRequest, 'headers' | 'actor'>): Actor => {
  const actor = request.actor ?? tokens.actorOf(request.headers.authorization);
  if (!actor) {
    throw new UnauthorizedException(
      request.headers.authorization === undefined
        ? 'Send the header Authorization: Bearer <token>.'
        : 'The token is not one of ours: send the header Authorization: Bearer <token>.',
    );
  }
  request.actor = actor;
  return actor;
};

/** The door to every route of the application. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Tokens) private readonly tokens: Tokens,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  /** @throws {UnauthorizedException | ForbiddenException} */
  canActivate(context: ExecutionContext): boolean {
    const marked = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<true | undefined>(publicKey, marked)) return true;
    const actor = authenticate(this.tokens, context.switchToHttp().getRequest<FastifyRequest>());
    const allowed = this.reflector.getAllAndOverride<readonly Role[] | undefined>(rolesKey, marked);
    if (allowed && !allowed.includes(actor.role)) {
      throw new ForbiddenException(`The role ${actor.role} may not do this; it takes ${allowed.join(' or ')}.`);
    }
    return true;
  }
}
