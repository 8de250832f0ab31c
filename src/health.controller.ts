import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Header, HttpStatus, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { Public } from './access/declared.js';
import { Sealer } from './audit/sealer.js';

const answerTimeLimitMs = 3_000;

const says = (status: string) => ({
  description: `It says \`${status}\``,
  schema: { type: 'object', required: ['status'], properties: { status: { type: 'string', enum: [status] } } },
});

/** For whoever runs the process: an orchestrator, a load balancer, a container's health check. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Sealer) private readonly sealer: Sealer,
  ) {}

  /** Always 200: that it answers is the answer. A database that is away is no reason to kill the process. */
  @Get('live')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Whether the process runs' })
  @ApiOkResponse(says('live'))
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary:
      'Whether requests can be answered: the database is there, with the schema of this release, and no ledger was set back',
  })
  @ApiOkResponse(says('ready'))
  @ApiServiceUnavailableResponse({
    description: 'It says `not-ready`, or `set-back` if a ledger contradicts a checkpoint that was signed of it',
    schema: {
      type: 'object',
      required: ['status'],
      properties: { status: { type: 'string', enum: ['not-ready', 'set-back'] } },
    },
  })
  async ready(
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ status: 'ready' | 'not-ready' | 'set-back' }> {
    let status: 'not-ready' | 'set-back' = 'not-ready';
    const late = new AbortController();
    try {
      const answered = await Promise.race([this.#ask(), sleep(answerTimeLimitMs, false, { signal: late.signal })]);
      // Which one is for the log: this route tells strangers as little as it can.
      if (answered && this.sealer.setBacks.length === 0) return { status: 'ready' };
      if (answered) status = 'set-back';
    } catch {
      // Why is for the log, where every failing query is: this route tells strangers yes or no.
    } finally {
      late.abort();
    }
    reply.status(HttpStatus.SERVICE_UNAVAILABLE).header('Retry-After', '1');
    return { status };
  }

  /** The start has brought the schema up to date; this fails if it has gone since, or the database has. */
  async #ask(): Promise<true> {
    await this.dataSource.query(
      'select (select true from log.commits limit 1), (select true from books.checkpoints limit 1)',
    );
    return true;
  }
}
