import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { answerTo } from './problem.filter.js';
import { parseBody } from './json-body.js';
import { Problem } from './problems.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that an address takes, whatever was asked for; none if there is nothing. */
    methodsAt?: (path: string) => readonly string[];
    /** Every route that there is, whoever made it: its address, and the methods that it takes. */
    served?: ReadonlyMap<string, { readonly methods: ReadonlySet<string> }>;
  }
}

/** The largest body that is read, in bytes. */
export const maxBodyBytes = 1_048_576;

/** Leaves the reading of bodies to `readJson`: Nest would add parsers of its own. */
class HttpAdapter extends FastifyAdapter {
  override registerParserMiddleware(): void {
    // Already done by createHttpAdapter.
  }
}

/**
 * The HTTP server that the application is made on, with our own reading of bodies and our own way to say no.
 *
 * @param options of the application's own, such as timeouts
 * @example NestFactory.create<NestFastifyApplication>(AppModule, createHttpAdapter(), { bodyParser: false })
 */
export const createHttpAdapter = (options: FastifyServerOptions = {}): FastifyAdapter => {
  const ours: FastifyServerOptions = {
    bodyLimit: maxBodyBytes,
    // As long as the longest id that there is, a person's.
    routerOptions: { maxParamLength: 128 },
    // What the router refuses before any of our code is asked: an address that is no address.
    frameworkErrors: (error, request, reply) => {
      const { code, status, headers, body } = answerTo(
        error.code === 'FST_ERR_MAX_PARAM_LENGTH'
          ? new Problem('not-found', 'There is nothing at this address.')
          : error.code === 'FST_ERR_BAD_URL'
            ? new Problem('malformed', 'The address is not well formed.', {
                errors: [{ pointer: '', detail: 'The address is not well formed.' }],
              })
            : error,
        pathOf(request),
      );
      if (code === 'internal-error') request.log.error(error);
      void (reply as FastifyReply).code(status).headers(headers).send(body);
    },
    clientErrorHandler: (error, socket) => {
      if ((error as NodeJS.ErrnoException).code === 'ECONNRESET' || socket.destroyed) return;
      const code =
        (error as NodeJS.ErrnoException).code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? 'request-timeout'
          : (error as NodeJS.ErrnoException).code === 'HPE_HEADER_OVERFLOW'
            ? 'headers-too-large'
            : 'malformed';
      const { status, headers, body } = answerTo(
        new Problem(code, 'The request is not well-formed HTTP, or did not arrive in time.'),
        '',
      );
      const head = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' });
      if (socket.writable)
        socket.write(
          `HTTP/1.1 ${status} Error\r\n${head.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${body}`,
        );
      socket.destroy(error);
    },
    ...options,
  };
  const adapter = new HttpAdapter(ours);
  const fastify = adapter.getInstance<FastifyInstance>();
  readJson(fastify);
  knowMethods(fastify);
  return adapter;
};

const pathOf = (request: FastifyRequest): string => request.raw.url?.split('?', 1)[0] ?? '';

/** JSON and nothing else is read, strictly. */
const readJson = (fastify: FastifyInstance): void => {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: maxBodyBytes },
    (request, bytes, done) => {
      try {
        const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
        const encoding = request.headers['content-encoding'];
        if (
          (charset !== undefined && !/^utf-?8$/i.test(charset)) ||
          (encoding !== undefined && encoding !== 'identity')
        ) {
          throw new Problem(
            'unsupported-media-type',
            'Send the body as application/json, in UTF-8 and without a Content-Encoding.',
          );
        }
        done(null, parseBody(bytes as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
};

/** Keeps the addresses of all routes, to tell an unknown address from one that doesn't take the method. */
const knowMethods = (fastify: FastifyInstance): void => {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  fastify.addHook('onRoute', ({ url, method }) => {
    let route = routes.get(url);
    if (!route) {
      const source = url
        .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll(/:\w+/g, '[^/]+')
        .replaceAll('*', '.*');
      route = { pattern: new RegExp(`^${source}$`), methods: new Set() };
      routes.set(url, route);
    }
    for (const one of [method].flat()) route.methods.add(one);
  });
  fastify.decorate('served', routes);
  fastify.decorate('methodsAt', (path: string): readonly string[] => {
    const methods = [...routes.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((route) => [...route.methods]);
    return [...new Set(methods)].sort();
  });
};
