import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

/**
 * What is logged of requests: one line each at level debug, beside what went wrong over a stream. Answers that are our
 * fault are logged as errors by the filter that makes them, with the reason.
 */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // What becomes of it says it all.
  }

  override routeNotFound(): void {
    // Answered like anything else.
  }

  override requestCompleted(_error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { method, url } = request;
    reply.log.debug({ method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'answered');
  }
}
