import { Injectable } from '@nestjs/common';
import { AccessDirectory } from '../access/directory.js';
import { mustBeLedgers, openInstallation } from '../access/installation.js';
import { expiryOf } from '../access/expiry.js';
import { newToken } from '../access/token-text.js';
import {
  type AccessCommand,
  type GrantAccess,
  installationLedger,
  type Person,
  type RevokeAccess,
  type RevokeToken,
  type Token,
} from '../domain/access.js';
import type { Document } from '../domain/documents.js';
import { EventLog } from '../event-log/event-log.js';
import { accessResource } from './access.dto.js';
import type { Call } from './call.js';
import { CommandDesk, type Render, sendAnswer } from './command-desk.js';
import type { Sendable } from './idempotency.js';
import { type AskedToken, tokenResource } from './tokens.dto.js';

const renderToken: Render<Token> = (token) => ({
  location: `/tokens/${token.facts.tokenId}`,
  resource: tokenResource(token),
});

/** Has changes of access recorded in `_installation`, and lets them hold before they are answered. */
@Injectable()
export class AccessDesk {
  constructor(
    private readonly desk: CommandDesk,
    private readonly log: EventLog,
    private readonly directory: AccessDirectory,
  ) {}

  /** Grants or revokes, in the ledger of the path. @returns the body of the answer */
  async change(call: Call, command: GrantAccess | RevokeAccess): Promise<string> {
    const { ledgerId } = call;
    const location = `/access/${encodeURIComponent(command.personId)}`;
    const answer = await this.#carryOut<Person>(call, command, (person) => ({
      location,
      resource: accessResource(person, ledgerId),
    }));
    // Recorded in `_installation`, and to be found where it was asked for.
    const headers = { ...answer.headers, Location: `/v1/ledgers/${ledgerId}${location}` };
    return sendAnswer(call, { ...answer, headers });
  }

  /** Issues a token. The answer that it is issued with, and no other, has it. @returns the body of the answer */
  async issue(call: Call, { id, personId, description, expiresAt, grants }: AskedToken): Promise<string> {
    await mustBeLedgers(
      this.log,
      grants.map(({ ledger }) => ledger),
    );
    const expiry = expiryOf(expiresAt, Date.now());
    // An instant that was good when the request came first is no fault of its repeat: the rule decides.
    const due = 'fault' in expiry ? { expiresAt: expiresAt!, expiryGiven: true, expiryFault: expiry.fault } : expiry;
    const { token, prefix, hash } = newToken();
    const about = { id, personId, ...(description !== undefined && { description }) };
    const answer = await this.#carryOut<Token>(
      call,
      { type: 'IssueToken', ...about, ...due, grants, prefix, hash },
      renderToken,
    );
    const { position, ...resource } = JSON.parse(answer.body) as { readonly prefix: string; readonly position: number };
    // Where the request is a repeat, the token of the first answer is the one that there is.
    const body = resource.prefix === prefix ? JSON.stringify({ ...resource, token, position }) : answer.body;
    return sendAnswer(call, { ...answer, body, headers: { ...answer.headers, 'Cache-Control': 'no-store' } });
  }

  async revoke(call: Call, command: RevokeToken): Promise<string> {
    return sendAnswer(call, await this.#carryOut<Token>(call, command, renderToken));
  }

  async #carryOut<D extends Document>(call: Call, command: AccessCommand, render: Render<D>): Promise<Sendable> {
    await openInstallation(this.log);
    const { key, ledgerId } = call;
    // Keys are those of the ledger in the path, though the receipt is kept in `_installation`.
    const scoped = key === undefined || ledgerId === installationLedger ? key : `${ledgerId} ${key}`;
    const asked = { ...call, key: scoped };
    const answer = await this.desk.answer(asked, command, render, { ledgerId: installationLedger });
    // It is recorded, whatever happens now; what can't be read back is taken in at the next look.
    await this.directory.reach(Number(answer.headers['Ledger-Position'])).catch(() => undefined);
    return answer;
  }
}
