import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { RolesOverAccess } from '../access/declared.js';
import { AccessDirectory } from '../access/directory.js';
import { installationLedger, type Person } from '../domain/access.js';
import type { RecordedEvent } from '../domain/events.js';
import { rejectMalformed } from '../domain/rejection.js';
import { EventLog } from '../event-log/event-log.js';
import { NotYetThere } from '../projections/books.js';
import { AccessDesk } from './access-desk.js';
import {
  accessResource,
  AccessResource,
  GrantAccessBody,
  isOf,
  RevokeAccessBody,
  toGrantAccess,
  toRevokeAccess,
} from './access.dto.js';
import { Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { Problem } from './problems.js';
import { Reader, send, shownEvent } from './reader.js';
import { PageQuery, ReadQuery } from './reading.dto.js';
import { Checked, rejectQuery } from './validation.js';

const ApiPersonId = (): MethodDecorator =>
  ApiParam({ name: 'personId', description: 'The person', schema: { type: 'string', minLength: 1, maxLength: 128 } });

/** Positions, here and in the answers, are those of the log of `_installation`, where access is recorded. */
@LedgerRoutes('access')
export class AccessController {
  constructor(
    private readonly desk: AccessDesk,
    private readonly reader: Reader,
    private readonly directory: AccessDirectory,
    private readonly log: EventLog,
  ) {}

  /** Gives somebody roles in the ledger. */
  @Post()
  @RolesOverAccess('admin')
  @Commands(AccessResource)
  async grant(@TheCall() call: Call, @Body(Checked) body: GrantAccessBody): Promise<string> {
    mayBeEverywhere(call, body.everywhere);
    await this.#mustExist(call);
    return this.desk.change(call, toGrantAccess(call.ledgerId, body));
  }

  /** Takes roles in the ledger away from somebody. */
  @Post(':personId/revocation')
  @RolesOverAccess('admin')
  @ApiPersonId()
  @Commands(AccessResource)
  async revoke(
    @TheCall() call: Call,
    @Param('personId') personId: string,
    @Body(Checked) body: RevokeAccessBody,
  ): Promise<string> {
    mayBeEverywhere(call, body.everywhere);
    await this.#mustExist(call);
    await this.#knownHere(call.ledgerId, personId);
    return this.desk.change(call, toRevokeAccess(call.ledgerId, personId, body));
  }

  /** Who has a role in the ledger, by their ids. */
  @Get()
  @RolesOverAccess('auditor', 'admin')
  @ListsOf(AccessResource)
  async list(@TheCall() call: Call, @Query(Checked) query: PageQuery): Promise<string> {
    const { ledgerId } = call;
    const position = await this.#reach(call, query.atLeast);
    const after = query.cursor === undefined ? '' : cursorIn(query.cursor);
    const limit = Number(query.limit ?? 100);
    const found = this.directory.people().filter(({ id, grants, asserted }) => {
      const all = [...grants, ...(asserted?.grants ?? [])];
      return id > after && all.some(({ ledger }) => isOf(ledgerId, ledger));
    });
    const page = found.slice(0, limit);
    const items = page.map((person) => accessResource(person, ledgerId));
    const next = found.length > limit ? Buffer.from(page.at(-1)!.id).toString('base64url') : null;
    return send(call, position, { items, next });
  }

  /** What somebody may do in the ledger, and how that came about. */
  @Get(':personId')
  @RolesOverAccess('auditor', 'admin')
  @ApiPersonId()
  @Shows(AccessResource)
  async get(
    @TheCall() call: Call,
    @Param('personId') personId: string,
    @Query(Checked) query: ReadQuery,
  ): Promise<string> {
    const { ledgerId } = call;
    const position = await this.#reach(call, query.atLeast);
    const { person, history } = await this.#knownHere(ledgerId, personId);
    return send(call, Math.max(position, history.at(-1)!.position), {
      ...accessResource(person, ledgerId),
      history: history.map(shownEvent),
    });
  }

  /** Whoever never had a role here does not exist for this ledger. @throws {Problem} `not-found` */
  async #knownHere(ledgerId: string, personId: string): Promise<{ person: Person; history: RecordedEvent[] }> {
    const found = await this.log.document(installationLedger, `person/${personId}`);
    const history = seenFrom(ledgerId, found?.history ?? []);
    if (!found || history.length === 0)
      throw new Problem('not-found', `Nobody called ${personId} has had a role in this ledger.`);
    return { person: found.document, history };
  }

  /** Waits until what is known of access goes as far as asked. @throws {Problem} `not-found` without such a ledger */
  async #reach(call: Call, atLeast: string | undefined): Promise<number> {
    await this.#mustExist(call);
    if (await this.log.head(installationLedger)) {
      const { position } = await this.reader.head(installationLedger, atLeast);
      await this.directory.reach(position);
    } else if (Number(atLeast ?? 0) > 0) {
      throw new NotYetThere(Number(atLeast), 0);
    }
    return this.directory.position;
  }

  /** `_installation` is always there, though it is opened only with the first change. */
  async #mustExist({ ledgerId }: Call): Promise<void> {
    if (ledgerId !== installationLedger) await this.reader.head(ledgerId);
  }
}

/** @throws {Rejection} `malformed` */
const mayBeEverywhere = ({ ledgerId }: Call, everywhere: boolean | undefined): void => {
  if (!everywhere || ledgerId === installationLedger) return;
  const detail = `may only be true in ${installationLedger}: send it to /v1/ledgers/${installationLedger}/access`;
  rejectMalformed([{ pointer: '/everywhere', detail }]);
};

/** @throws {Rejection} `malformed` for a text that no page ended with */
const cursorIn = (text: string): string => {
  const id = Buffer.from(text, 'base64url').toString();
  if (id === '' || Buffer.from(id).toString('base64url') !== text)
    rejectQuery([{ pointer: '/cursor', detail: 'must be what an earlier page gave as next' }]);
  return id;
};

/** What a ledger sees of somebody's history: what was granted and said of it, and of other ledgers nothing. */
const seenFrom = (ledgerId: string, history: readonly RecordedEvent[]): RecordedEvent[] => {
  let wasSaid = false;
  return history.flatMap((event): RecordedEvent[] => {
    if (event.type !== 'AccessAsserted')
      return 'ledger' in event.data && isOf(ledgerId, event.data.ledger) ? [event] : [];
    const grants = event.data.grants.filter(({ ledger }) => isOf(ledgerId, ledger));
    // What says nothing of this ledger any more ends what was said before.
    const isSeen = grants.length > 0 || wasSaid;
    wasSaid = grants.length > 0;
    return isSeen ? [{ ...event, data: { ...event.data, grants } }] : [];
  });
};
