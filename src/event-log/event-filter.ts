import type { DocumentName, EventType } from '../domain/events.js';

/** Which events of a log are asked for; without anything all of them. */
export interface EventFilter {
  /** Only events of this vendor's account. */
  readonly vendorId?: string | undefined;
  /** Only events that are part of this document's history. */
  readonly document?: DocumentName | undefined;
  /** Only events of these types. */
  readonly types?: readonly EventType[] | undefined;
  /** Only events that this actor recorded. */
  readonly actor?: string | undefined;
}

/** As in the index events_by_actor (0005-event-filters.sql). */
const actorOnLine = `(split_part(split_part(e.line, '"actor":{"id":"', 2), '","role":', 1) collate "C")`;

const inRange = 'e.ledger_id = $1 and e.position > $2 and e.position <= $3';

/**
 * A query for the positions and lines that a filter finds, in order. A document and a vendor's account have an index of
 * their own events, which are looked through for the rest of the filter; types and actors each have one in the order of
 * positions. So no page looks through events that have nothing to do with what is asked for.
 *
 * @returns its text, with the parameters $1 ledger, $2 the position after which and $3 that up to which to look, $4 how
 *   many to find, and from $6 on `values`
 */
export const findingQuery = (filter: EventFilter): { readonly text: string; readonly values: readonly unknown[] } => {
  const { vendorId, document, types, actor } = filter;
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${5 + values.push(value)}`;
  const stream = vendorId === undefined ? undefined : bind(`vendor/${vendorId}`);
  const type = types === undefined ? undefined : bind([...new Set(types)]);
  const conditions = [
    ...(stream === undefined ? [] : [`e.stream = ${stream}`]),
    // As it stands on the line: JSON, without the quotation marks around it.
    ...(actor === undefined ? [] : [`${actorOnLine} = ${bind(JSON.stringify(actor).slice(1, -1))}`]),
  ];
  const all = (...more: readonly string[]): string => [...more, ...conditions].join(' and ');
  const ofTypes = type === undefined ? [] : [`e.type = any (${type}::text[])`];

  if (document !== undefined) {
    // Looked up one by one: joined, the planner may prefer to read all events once.
    const rest = [...conditions, ...ofTypes];
    const isMeant = `cross join lateral (select from log.events e
                                           where e.ledger_id = $1 and e.position = d.position and ${rest.join(' and ')} limit 1) e`;
    return finding(
      `select d.position from log.event_documents d ${rest.length === 0 ? '' : isMeant}
        where d.ledger_id = $1 and d.document = ${bind(document)} and d.position > $2 and d.position <= $3
        order by d.position limit $4`,
      values,
    );
  }
  if (stream !== undefined) {
    return finding(
      `select e.position from log.events e
        where e.stream_version > log.stream_version_at($1, ${stream}, $2)
              and e.stream_version <= log.stream_version_at($1, ${stream}, $3) and ${all(inRange, ...ofTypes)}
        order by e.stream_version limit $4`,
      values,
    );
  }
  if (type !== undefined) {
    // Type by type, since an index that has them one after the other has not all of them in one order.
    return finding(
      `select one.position from unnest(${type}::text[]) t (type)
        cross join lateral (select e.position from log.events e where ${all(inRange, 'e.type = t.type')}
                             order by e.position limit $4) one
        order by one.position limit $4`,
      values,
    );
  }
  if (actor !== undefined) {
    return finding(`select e.position from log.events e where ${all(inRange)} order by e.position limit $4`, values);
  }
  return { text: `select e.position, e.line from log.events e where ${inRange} order by e.position limit $4`, values };
};

const finding = (positions: string, values: readonly unknown[]): ReturnType<typeof findingQuery> => ({
  text: `select e.position, e.line from (${positions}) found
           join log.events e on e.ledger_id = $1 and e.position = found.position order by e.position`,
  values,
});
