-- The event log: one gapless, totally ordered log per ledger.
--
-- The ledger comes first in every key and in every condition, no table refers to another one by a foreign key, and
-- appending is one function with the ledger as its first argument: so the schema is valid on Citus as it stands.

create schema log;

-- Locked by every append, never updated: an updated head leaves a dead row version per batch, and one old snapshot
-- (a backup, a long report) would make every append walk past all of them.
create table log.ledgers (
  ledger_id text collate "C" not null,
  primary key (ledger_id)
);

create table log.events (
  ledger_id      text collate "C" not null,
  position       bigint not null,
  stream         text collate "C" not null,
  stream_version bigint not null,
  type           text collate "C" not null,
  effective_on   date not null,
  recorded_at    timestamptz not null,
  -- The exact text that was hashed. The columns before it repeat what it says, for conditions and indexes.
  line           text not null,
  -- RFC 6962: SHA-256 of a zero byte and the line.
  leaf_hash      bytea not null,
  primary key (ledger_id, position)
);
create unique index events_by_stream on log.events (ledger_id, stream, stream_version);

-- The history of each document: which events it is part of. Also what guards decisions: a command names the documents
-- that it was decided on and the last event of each that it knew.
create table log.event_documents (
  ledger_id text collate "C" not null,
  document  text collate "C" not null,
  position  bigint not null,
  primary key (ledger_id, document, position)
);

-- The newest row is the head of the log. One row per batch.
create table log.commits (
  ledger_id      text collate "C" not null,
  last_position  bigint not null,
  first_position bigint not null,
  recorded_at    timestamptz not null,
  primary key (ledger_id, last_position)
);

-- Values that documents of a ledger share, such as a vendor's invoice number. A document holds a value from the row
-- that claims it until a row of the same document that releases it.
create table log.claims (
  ledger_id text collate "C" not null,
  value     text collate "C" not null,
  position  bigint not null,
  document  text collate "C" not null,
  qualifier text collate "C" not null,
  released  boolean not null,
  primary key (ledger_id, value, position)
);

-- Whether a holder has given a value up: without this, every look at a value that thousands share would read them all.
create index claims_released on log.claims (ledger_id, value, document) where released;

-- What was answered, by the key that a caller gave the request. Positions and notices are what only the log knew.
create table log.receipts (
  ledger_id      text collate "C" not null,
  key            text collate "C" not null,
  request_hash   text collate "C" not null,
  status         smallint not null,
  location       text not null,
  body           text not null,
  first_position bigint,
  last_position  bigint not null,
  notices        jsonb,
  primary key (ledger_id, key)
);

-- What became of each batch, so that it takes effect once however often it is sent.
create table log.batches (
  ledger_id      text collate "C" not null,
  batch_id       uuid not null,
  first_position bigint not null,
  recorded_at    timestamptz not null,
  outcomes       jsonb,
  primary key (ledger_id, batch_id)
);

-- The last closed day, after each closing and reopening; null once nothing is closed any more.
create table log.periods (
  ledger_id      text collate "C" not null,
  position       bigint not null,
  closed_through date,
  primary key (ledger_id, position)
);

-- The events that a closed period does not keep out (contract, rule 9).
create function log.is_exempt(p_type text) returns boolean language sql immutable set search_path = log, pg_temp
as $$
  select p_type in ('ConsequencesSet', 'OfferRecorded', 'CashBalanceStated', 'CashExpected',
                    'CashExpectationWithdrawn', 'CashPlanProposed', 'CashPlanAdopted')
$$;

-- Appends a batch of commands, in their order, in one transaction of one statement, and gives each command a verdict of
-- its own: a bad command never spoils its neighbours. Nothing is numbered before the lock is held, so positions have no
-- hole and whoever has read up to a position has read everything up to it.
--
-- Arguments are columns of lists: k_ keys of callers, f_ and g_ guards, l_ claims, s_ streams, e_ events, d_ documents of
-- events. They refer to each other by place, from 1 on; their order is that of the commands.
-- - p_commands is JSON, and read only where something is wrong: for each command how many events it has, the guards that
--   it needs (by place in f_, then g_) and the earlier commands of this batch on whose events it was decided.
-- - f_ are documents that were not there when a command was decided, g_ those that were, with their last event.
-- - k_status is that of the answer to keep with the key; 0 where none is kept (a refusal). k_first and k_last are places
--   of events; 0 if the command has none, then k_position is what to answer.
-- - l_place is the place in d_ of the event and the document that claims; l_kind 0 may share the value, 1 wants it alone,
--   2 gives it up.
-- - s_version is the newest version of a stream that the caller knows of, 0 if it knows none: a hint from where to look
--   for the newest there is. e_nth counts the events of one stream in this batch.
--
-- A command without events confirms what its answer rests on.
--
-- As a rule every command is appended, in order from first_position on, and outcomes is null. Else it has an element per
-- command of which there is something to say, with its place: a verdict other than "appended", or the other documents
-- that hold what it claims ("notices"). Verdicts: appended | replayed (the receipt is beside it) | reused (the key came
-- with another request) | conflict (the last event of a document is not the one that the decision knew: it has others
-- by now, or the database was set back) | taken (by the document in detail) | closed (through the day in detail).
--
-- A batch takes effect once, however often it is sent. What was answered first is kept and answered again; and once it
-- was sent again (p_again), an earlier sending that comes through after all does nothing. After p_expires (milliseconds
-- since 1970) it does nothing either: then whoever sent it may say what became of it.
--
-- How it is written matters for speed, since all of a ledger's writers wait for it:
-- - One statement finds out whether anything at all is wrong; log.judge is asked what only if so.
-- - Every look-up is a list of keys for one index, or a subquery with a limit for each element by itself, so that there
--   is no other way than the index: plans are made once per connection, when the tables may be empty, and a join could
--   be planned as a scan.
-- - No just-in-time compilation: where the server has it (Debian's 15 to 17), scans that are turned off look so dear to
--   it that it compiles every statement of every batch, for tens of milliseconds each.
-- - Lists are unnested in the select list, not in FROM, where each would be written to a temporary store first.
create function log.append(
  p_ledger text, p_batch uuid, p_expires bigint, p_again boolean, p_open boolean, p_commands text,
  k_command int[], k_key text[], k_request_hash text[], k_status smallint[], k_location text[], k_body text[],
  k_first int[], k_last int[], k_position bigint[],
  f_document text[], g_document text[], g_position bigint[],
  l_place int[], l_value text[], l_qualifier text[], l_kind smallint[],
  s_stream text[], s_version bigint[],
  e_id text[], e_type text[], e_version smallint[], e_stream int[], e_nth int[], e_effective_on text[], e_rest text[],
  d_event int[], d_document text[]
) returns table (first_position bigint, recorded_at text, stream_versions bigint[], outcomes jsonb, clock_ms bigint)
language plpgsql security definer set search_path = log, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
#variable_conflict use_column
declare
  events     constant int := cardinality(e_id);
  head       record;
  now_       timestamptz;
  now_text   text;
  commands   jsonb;
  shared     boolean;
  has_period boolean;
  -- Null, and so is each element, where everything is as it should be.
  verdicts   jsonb[];
  notices    jsonb[];
  -- By event.
  e_command  int[];
  positions  bigint[];
  nth        int[] := e_nth;
  accepted   int := events;
  kept       int;
  outcomes_  jsonb;
  found_     record;
begin
  if p_open then
    insert into ledgers (ledger_id) values (p_ledger) on conflict do nothing;
  end if;
  perform from ledgers where ledger_id = p_ledger for no key update;
  if not found then
    return; -- no row: an error would cost the caller its connection, and anybody can ask for what does not exist
  end if;

  -- As a rule nothing of this is true, and there is no closed period.
  select coalesce(h.last_position, 0) as last_position, h.recorded_at,
         exists (select from batches b where b.ledger_id = p_ledger and b.batch_id = p_batch) as is_known,
         exists (select from receipts r where r.ledger_id = p_ledger and r.key = any (k_key))
           or exists (select from event_documents d where d.ledger_id = p_ledger and d.document = any (f_document))
           or exists (select from (select unnest(g_document) as document, unnest(g_position) as position) g
                       where (select d.position from event_documents d where d.ledger_id = p_ledger and d.document = g.document
                               order by d.position desc limit 1) is distinct from g.position)
           as is_wrong,
         -- Whether any value that is claimed here was ever claimed before, or twice in this batch.
         exists (select from claims k where k.ledger_id = p_ledger and k.value = any (l_value))
           or (select count(*) > count(distinct l.value) from (select unnest(l_value) as value) l) as is_shared,
         (select p.closed_through::text from periods p where p.ledger_id = p_ledger order by p.position desc limit 1) as closed,
         (select array_agg(coalesce((select x.stream_version from events x
                                      where x.ledger_id = p_ledger and x.stream = s.stream and x.stream_version >= s.version
                                      order by x.stream_version desc limit 1),
                                    (select x.stream_version from events x
                                      where x.ledger_id = p_ledger and x.stream = s.stream
                                      order by x.stream_version desc limit 1), 0))
            from (select unnest(s_stream) as stream, unnest(s_version) as version) s) as newest
    into head
    from (select) one
    left join lateral (select k.last_position, k.recorded_at from commits k
                        where k.ledger_id = p_ledger order by k.last_position desc limit 1) h on true;

  if head.is_known then
    select b.first_position, b.recorded_at, b.outcomes into found_
      from batches b where b.ledger_id = p_ledger and b.batch_id = p_batch;
    return query select found_.first_position, to_char(found_.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), null::bigint[], found_.outcomes, floor(date_part('epoch', clock_timestamp()) * 1000)::bigint;
    return;
  end if;
  if floor(date_part('epoch', clock_timestamp()) * 1000)::bigint > p_expires then
    raise exception 'the batch came too late' using errcode = 'DB410';
  end if;

  -- The database's clock, but never backwards: a report as known at T cuts the log at one place.
  -- Taken after the lock, once per batch, so that it cuts no command in half.
  now_ := greatest(clock_timestamp(), head.recorded_at + interval '1 microsecond');
  now_text := to_char(now_ at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
  shared := head.is_shared;
  has_period := e_type && array['PeriodClosed', 'PeriodReopened'];

  -- Judge. Days as text: in ISO 8601 their order is that of the text.
  if head.is_wrong or shared or has_period or (head.closed is not null and exists (
       select from (select unnest(e_effective_on) as day) e where e.day collate "C" <= head.closed)) then
    commands := p_commands::jsonb;
    e_command := array(select c.place from jsonb_array_elements(commands) with ordinality c (command, place),
                              generate_series(1, (c.command ->> 0)::int) order by c.place);
    verdicts := log.judge(p_ledger, head.closed, commands, k_command, k_key, k_request_hash, f_document, g_document, g_position,
                          l_place, l_value, l_qualifier, l_kind, e_command, e_type, e_effective_on, e_rest, d_event, d_document);
  end if;

  -- Number.
  if verdicts is null then
    positions := array(select head.last_position + generate_series(1, events));
  else
    select array_agg(n.position order by n.place), array_agg(n.nth order by n.place), count(n.position)
      into positions, nth, accepted
      from (select e.place,
                   case when e.is_accepted
                        then head.last_position + count(*) filter (where e.is_accepted) over (order by e.place) end as position,
                   (count(*) filter (where e.is_accepted) over (partition by e.stream order by e.place))::int as nth
              from (select u.place, u.stream, verdicts[u.command] is null as is_accepted
                      from unnest(e_command, e_stream) with ordinality u (command, stream, place)) e) n;
  end if;

  -- Record, set by set.
  if accepted > 0 then
    insert into events (ledger_id, position, stream, stream_version, type, effective_on, recorded_at, line, leaf_hash)
    select p_ledger, n.position, n.stream, n.stream_version, n.type, n.effective_on::date, now_, n.line,
           sha256('\x00'::bytea || convert_to(n.line, 'UTF8'))
      from (
        select e.*, '{"ledger":"' || p_ledger || '","position":' || e.position || ',"id":"' || e.id || '","type":"' || e.type
               || '","version":' || e.version || ',"stream":"' || e.stream || '","streamVersion":' || e.stream_version
               || ',"effectiveOn":"' || e.effective_on || '","recordedAt":"' || now_text || '",' || e.rest as line
          from (select u.*, s_stream[u.stream_place] as stream, head.newest[u.stream_place] + u.nth as stream_version
                  from (select unnest(positions) as position, unnest(nth) as nth, unnest(e_stream) as stream_place,
                               unnest(e_id) as id, unnest(e_type) as type, unnest(e_version) as version,
                               unnest(e_effective_on) as effective_on, unnest(e_rest) as rest) u
                 where u.position is not null offset 0) e
        offset 0 -- so that the line is made once, though it is used twice
      ) n;

    insert into event_documents (ledger_id, document, position)
    select p_ledger, d.document, d.position
      from (select positions[d.event] as position, d.document
              from (select unnest(d_event) as event, unnest(d_document) as document) d offset 0) d
     where d.position is not null;

    insert into commits (ledger_id, last_position, first_position, recorded_at)
    values (p_ledger, head.last_position + accepted, head.last_position + 1, now_);

    if has_period then
      insert into periods (ledger_id, position, closed_through)
      select p_ledger, e.position, (('{' || e.rest)::jsonb -> 'data' ->> 'closedThrough')::date
        from unnest(positions, e_type, e_rest) e (position, type, rest)
       where e.type in ('PeriodClosed', 'PeriodReopened') and e.position is not null;
    end if;

    insert into claims (ledger_id, value, position, document, qualifier, released)
    select p_ledger, l.value, l.position, d_document[l.place], l.qualifier, l.kind = 2
      from (select l.*, positions[d_event[l.place]] as position
              from (select unnest(l_place) as place, unnest(l_value) as value, unnest(l_qualifier) as qualifier,
                           unnest(l_kind) as kind) l offset 0) l
     where l.position is not null;
  end if;

  if shared then
    notices := array_fill(null::jsonb, array[cardinality(verdicts)]);
    for found_ in
      select l.command, jsonb_agg(jsonb_build_object('value', l.value, 'document', h.document)) as noticed
        from (select e_command[d_event[u.place]] as command, u.value, u.qualifier, positions[d_event[u.place]] as position
                from unnest(l_place, l_value, l_qualifier, l_kind) u (place, value, qualifier, kind)
               where u.kind <> 2) l
       cross join lateral (select log.holder_beside(p_ledger, l.value, l.qualifier, l.position) as document) h
       where l.position is not null and h.document is not null
       group by l.command
    loop
      notices[found_.command] := found_.noticed;
    end loop;
  end if;

  insert into receipts (ledger_id, key, request_hash, status, location, body, first_position, last_position, notices)
  select p_ledger, r.key, r.request_hash, r.status, r.location, r.body, positions[r.first], coalesce(positions[r.last], r.position),
         notices[r.command]
    from (select unnest(k_command) as command, unnest(k_key) as key, unnest(k_request_hash) as request_hash,
                 unnest(k_status) as status, unnest(k_location) as location, unnest(k_body) as body,
                 unnest(k_first) as first, unnest(k_last) as last, unnest(k_position) as position) r
   where r.status > 0 and verdicts[r.command] is null;
  get diagnostics kept = row_count;

  if verdicts is not null then
    select jsonb_agg(coalesce(o.verdict, jsonb_build_object('verdict', 'appended', 'notices', o.notices))
                     || jsonb_build_object('place', o.place)) into outcomes_
      from unnest(verdicts, notices) with ordinality o (verdict, notices, place)
     where o.verdict is not null or o.notices is not null;
  end if;

  -- Nothing was written for a batch that only asks, and it may be asked again.
  if accepted > 0 or kept > 0 or p_again then
    insert into batches (ledger_id, batch_id, first_position, recorded_at, outcomes)
    values (p_ledger, p_batch, head.last_position + 1, now_, outcomes_);
  end if;

  return query select head.last_position + 1, now_text, head.newest, outcomes_, floor(date_part('epoch', clock_timestamp()) * 1000)::bigint;
end
$$;

comment on function log.append is
  'Appends a batch of commands to one ledger under its lock, with a verdict per command. Called in autocommit.';

-- What is wrong with the commands of a batch: a verdict for each that can't be appended, null for the others. The arguments
-- are those of log.append, which calls it under the ledger's lock; e_command is the command of each event.
create function log.judge(
  p_ledger text, p_closed text, p_commands jsonb, k_command int[], k_key text[], k_request_hash text[],
  f_document text[], g_document text[], g_position bigint[],
  l_place int[], l_value text[], l_qualifier text[], l_kind smallint[],
  e_command int[], e_type text[], e_effective_on text[], e_rest text[], d_event int[], d_document text[]
) returns jsonb[]
language plpgsql stable set search_path = log, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
#variable_conflict use_column
declare
  verdicts jsonb[] := array_fill(null::jsonb, array[jsonb_array_length(p_commands)]);
  closed   text := p_closed;
  violated int[];
  hit      record;
  has_period constant boolean := e_type && array['PeriodClosed', 'PeriodReopened'];
  -- Whether commands of this batch claim the same value.
  is_alike constant boolean := (select count(*) > count(distinct l.value) from unnest(l_value) l (value));
begin
  for hit in
    select k.command, k.request_hash as expected, r.*
      from unnest(k_command, k_key, k_request_hash) k (command, key, request_hash)
     cross join lateral (select * from receipts r where r.ledger_id = p_ledger and r.key = k.key limit 1) r
  loop
    verdicts[hit.command] :=
      case when hit.request_hash <> hit.expected then jsonb_build_object('verdict', 'reused')
           else jsonb_build_object('verdict', 'replayed', 'status', hit.status, 'location', hit.location, 'body', hit.body,
                                   'last_position', hit.last_position, 'notices', hit.notices) end;
  end loop;

  violated := array(
    select g.place
      from unnest(f_document || g_document, array_fill(0::bigint, array[cardinality(f_document)]) || g_position)
           with ordinality g (document, position, place)
     where coalesce((select d.position from event_documents d where d.ledger_id = p_ledger and d.document = g.document
                      order by d.position desc limit 1), 0) <> g.position);
  if violated <> '{}' then
    for c in 1 .. cardinality(verdicts) loop
      if verdicts[c] is null and array(select jsonb_array_elements_text(p_commands -> (c - 1) -> 1)::int) && violated then
        verdicts[c] := jsonb_build_object('verdict', 'conflict');
      end if;
    end loop;
  end if;

  for hit in
    select e_command[d_event[l.place]] as command, h.document
      from unnest(l_place, l_value, l_qualifier, l_kind) l (place, value, qualifier, kind)
     cross join lateral (
           select k.document from claims k
            where k.ledger_id = p_ledger and k.value = l.value and k.qualifier = l.qualifier and not k.released
              and not exists (select from claims r
                               where r.ledger_id = p_ledger and r.value = k.value and r.document = k.document and r.released)
            order by k.position limit 1) h
     where l.kind = 1
  loop
    if verdicts[hit.command] is null then
      verdicts[hit.command] := jsonb_build_object('verdict', 'taken', 'detail', hit.document);
    end if;
  end loop;

  -- Where the batch itself closes or reopens a period, command by command below.
  if not has_period then
    for hit in
      select distinct e.command
        from unnest(e_command, e_type, e_effective_on) e (command, type, effective_on)
       where e.effective_on collate "C" <= closed and not log.is_exempt(e.type)
    loop
      if verdicts[hit.command] is null then
        verdicts[hit.command] := jsonb_build_object('verdict', 'closed', 'detail', closed);
      end if;
    end loop;
  end if;

  -- Within the batch: a closing or reopening holds for the commands behind it, the first of two commands that claim the same value has
  -- it, and what was decided on the events of a command that is not appended has to be decided again.
  for c in 1 .. cardinality(verdicts) loop
    if has_period and verdicts[c] is null and exists (
      select from unnest(e_command, e_type, e_effective_on) e (command, type, effective_on)
       where e.command = c and e.effective_on collate "C" <= closed and not log.is_exempt(e.type)
    ) then
      verdicts[c] := jsonb_build_object('verdict', 'closed', 'detail', closed);
    end if;
    if verdicts[c] is null and exists (
      select from jsonb_array_elements_text(p_commands -> (c - 1) -> 2) a (command) where verdicts[a.command::int] is not null
    ) then
      verdicts[c] := jsonb_build_object('verdict', 'conflict');
    end if;
    if is_alike and verdicts[c] is null then
      select d_document[earlier.place] as document into hit
        from unnest(l_place, l_value, l_qualifier, l_kind) mine (place, value, qualifier, kind)
        join unnest(l_place, l_value, l_qualifier, l_kind) earlier (place, value, qualifier, kind)
          on earlier.value = mine.value and earlier.qualifier = mine.qualifier
       where e_command[d_event[mine.place]] = c and mine.kind = 1
         and e_command[d_event[earlier.place]] < c and earlier.kind <> 2 and verdicts[e_command[d_event[earlier.place]]] is null
       limit 1;
      if found then
        verdicts[c] := jsonb_build_object('verdict', 'taken', 'detail', hit.document);
      end if;
    end if;
    if has_period and verdicts[c] is null then
      for hit in
        select ('{' || e.rest)::jsonb -> 'data' ->> 'closedThrough' as through
          from unnest(e_command, e_type, e_rest) e (command, type, rest)
         where e.command = c and e.type in ('PeriodClosed', 'PeriodReopened')
      loop
        closed := hit.through;
      end loop;
    end if;
  end loop;
  return verdicts;
end
$$;

-- The first document that held a value with another qualifier when the event at a position was recorded.
create function log.holder_beside(p_ledger text, p_value text, p_qualifier text, p_position bigint) returns text
language sql stable set search_path = log, pg_temp
as $$
  select k.document from claims k
   where k.ledger_id = p_ledger and k.value = p_value and k.qualifier <> p_qualifier and k.position < p_position and not k.released
     and not exists (select from claims r
                      where r.ledger_id = p_ledger and r.value = k.value and r.document = k.document and r.released
                        and r.position < p_position)
   order by k.position limit 1
$$;

-- The last position recorded by an instant. Waits for appends under way (share lock), which may have taken their instant
-- already: so nothing can still land at or below the answer. An instant later than the clock has no answer yet.
create function log.position_at(p_ledger text, p_instant timestamptz) returns bigint
language plpgsql security definer set search_path = log, pg_temp
as $$
begin
  perform from ledgers where ledger_id = p_ledger for share;
  if not found then
    raise exception 'no ledger %', p_ledger using errcode = 'DB404';
  end if;
  if p_instant > clock_timestamp() then
    raise exception 'the instant is in the future' using errcode = 'DB400';
  end if;
  return coalesce((select k.last_position from commits k
                    where k.ledger_id = p_ledger and k.recorded_at <= p_instant
                    order by k.last_position desc limit 1), 0);
end
$$;

-- A key for the prints of requests, the same for every instance on this database.
create table log.installation (
  ledger_id   text collate "C" not null default '_installation',
  request_key bytea not null,
  primary key (ledger_id)
);
insert into log.installation (request_key)
values (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

-- The second wall, for roles that own the tables: what was recorded is never updated or deleted.
create function log.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the log is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;

do $$
declare
  t text;
begin
  foreach t in array array['ledgers', 'events', 'event_documents', 'commits', 'claims', 'receipts', 'batches', 'periods', 'installation'] loop
    execute format('create trigger append_only before update or delete or truncate on log.%I for each statement execute function log.refuse_change()', t);
  end loop;
end
$$;

-- Rights. The log belongs to an owner that can't log in; the application may read it and call its functions, and that
-- is all: not even insert, since a line could be written past the hashing.
do $$
declare
  r text;
  o record;
begin
  begin
    foreach r in array array['duebook_owner', 'duebook_app'] loop
      begin
        execute format('create role %I nologin', r);
      exception when duplicate_object or unique_violation then null;
      end;
    end loop;
    execute format('grant duebook_owner, duebook_app to %I', current_user);
  exception when insufficient_privilege then
    raise notice 'the roles duebook_owner and duebook_app could not be made or granted: have an administrator create them, then the log can belong to an owner that nobody can log in as';
  end;

  if exists (select from pg_roles where rolname = 'duebook_owner') and pg_has_role(current_user, 'duebook_owner', 'member') then
    -- An owner needs the right to create in the schema while it is given the objects.
    grant usage, create on schema log to duebook_owner;
    for o in select c.relname from pg_class c where c.relnamespace = 'log'::regnamespace and c.relkind = 'r' loop
      execute format('alter table log.%I owner to duebook_owner', o.relname);
    end loop;
    for o in select p.oid::regprocedure as signature from pg_proc p where p.pronamespace = 'log'::regnamespace loop
      execute format('alter function %s owner to duebook_owner', o.signature);
    end loop;
    alter schema log owner to duebook_owner;
  end if;

  revoke all on schema log from public;
  revoke all on all tables in schema log from public;
  revoke all on all functions in schema log from public;
  if exists (select from pg_roles where rolname = 'duebook_app') then
    grant usage on schema log to duebook_app;
    grant select on all tables in schema log to duebook_app;
    grant execute on all functions in schema log to duebook_app;
  end if;
end
$$;
