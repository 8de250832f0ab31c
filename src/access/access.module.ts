import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { AccessGuard, authenticate } from './access.guard.js';
import { Tokens } from './tokens.js';

/**
 * Guards every route of the application that is not marked `@Public()`.
 *
 * Needs, from a global module: `Tokens`.
 */
@Module({ providers: [{ provide: APP_GUARD, useClass: AccessGuard }] })
export class AccessModule implements OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(Tokens) private readonly tokens: Tokens,
  ) {}

  onModuleInit(): void {
    // A guard is asked after the body has been read. Nobody without a token should be able to make us read one.
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    // Declared, so that all requests have the same shape from the start.
    fastify.decorateRequest('actor', undefined);
    fastify.addHook('onRequest', (request, _reply, done) => {
      if (!request.url.startsWith('/v1/')) {
        done();
        return;
      }
      try {
        authenticate(this.tokens, request);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
  }
}
