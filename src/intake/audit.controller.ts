import { Get, Header, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProduces } from '@nestjs/swagger';
import { AnyRole } from '../access/declared.js';
import { BeyondTree, Proofs } from '../audit/proofs.js';
import { LedgerRoutes } from './api.js';
import { type Call, TheCall } from './call.js';
import { Optional, WholeText } from './fields.js';
import { Problem } from './problems.js';
import { Reader, send } from './reader.js';
import { ReadQuery } from './reading.dto.js';
import { Checked, rejectQuery } from './validation.js';

const most = Number.MAX_SAFE_INTEGER;

class InclusionQuery extends ReadQuery {
  /** Of the event: its leaf index is one less. */
  @WholeText({ min: 1, max: most, example: 42 })
  position!: string;

  /** How many events the tree has that the proof leads to; by default as many as the latest checkpoint. */
  @Optional()
  @WholeText({ min: 1, max: most })
  size?: string;
}

class ConsistencyQuery extends ReadQuery {
  /** How many events the smaller tree has. */
  @WholeText({ min: 1, max: most, example: 42 })
  from!: string;

  /** How many events the larger tree has; by default as many as the latest checkpoint. */
  @Optional()
  @WholeText({ min: 1, max: most })
  to?: string;
}

const hash = { type: 'string', format: 'byte', description: 'SHA-256, base64', minLength: 44, maxLength: 44 };
const proof = { type: 'array', items: hash };
const text = { schema: { type: 'string' } };

@LedgerRoutes('audit')
export class AuditController {
  constructor(
    private readonly proofs: Proofs,
    private readonly reader: Reader,
  ) {}

  /** What the log commits to: a signed note of its length and the root of its Merkle tree. */
  @Get('checkpoint')
  @AnyRole()
  @ApiProduces('text/plain')
  @ApiOperation({
    description:
      'The latest checkpoint, as a C2SP signed note (signed-note, tlog-checkpoint): origin, size and base64 root hash of ' +
      'the RFC 6962 tree over the lines of the log, signed with Ed25519. It follows what is recorded within a second; ' +
      '`atLeast` waits until it covers a position.',
  })
  @ApiOkResponse({ description: 'The note', content: { 'text/plain': text } })
  async checkpoint(@TheCall() call: Call, @Query(Checked) query: ReadQuery): Promise<string> {
    const { size, note } = await this.#newest(call, query);
    return plain(call, size, note);
  }

  /** The keys that checkpoints and proofs are verified with. */
  @Get('public-key')
  @AnyRole()
  @ApiProduces('text/plain')
  @ApiOperation({
    description:
      'C2SP verifier keys, `name+id+key`, one a line, that of the latest checkpoint first; earlier ones stay, for what ' +
      'was signed with them. Whoever verifies should have the key from somewhere else, or have kept it.',
  })
  @ApiOkResponse({ description: 'The keys', content: { 'text/plain': text } })
  async publicKey(@TheCall() call: Call, @Query(Checked) query: ReadQuery): Promise<string> {
    const { size } = await this.#newest(call, query);
    return plain(call, size, await this.proofs.keys(call.ledgerId));
  }

  /** That an event is in the tree. */
  @Get('inclusion')
  @AnyRole()
  @ApiOperation({ description: 'An inclusion proof of RFC 6962, from the leaf to the root.' })
  @ApiOkResponse({
    description: 'The proof',
    schema: { type: 'object', required: ['leafHash', 'proof'], properties: { leafHash: hash, proof } },
  })
  async inclusion(@TheCall() call: Call, @Query(Checked) query: InclusionQuery): Promise<string> {
    const newest = await this.#newest(call, query);
    const size = sizeWithin(newest.size, 'size', query.size);
    const position = sizeWithin(size, 'position', query.position);
    const found = await this.proofs.inclusion(call.ledgerId, position, size);
    return send(call, newest.size, { leafHash: found.leafHash.toString('base64'), proof: found.proof.map(base64) });
  }

  /** That one tree is the beginning of another. */
  @Get('consistency')
  @AnyRole()
  @ApiOperation({ description: 'A consistency proof of RFC 6962: nothing of the smaller tree was changed or removed.' })
  @ApiOkResponse({
    description: 'The proof',
    schema: { type: 'object', required: ['proof'], properties: { proof } },
  })
  async consistency(@TheCall() call: Call, @Query(Checked) query: ConsistencyQuery): Promise<string> {
    const newest = await this.#newest(call, query);
    const to = sizeWithin(newest.size, 'to', query.to);
    const from = sizeWithin(to, 'from', query.from);
    const found = await this.proofs.consistency(call.ledgerId, from, to);
    return send(call, newest.size, { proof: found.map(base64) });
  }

  /** Everything that proves one event, in one text. */
  @Get('events/:position/proof')
  @AnyRole()
  @ApiProduces('text/plain')
  @ApiParam({ name: 'position', description: 'The position of the event', schema: { type: 'integer', minimum: 1 } })
  @ApiOperation({
    description:
      'A C2SP tlog-proof: the exact line of the event (`extra`, base64), its leaf index, the inclusion proof and the ' +
      'latest signed checkpoint. With the public key it can be verified anywhere, without this server.',
  })
  @ApiOkResponse({ description: 'The bundle', content: { 'text/plain': text } })
  @Header('Content-Disposition', 'inline')
  async bundle(
    @TheCall() call: Call,
    @Param('position') text_: string,
    @Query(Checked) query: ReadQuery,
  ): Promise<string> {
    const position = Number(text_);
    if (!/^[1-9]\d{0,15}$/.test(text_) || !Number.isSafeInteger(position))
      throw new Problem('not-found', 'Positions are whole numbers from 1 on.');
    const head = await this.reader.head(call.ledgerId, query.atLeast);
    if (position > head.position) throw new Problem('not-found', `The log has ${head.position} events.`);
    const bundle = await beyondIsLater(this.proofs.bundle(call.ledgerId, position));
    return plain(call, head.position, bundle);
  }

  /** The latest checkpoint; a ledger that has just been opened gets its first within a second. */
  async #newest(call: Call, query: ReadQuery): Promise<{ readonly size: number; readonly note: string }> {
    await this.reader.head(call.ledgerId, query.atLeast);
    return beyondIsLater(this.proofs.newest(call.ledgerId, Math.max(1, Number(query.atLeast ?? 1))));
  }
}

const base64 = (one: Buffer): string => one.toString('base64');

const plain = ({ reply }: Call, position: number, body: string): string => {
  void reply.header('Ledger-Position', String(position)).header('Content-Type', 'text/plain; charset=utf-8');
  return body;
};

/** @throws {Rejection} `malformed` for a number that lies beyond another */
const sizeWithin = (limit: number, name: string, value: string | undefined): number => {
  const size = Number(value ?? limit);
  if (size > limit) rejectQuery([{ pointer: `/${name}`, detail: `must be at most ${limit}` }]);
  return size;
};

/** The tree follows the log: what it does not have yet it has in a moment. */
const beyondIsLater = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof BeyondTree)) throw error;
    const { asked, size } = error;
    throw new Problem('not-yet-there', `The latest checkpoint covers ${size} events so far, not yet ${asked}.`, {
      asked,
      position: size,
    });
  }
};
