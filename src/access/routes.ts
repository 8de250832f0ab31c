import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import type { DiscoveryService } from '@nestjs/core';
import { type Declared, declaredOn } from './declared.js';

export interface DeclaredRoute {
  /** Such as `GET`. */
  readonly method: string;
  /** With its parameters, such as `/v1/ledgers/:ledger/vendors/:id`. */
  readonly path: string;
  /** Undefined where it is not said who may call it: then nobody may. */
  readonly declared: Declared | undefined;
}

/** Every route of the application, with what it says of who may call it, in the order of paths. */
export const declaredRoutes = (discovery: Pick<DiscoveryService, 'getControllers'>): DeclaredRoute[] =>
  discovery
    .getControllers()
    .flatMap(({ metatype }) => (metatype ? routesOf(metatype) : []))
    .sort((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1));

const routesOf = (controller: object): DeclaredRoute[] => {
  const base = Reflect.getMetadata(PATH_METADATA, controller) as string;
  const prototype = (controller as { readonly prototype: object }).prototype;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = (prototype as Record<string, unknown>)[name];
    if (typeof handler !== 'function') return [];
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const below = Reflect.getMetadata(PATH_METADATA, handler) as string;
    const path = `/${base}/${below}`.replaceAll(/\/+/g, '/').replace(/(?<=.)\/$/, '');
    return [{ method: RequestMethod[method], path, declared: declaredOn(handler) }];
  });
};
