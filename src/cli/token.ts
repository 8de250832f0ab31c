import { mustBeLedgers } from '../access/installation.js';
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
import { type CommonOptions, outcome, usage, UsageError } from './command.js';
import { record } from './recording.js';
import { atWork, type Workplace } from './workplace.js';

const recordAccess = (workplace: Workplace, command: AccessCommand): Promise<Document> =>
  record(workplace, installationLedger, command);

export interface CreateOptions extends CommonOptions {
  readonly person?: string;
  readonly grant?: readonly string[];
  readonly id?: string;
  readonly description?: string;
  readonly expires?: string;
}

export const tokenCreate = async (options: CreateOptions): Promise<void> => {
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
    const document = await recordAccess(workplace, { type: 'IssueToken', ...about, ...expiry, grants, prefix, hash });
    const { facts } = document as Token;
    if (facts.prefix !== prefix) usage(`Token ${id} was issued before; nobody can show it again. Choose another --id.`);
    outcome(options, { id, personId, expiresAt: facts.expiresAt, prefix, token }, [
      `Token ${id} lets its holder in as ${personId} until ${facts.expiresAt}.`,
      'It is shown this once; keep it where only its user can read it:',
      '',
      `  ${token}`,
    ]);
  });
};

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

export const tokenList = async (options: CommonOptions): Promise<void> => {
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
      tokens.length === 0 ? 'There is no token beside the first one.' : `${tokens.length} tokens beside the first one:`,
      ...tokens.map(({ id, personId, prefix, expiresAt, revoked, lastUsedAt }) => {
        const end = revoked ? `revoked ${revoked.at}` : `expires ${expiresAt}`;
        return `  ${id}  ${prefix}…  ${personId}  ${end}  ${lastUsedAt === undefined ? 'never used' : `last used ${lastUsedAt}`}`;
      }),
    ]);
  });
};

export interface RevokeOptions extends CommonOptions {
  readonly reason?: string;
}

export const tokenRevoke = async (id: string, options: RevokeOptions): Promise<void> => {
  const reason = options.reason ?? usage('Say why, with --reason "…": it is recorded.');
  if (!/^[^\p{Cc}]{1,2000}$/u.test(reason)) usage('The reason is one line of at most 2,000 characters.');
  await atWork(async (workplace) => {
    await recordAccess(workplace, { type: 'RevokeToken', tokenId: id, reason });
    outcome(options, { id, revoked: true }, [
      `Token ${id} is revoked. An instance that runs takes notice within a second.`,
    ]);
  });
};
