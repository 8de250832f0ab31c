import { roles } from '../domain/access.js';
import { CommandGroup, type CommonOptions, DuebookCommand } from './command.js';
import { Command, Option, SubCommand } from './commander.js';
import type { CreateOptions, RevokeOptions } from './token.js';

@SubCommand({ name: 'create', description: 'Issue a token, and show it this once' })
export class TokenCreateCommand extends DuebookCommand {
  async run(_: string[], options: CreateOptions): Promise<void> {
    const { tokenCreate } = await import('./token.js');
    await tokenCreate(options);
  }

  @Option({ flags: '--person <id>', description: 'Who is let in with it: their name in the log' })
  person(id: string): string {
    return id;
  }

  @Option({
    flags: '--grant <ledger:roles...>',
    description: `Roles to grant them with it, such as acme:clerk,approver or '*:auditor'; may come several times. Roles: ${roles.join(', ')}`,
  })
  grant(text: string, before: readonly string[] = []): string[] {
    return [...before, text];
  }

  @Option({ flags: '--id <id>', description: 'What the token is called; by default a UUID' })
  id(id: string): string {
    return id;
  }

  @Option({ flags: '--description <text>', description: 'What it is for, or where it is kept' })
  description(text: string): string {
    return text;
  }

  @Option({ flags: '--expires <day>', description: 'A day, or an instant in UTC; by default in 90 days' })
  expires(text: string): string {
    return text;
  }
}

@SubCommand({ name: 'list', description: 'All tokens, without what it takes to use them, and when each was last used' })
export class TokenListCommand extends DuebookCommand {
  async run(_: string[], options: CommonOptions): Promise<void> {
    const { tokenList } = await import('./token.js');
    await tokenList(options);
  }
}

@SubCommand({ name: 'revoke', arguments: '<id>', description: 'End a token: from now on it lets nobody in' })
export class TokenRevokeCommand extends DuebookCommand {
  async run([id = '']: string[], options: RevokeOptions): Promise<void> {
    const { tokenRevoke } = await import('./token.js');
    await tokenRevoke(id, options);
  }

  @Option({ flags: '--reason <text>', description: 'Why' })
  reason(text: string): string {
    return text;
  }
}

@Command({
  name: 'token',
  description: 'API tokens: who is let in, and until when',
  subCommands: [TokenCreateCommand, TokenListCommand, TokenRevokeCommand],
})
export class TokenCommand extends CommandGroup {}
