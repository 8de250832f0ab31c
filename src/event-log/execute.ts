import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { EventLog } from './event-log.js';
import type { Answer, Request } from './ledger-writer.js';

/** The one command on the bus: it carries every order to a ledger. */
export class Execute extends Command<Answer> {
  constructor(
    readonly ledgerId: string,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(Execute)
export class ExecuteHandler implements ICommandHandler<Execute> {
  constructor(private readonly log: EventLog) {}

  /** @throws {Rejection | KeyReused | TooBusy | Contended | OutcomeUnknown} as `EventLog.execute` does */
  execute({ ledgerId, request }: Execute): Promise<Answer> {
    return this.log.execute(ledgerId, request);
  }
}
