import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { type Role, roles } from '../domain/access.js';

// Who may call a route stands beside it, one of these on every method. Without one the application does not start.

const declaredKey = 'duebook:who';

/** Who may call a route. */
export interface Declared {
  /** Without a token; with any valid one; or in one of these roles in the path's ledger (without one in `_installation`). */
  readonly who: 'everybody' | 'signed-in' | readonly Role[];
  /** Whether the same roles in `_installation` will do as well. */
  readonly orOfInstallation: boolean;
}

const declare = (who: Declared['who'], orOfInstallation = false): MethodDecorator =>
  applyDecorators(
    SetMetadata(declaredKey, { who, orOfInstallation } satisfies Declared),
    ApiExtension('x-who', typeof who === 'string' ? who : [...who]),
  );

/** Lets everybody in, without a token: for what a browser or a supervisor has to reach. */
export const Public = (): MethodDecorator => declare('everybody');

/** Lets in whoever has a valid token, with or without any role. */
export const SignedIn = (): MethodDecorator => declare('signed-in');

/** Lets in whoever has one of these roles in the ledger. */
export const Roles = (...any: readonly [Role, ...Role[]]): MethodDecorator => declare(any);

/** Lets in whoever has any role in the ledger. */
export const AnyRole = (): MethodDecorator => declare(roles);

/** Lets in whoever has one of these roles in the ledger or in `_installation`: to see to who may do what. */
export const RolesOverAccess = (...any: readonly [Role, ...Role[]]): MethodDecorator => declare(any, true);

/** @param handler the method of a controller */
export const declaredOn = (handler: object): Declared | undefined =>
  Reflect.getMetadata(declaredKey, handler) as Declared | undefined;
