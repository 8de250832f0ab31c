import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Roles } from '../access/declared.js';
import { TokenUses } from '../access/token-uses.js';
import { installationLedger, type Token } from '../domain/access.js';
import { EventLog } from '../event-log/event-log.js';
import { AccessDesk } from './access-desk.js';
import { ApiId, Commands, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { Lists } from './lists.js';
import { Reader, send } from './reader.js';
import { ReadQuery } from './reading.dto.js';
import {
  IssueTokenBody,
  RevokeTokenBody,
  TokenListQuery,
  tokenResource,
  TokenResource,
  toIssueToken,
  toRevokeToken,
} from './tokens.dto.js';
import { Checked } from './validation.js';

@Controller(`v1/ledgers/${installationLedger}/tokens`)
@ApiTags('access')
export class TokensController {
  constructor(
    private readonly desk: AccessDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
    private readonly uses: TokenUses,
    private readonly log: EventLog,
  ) {}

  /** Issues a token, which this answer shows and nothing else ever does. */
  @Post()
  @Roles('admin')
  @Commands(TokenResource)
  issue(@TheCall() call: Call, @Body(Checked) body: IssueTokenBody): Promise<string> {
    return this.desk.issue(ofInstallation(call), toIssueToken(body));
  }

  /** Revokes a token: from now on it lets nobody in. */
  @Post(':id/revocation')
  @Roles('admin')
  @ApiId('id', 'The token')
  @Commands(TokenResource)
  revoke(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: RevokeTokenBody): Promise<string> {
    return this.desk.revoke(ofInstallation(call), toRevokeToken(id, body));
  }

  /** All tokens, also those that expired or were revoked. */
  @Get()
  @Roles('auditor', 'admin')
  @ListsOf(TokenResource)
  async list(@TheCall() call: Call, @Query(Checked) query: TokenListQuery): Promise<string> {
    // Opened only with the first change of access.
    if (!(await this.log.head(installationLedger))) return send(call, 0, { items: [], next: null });
    return this.lists.answerRows(ofInstallation(call), 'token', query, async ({ position }, ids) => {
      const names = ids.map((id) => `token/${id}` as const);
      const documents = await this.log.foldedAt(installationLedger, names, position);
      const used = await this.uses.of(ids);
      return names.map((name, n) => tokenResource(documents.get(name)!.document as Token, used.get(ids[n]!)));
    });
  }

  /** One token, and when it was last used. */
  @Get(':id')
  @Roles('auditor', 'admin')
  @ApiId('id', 'The token')
  @Shows(TokenResource)
  async get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    const used = await this.uses.of([id]);
    return this.reader.answer(ofInstallation(call), `token/${id}`, query, (token) =>
      tokenResource(token, used.get(id)),
    );
  }
}

/** The ledger of these routes stands in their address as a word. */
const ofInstallation = (call: Call): Call => ({ ...call, ledgerId: installationLedger });
