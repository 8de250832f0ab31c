import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { uuidv7 } from '../event-log/uuid.js';
import type { Command } from '../domain/decider.js';
import type { Document } from '../domain/documents.js';
import { EventLog } from '../event-log/event-log.js';
import { Execute } from '../event-log/execute.js';
import { KeyReused, type Rendered, type Rendering } from '../event-log/ledger-writer.js';
import type { Notice, Receipt } from '../event-log/log-store.js';
import type { Call } from './call.js';
import { answerOf, requestPrint, type Sendable } from './idempotency.js';

/** Shows the document that a command is about: a resource, or its JSON. */
export type Render<D extends Document = Document> = (
  document: D,
  rendering: Rendering,
) => { readonly location: string; readonly resource: object | string };

interface Besides {
  /** Where the path does not name the ledger. */
  readonly ledgerId?: string;
  /** What the log noticed when the document was recorded, where an earlier command did that. */
  readonly notices?: () => Promise<readonly Notice[]> | undefined;
  /** What the answer waits for, the first one and every repeat: how it then reads. */
  readonly complete?: (receipt: Receipt) => Promise<Receipt>;
}

/** Hands commands over to the log, and its answers back. */
@Injectable()
export class CommandDesk {
  #secret: Promise<Buffer> | undefined;

  constructor(
    private readonly bus: CommandBus,
    private readonly log: EventLog,
  ) {}

  /**
   * Has a command carried out and sets status and headers of the answer.
   *
   * @param render of the kind of document that the command is about
   * @returns the body of the answer, JSON
   * @throws {Rejection | KeyReused | TooBusy | Contended | OutcomeUnknown}
   */
  async carryOut<D extends Document>(
    call: Call,
    command: Command,
    render: Render<D>,
    besides: Besides = {},
  ): Promise<string> {
    return sendAnswer(call, await this.answer(call, command, render, besides));
  }

  /**
   * Has a command carried out for whoever is answered later, or has been already.
   *
   * @throws {Rejection | KeyReused | TooBusy | Contended | OutcomeUnknown}
   */
  async answer<D extends Document>(
    call: Pick<Call, 'actor' | 'key' | 'ledgerId' | 'method' | 'path' | 'body'>,
    command: Command,
    render: Render<D>,
    { ledgerId = call.ledgerId, notices, complete = (receipt) => Promise.resolve(receipt) }: Besides = {},
  ): Promise<Sendable> {
    const correlationId = uuidv7();
    const answer = await this.bus.execute(
      new Execute(ledgerId, {
        command,
        actor: call.actor,
        key: call.key,
        requestHash: call.key === undefined ? '' : await this.print(call),
        correlationId,
        nowMs: Date.now(),
        render: (document, rendering): Rendered => {
          const { location, resource } = render(document as D, rendering);
          return { location, body: typeof resource === 'string' ? resource : JSON.stringify(resource) };
        },
      }),
    );
    const { replayed } = answer;
    const receipt = await complete(answer.receipt);
    const more = receipt.notices.length === 0 ? notices?.() : undefined;
    return answerOf(ledgerId, { receipt: more ? { ...receipt, notices: await more } : receipt, replayed });
  }

  /**
   * What was answered to an earlier request with the same key: for commands that take long to decide.
   *
   * @returns undefined without a key, or if it is new
   * @throws {KeyReused}
   */
  async replay(call: Call): Promise<Sendable | undefined> {
    if (call.key === undefined) return undefined;
    const kept = await this.log.receipt(call.ledgerId, call.key);
    if (!kept) return undefined;
    if (kept.requestHash !== (await this.print(call))) throw new KeyReused();
    return answerOf(call.ledgerId, { receipt: kept.receipt, replayed: true });
  }

  /** Equal for requests that mean the same. */
  async print(call: Pick<Call, 'actor' | 'method' | 'path' | 'body'>): Promise<string> {
    return requestPrint(await this.#requestSecret(), call);
  }

  /** Read once; after a failure again. */
  #requestSecret(): Promise<Buffer> {
    this.#secret ??= this.log.requestKey().catch((error: unknown) => {
      this.#secret = undefined;
      throw error;
    });
    return this.#secret;
  }
}

/** Sets status and headers of an answer. @returns its body */
export const sendAnswer = <Body extends string | Buffer>(
  { reply }: Pick<Call, 'reply'>,
  { status, headers, body }: Sendable<Body>,
): Body => {
  void reply.code(status).headers(headers);
  return body;
};
