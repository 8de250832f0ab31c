import { Command, Option, SubCommand } from 'nest-commander';
import { mustBeLedgers, openInstallation } from '../access/installation.js';
import { expiryOf } from '../access/expiry.js';
import { newToken } from '../access/token-text.js';
import { TokenUses } from '../access/token-uses.js';
import {
  type AccessCommand,
  type Grant,
  installationLedger,
  isPersonId,
  type Role,
  roles,
  type Token,
} from '../domain/access.js';
import { isLocalDate } from '../domain/calendar.js';
import type { Document } from '../domain/documents.js';
import { isId } from '../domain/events.js';
import { Rejection } from '../domain/rejection.js';
import { uuidv7 } from '../event-log/uuid.js';
import { readLine } from '../event-log/record.js';
import { normalInstant } from '../reports/as-of.js';
import {
  CommandGroup,
  type CommonOptions,
  DuebookCommand,
  operatorHere,
  outcome,
  usage,
  UsageError,
} from './command.js';
import { atWork, type Workplace } from './workplace.js';

/** Has a change of access recorded, as whoever uses this machine. @throws {UsageError} if a rule refuses it */
const record = async ({ log, sealer: makeSealer }: Workplace, command: AccessCommand): Promise<Document> => {
  const sealer = await makeSealer();
  await sealer.compare(installationLedger);
  // A log that was set back must not grow, not even by this.
  log.mayAppend = (ledgerId) => {
    sealer.mayAppend(ledgerId);
  };
  let shown: Document | undefined;
  try {
    await openInstallation(log);
    await log.execute(installationLedger, {
      command,
      actor: { id: operatorHere(), role: 'admin' },
      key: undefined,
      requestHash: '',
      correlationId: uuidv7(),
      nowMs: Date.now(),
      render: (document) => {
        shown = document;
        return { location: '', body: '{}' };
      },
    });
  } catch (error) {
    throw error instanceof Rejection ? new UsageError(faultsOf(error)) : error;
  }
  return shown!;
};

const faultsOf = ({ detail, facts }: Rejection): string =>
  facts.errors ? facts.errors.map((fault) => `${fault.pointer.slice(1)} ${fault.detail}`).join('; ') : detail;

interface CreateOptions extends CommonOptions {
  readonly person?: string;
  readonly grant?: readonly string[];
  readonly id?: string;
  readonly description?: string;
  readonly expires?: string;
}

@SubCommand({ name: 'create', description: 'Issue a token, and show it this once' })
export class TokenCreateCommand extends DuebookCommand {
  async run(_: string[], options: CreateOptions): Promise<void> {
    const personId = options.person ?? usage('Say whose it is, with --person <id>: their name in the log.');
    if (!isPersonId(personId))
      usage('--person names nobody: letters, digits and . _ @ + | ~ : -, such as an e-mail address.');
    const { id = uuidv7(), description } = options;
    if (!isId(id)) usage(`"${String(id)}" is no id: letters, digits and . _ -.`);
    if (description !== undefined && !/^[^\p{Cc}]{1,256}$/u.test(description))
      usage('The description is one line of at most 256 characters.');
    const expiry = expiryOf(options.expires === undefined ? undefined : instantIn(options.expires), Date.now());
    if ('fault' in expiry) return usage(`--expires ${expiry.fault}.`);
    const grants = (options.grant ?? []).map(grantIn);
    await atWork(async (workplace) => {
      await mustBeLedgers(
        workplace.log,
        grants.map(({ ledger }) => ledger),
      ).catch((error: unknown) => {
        throw error instanceof Rejection ? new UsageError(error.detail) : error;
      });
      const { token, prefix, hash } = newToken();
      const about = { id, personId, ...(description !== undefined && { description }) };
      const document = await record(workplace, { type: 'IssueToken', ...about, ...expiry, grants, prefix, hash });
      const { facts } = document as Token;
      if (facts.prefix !== prefix)
        usage(`Token ${id} was issued before; nobody can show it again. Choose another --id.`);
      outcome(options, { id, personId, expiresAt: facts.expiresAt, prefix, token }, [
        `Token ${id} lets its holder in as ${personId} until ${facts.expiresAt}.`,
        'It is shown this once; keep it where only its user can read it:',
        '',
        `  ${token}`,
      ]);
    });
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

const instantIn = (text: string): string =>
  normalInstant(isLocalDate(text) ? `${text}T00:00:00Z` : text) ??
  usage(`"${text}" is no day and no instant in UTC, such as 2027-01-31 or 2027-01-31T18:00:00Z.`);

const grantIn = (text: string): Grant => {
  const [ledger = '', list = '', ...more] = text.split(':');
  const asked = list.split(',');
  if (ledger === '' || more.length > 0 || !asked.every((role) => (roles as readonly string[]).includes(role)))
    usage(`"${text}" grants nothing: say <ledger>:<role>,<role>, with roles out of ${roles.join(', ')}.`);
  return { ledger, roles: asked as Role[] };
};

@SubCommand({ name: 'list', description: 'All tokens, without what it takes to use them, and when each was last used' })
export class TokenListCommand extends DuebookCommand {
  async run(_: string[], options: CommonOptions): Promise<void> {
    await atWork(async ({ log, pool }) => {
      const names = new Set<`token/${string}`>();
      const head = (await log.head(installationLedger))?.position ?? 0;
      for (let after = 0; after < head;) {
        const page = await log.page(installationLedger, { after, through: head, limit: 1_000, types: ['TokenIssued'] });
        for (const { line } of page.lines) {
          const event = readLine(line);
          if (event.type === 'TokenIssued') names.add(`token/${event.data.tokenId}`);
        }
        after = page.isLast ? head : page.lines.at(-1)!.position;
      }
      const documents = [...(await log.documents(installationLedger, [...names])).values()] as Token[];
      const used = await new TokenUses(pool, () => undefined).of(documents.map(({ facts }) => facts.tokenId));
      const tokens = documents.map(({ facts: { hash: _hash, tokenId: id, ...facts }, issuedAt, revoked }) => {
        const lastUsedAt = used.get(id);
        return { id, ...facts, issuedAt, ...(revoked && { revoked }), ...(lastUsedAt !== undefined && { lastUsedAt }) };
      });
      outcome(options, { tokens }, [
        tokens.length === 0
          ? 'There is no token beside the first one.'
          : `${tokens.length} tokens beside the first one:`,
        ...tokens.map(({ id, personId, prefix, expiresAt, revoked, lastUsedAt }) => {
          const end = revoked ? `revoked ${revoked.at}` : `expires ${expiresAt}`;
          return `  ${id}  ${prefix}…  ${personId}  ${end}  ${lastUsedAt === undefined ? 'never used' : `last used ${lastUsedAt}`}`;
        }),
      ]);
    });
  }
}

interface RevokeOptions extends CommonOptions {
  readonly reason?: string;
}

@SubCommand({ name: 'revoke', arguments: '<id>', description: 'End a token: from now on it lets nobody in' })
export class TokenRevokeCommand extends DuebookCommand {
  async run([id = '']: string[], options: RevokeOptions): Promise<void> {
    const reason = options.reason ?? usage('Say why, with --reason "…": it is recorded.');
    if (!/^[^\p{Cc}]{1,2000}$/u.test(reason)) usage('The reason is one line of at most 2,000 characters.');
    await atWork(async (workplace) => {
      await record(workplace, { type: 'RevokeToken', tokenId: id, reason });
      outcome(options, { id, revoked: true }, [
        `Token ${id} is revoked. An instance that runs takes notice within a second.`,
      ]);
    });
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
