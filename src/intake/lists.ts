import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { installationLedger } from '../domain/access.js';
import type { LocalDate } from '../domain/calendar.js';
import type { DocumentOf } from '../domain/documents.js';
import type { DocumentKind } from '../domain/events.js';
import { EventLog } from '../event-log/event-log.js';
import { Books, type Extent, NotYetThere } from '../projections/books.js';
import type { Call } from './call.js';
import { ListedDocument } from './listed-document.js';
import { Reader, send } from './reader.js';
import type { Plain } from './plain.js';
import type { ItemListQuery, LedgerListQuery } from './reading.dto.js';
import { ledgerResource } from './resources.js';
import { rejectQuery } from './validation.js';

/** The last entry of the page before. */
export interface Cursor {
  readonly madeAt: number;
  readonly id: string;
}

export const writeCursor = ({ madeAt, id }: Cursor): string => Buffer.from(`${madeAt} ${id}`).toString('base64url');

/** @throws {Rejection} `malformed` for a text that no page ended with */
export const readCursor = (text: string): Cursor => {
  const [madeAt = '', id = '', ...rest] = Buffer.from(text, 'base64url').toString().split(' ');
  const cursor = { madeAt: Number(madeAt), id };
  // Written again it must be the same text: so it has nothing in it that a page would not have put there.
  if (rest.length > 0 || !/^\d{1,15}$/.test(madeAt) || !/^[\w.-]+$/.test(id) || writeCursor(cursor) !== text) {
    return rejectQuery([{ pointer: '/cursor', detail: 'must be what an earlier page gave as next' }]);
  }
  return cursor;
};

/** What a list can be asked for; each list takes some of it. */
type ListQuery = { readonly [K in keyof Plain<ItemListQuery>]?: string | undefined } & {
  readonly number?: string;
};

const defaultLimit = 100;

/** Lists of documents, in the order in which they were made. */
@Injectable()
export class Lists {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: EventLog,
    private readonly books: Books,
    private readonly reader: Reader,
  ) {}

  /**
   * Answers a page of a list, and sets the headers of the answer. The books say which documents, and the log what they
   * are at the position up to which the books go.
   *
   * @param show makes the resource of a document
   * @returns the body of the answer, JSON
   * @throws {Problem} `not-found` without such a ledger
   * @throws {NotYetThere} if the books do not go as far as asked within 5 seconds
   */
  answer<K extends DocumentKind>(
    call: Call,
    kind: K,
    query: ListQuery,
    show: (document: DocumentOf<`${K}/${string}`>, today: LocalDate) => object,
  ): Promise<string> {
    return this.answerRows(call, kind, query, async ({ position }, ids) => {
      const today = await this.reader.today(call.ledgerId);
      const names = ids.map((id) => `${kind}/${id}` as const);
      const documents = await this.log.foldedAt(call.ledgerId, names, position);
      return names.flatMap((name) => {
        const document = documents.get(name)?.document as DocumentOf<`${K}/${string}`> | undefined;
        return document ? [show(document, today)] : [];
      });
    });
  }

  /**
   * The same for a list whose entries are made otherwise.
   *
   * @param show makes the resources of some documents, in their order
   */
  async answerRows(
    call: Call,
    kind: DocumentKind,
    query: ListQuery,
    show: (extent: Extent, ids: readonly string[]) => Promise<readonly object[]>,
  ): Promise<string> {
    const { ledgerId } = call;
    const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor);
    await this.reader.today(ledgerId);
    const extent = await this.#extent(ledgerId, query.atLeast);
    const { generation, position } = extent;
    const limit = Number(query.limit ?? defaultLimit);
    const found = await this.#find(ledgerId, generation, position, kind, query, cursor, limit + 1);
    const page = found.slice(0, limit);
    const items = await show(
      extent,
      page.map(({ id }) => id),
    );
    return send(call, position, { items, next: found.length > limit ? writeCursor(page.at(-1)!) : null });
  }

  /** Answers a page of the list of ledgers, by their ids: of those in which the caller has a role, and books are kept. */
  async answerLedgers(call: Call, { cursor, limit }: Plain<LedgerListQuery>): Promise<string> {
    const after = cursor === undefined ? '' : readCursor(cursor).id;
    const found = (await this.log.ledgerIds()).filter(
      (id) => id > after && id !== installationLedger && call.principal.rolesIn(id).length > 0,
    );
    const page = found.slice(0, Number(limit ?? defaultLimit));
    const items: object[] = [];
    for (const id of page) {
      const ledger = (await this.log.documents(id, ['ledger'])).get('ledger');
      if (ledger?.kind === 'ledger') items.push(ledgerResource(ledger));
    }
    return send(call, undefined, {
      items,
      next: found.length > page.length ? writeCursor({ madeAt: 0, id: page.at(-1)! }) : null,
    });
  }

  /**
   * How far the list goes. Without a wish as far as everything recorded before, so that callers find what they have just
   * posted; but books that are far behind, as while they are rebuilt, answer with what they have.
   */
  async #extent(ledgerId: string, atLeast: string | undefined): Promise<Extent> {
    if (atLeast !== undefined) return this.books.reach(ledgerId, Number(atLeast));
    try {
      return await this.books.reach(ledgerId);
    } catch (error) {
      if (error instanceof NotYetThere) return this.books.reach(ledgerId, 0);
      throw error;
    }
  }

  #find(
    ledgerId: string,
    generation: number,
    position: number,
    kind: DocumentKind,
    { vendorId, status, dueBefore, q, number }: ListQuery,
    cursor: Cursor | undefined,
    limit: number,
  ): Promise<Cursor[]> {
    const select = this.dataSource
      .getRepository(ListedDocument)
      .createQueryBuilder('d')
      .select(['d.ledgerId', 'd.generation', 'd.kind', 'd.id', 'd.madeAt'])
      .where('d.ledgerId = :ledgerId and d.generation = :generation and d.kind = :kind and d.madeAt <= :position', {
        ledgerId,
        generation,
        kind,
        position,
      })
      .orderBy('d.madeAt')
      .addOrderBy('d.id')
      .limit(limit);
    if (cursor)
      select.andWhere('(d.madeAt, d.id) > (:afterMadeAt, :afterId)', {
        afterMadeAt: cursor.madeAt,
        afterId: cursor.id,
      });
    if (vendorId !== undefined) select.andWhere('d.vendorId = :vendorId', { vendorId });
    if (status !== undefined) select.andWhere('d.status = :status', { status });
    if (number !== undefined) select.andWhere('d.number = :number', { number });
    if (dueBefore !== undefined) select.andWhere('d.dueOn < :dueBefore', { dueBefore });
    if (q !== undefined) select.andWhere('strpos(d.search, :q) > 0', { q: q.toLowerCase() });
    return select.getMany();
  }
}
