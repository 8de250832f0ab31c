import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { uuidv7 } from '../event-log/uuid.js';
import type { Command } from '../domain/decider.js';
import type { Document } from '../domain/documents.js';
import { EventLog } from '../event-log/event-log.js';
import { Execute } from '../event-log/execute.js';
import type { Rendered, Rendering } from '../event-log/ledger-writer.js';
import type { Notice } from '../event-log/log-store.js';
import type { Call } from './call.js';
import { answerOf, requestPrint } from './idempotency.js';

/** Shows the document that a command is about. */
export type Render<D extends Document = Document> = (
  document: D,
  rendering: Rendering,
) => { readonly location: string; readonly resource: object };

interface Besides {
  /** Where the path does not name the ledger. */
  readonly ledgerId?: string;
  /** What the log noticed when the document was recorded, where an earlier command did that. */
  readonly notices?: () => Promise<readonly Notice[]> | undefined;
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
    { ledgerId = call.ledgerId, notices }: Besides = {},
  ): Promise<string> {
    const correlationId = uuidv7();
    const answer = await this.bus.execute(
      new Execute(ledgerId, {
        command,
        actor: call.actor,
        key: call.key,
        requestHash: call.key === undefined ? '' : requestPrint(await this.#requestSecret(), call),
        correlationId,
        nowMs: Date.now(),
        render: (document, rendering): Rendered => {
          const { location, resource } = render(document as D, rendering);
          return { location, body: JSON.stringify(resource) };
        },
      }),
    );
    const { receipt, replayed } = answer;
    const more = receipt.notices.length === 0 ? notices?.() : undefined;
    const { status, headers, body } = answerOf(
      ledgerId,
      more ? { receipt: { ...receipt, notices: await more }, replayed } : answer,
    );
    void call.reply.code(status).headers(headers);
    return body;
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
