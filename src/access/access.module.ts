import { Inject, Module, type OnModuleInit, UnauthorizedException } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule, DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { AccessGuard } from './access.guard.js';
import { type Outcome, Login } from './login.js';
import { declaredRoutes } from './routes.js';

/**
 * Guards every route of the application: each says beside it who may call it.
 *
 * Needs, from a global module: `Login`.
 */
@Module({ imports: [DiscoveryModule], providers: [{ provide: APP_GUARD, useClass: AccessGuard }] })
export class AccessModule implements OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(Login) private readonly login: Login,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
  ) {}

  /** @throws {Error} if a route does not say who may call it */
  onModuleInit(): void {
    const silent = declaredRoutes(this.discovery).filter(({ declared }) => !declared);
    if (silent.length > 0) {
      const names = silent.map(({ method, path }) => `${method} ${path}`).join(', ');
      throw new Error(`these routes do not say who may call them (access/declared.ts): ${names}`);
    }
    // A guard is asked after the body has been read. Nobody without a token should be able to make us read one.
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    // Declared, so that all requests have the same shape from the start.
    fastify.decorateRequest('principal', undefined);
    fastify.decorateRequest('actor', undefined);
    fastify.addHook('onRequest', (request, _reply, done) => {
      // By the route, however the address is written; an address without a route is ours as well.
      if (!(request.routeOptions.url ?? request.url).startsWith('/v1/')) {
        done();
        return;
      }
      const fail = (error: unknown): void => {
        done(error as Error);
      };
      const settle = (outcome: Outcome): void => {
        if ('refused' in outcome) fail(new UnauthorizedException(outcome.refused));
        else {
          request.principal = outcome;
          done();
        }
      };
      let outcome: Outcome | Promise<Outcome>;
      try {
        outcome = this.login.identify(request.headers.authorization, request.ip);
      } catch (error) {
        fail(error);
        return;
      }
      if (outcome instanceof Promise) outcome.then(settle, fail);
      else settle(outcome);
    });
  }
}
