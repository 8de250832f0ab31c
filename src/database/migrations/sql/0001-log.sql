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

-- What was answered, by key of the request. Positions and notices are what only the log knew.
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
-- Arguments are columns of lists: c_ commands, g_ guards, l_ claims, s_ streams, e_ events, d_ documents of events.
-- They refer to each other by place, from 1 on. c_guards holds array literals of guards; c_after of the earlier commands
-- of this batch on whose events a command was decided. A command without events confirms what its answer rests on;
-- c_keep says whether the answer is to be kept (a refusal is not). s_version is the newest version of a stream that the
-- caller knows of, 0 if it knows none: a hint from where to look for the newest there is.
--
-- As a rule every command is appended, in order from first_position on, and outcomes is null. Else it has an element per
-- command of which there is something to say, with its place: a verdict other than "appended", or the other documents
-- that hold what it claims ("notices"). Verdicts: appended | replayed (the receipt is beside it) | reused (the key came
-- with another request) | conflict (a document has events that the decision did not know) | taken (by the document in
-- detail) | closed (through the day in detail).
--
-- How it is written matters for speed, since all of a ledger's writers wait for it:
-- - Every look-up is a subquery with a limit, for each element by itself, so that there is no other way than the index:
--   plans are made once per connection, when the tables may be empty, and a join could be planned as a scan.
-- - No just-in-time compilation: where the server has it (Debian's 15 to 17), scans that are turned off look so dear to
--   it that it compiles every statement of every batch, for tens of milliseconds each.
-- - Lists are unnested in the select list, not in FROM, where each would be written to a temporary store first.
create function log.append(
  p_ledger text, p_open boolean,
  c_key text[], c_request_hash text[], c_status smallint[], c_location text[], c_body text[], c_position bigint[],
  c_after text[], c_guards text[], c_keep boolean[],
  g_document text[], g_position bigint[],
  l_command int[], l_document text[], l_value text[], l_qualifier text[], l_exclusive boolean[], l_released boolean[],
  s_stream text[], s_version bigint[],
  e_command int[], e_id text[], e_type text[], e_version int[], e_stream int[], e_effective_on text[], e_rest text[],
  d_event int[], d_document text[]
) returns table (first_position bigint, recorded_at text, stream_versions bigint[], outcomes jsonb)
language plpgsql security definer set search_path = log, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
as $$
#variable_conflict use_column
declare
  commands   constant int := cardinality(c_key);
  head       record;
  before     bigint;
  head_position bigint;
  now_       timestamptz;
  now_text   text;
  closed     text;
  hit        record;
  -- By command: what became of it if it is not appended, first and last position, who else holds what it claims.
  verdicts   jsonb[] := array_fill(null::jsonb, array[commands]);
  firsts     bigint[] := array_fill(null::bigint, array[commands]);
  lasts      bigint[] := c_position;
  notices    jsonb[] := array_fill(null::jsonb, array[commands]);
  -- By event.
  positions  bigint[] := array_fill(null::bigint, array[cardinality(e_command)]);
  versions   bigint[] := array_fill(null::bigint, array[cardinality(e_command)]);
  -- By stream.
  newest     bigint[];
  all_good   boolean := true;
  shared     boolean;
  has_period boolean;
  violated   int[];
  c          int;
begin
  if p_open then
    insert into ledgers (ledger_id) values (p_ledger) on conflict do nothing;
  end if;
  perform from ledgers where ledger_id = p_ledger for no key update;
  if not found then
    raise exception 'no ledger %', p_ledger using errcode = 'DB404';
  end if;

  select k.last_position, k.recorded_at into head
    from commits k where k.ledger_id = p_ledger order by k.last_position desc limit 1;
  before := coalesce(head.last_position, 0);
  head_position := before;

  -- The database's clock, but never backwards: a report as known at T cuts the log at one place.
  -- Taken after the lock, once per batch, so that it cuts no command in half.
  now_ := greatest(clock_timestamp(), head.recorded_at + interval '1 microsecond');
  now_text := to_char(now_ at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

  -- Judge. Each of these reads finds nothing as a rule.
  for hit in
    select k.place, r.*
      from (select unnest(c_key) as key, generate_series(1, commands) as place) k
     cross join lateral (select * from receipts r where r.ledger_id = p_ledger and r.key = k.key limit 1) r
  loop
    all_good := false;
    verdicts[hit.place] :=
      case when hit.request_hash <> c_request_hash[hit.place] then jsonb_build_object('verdict', 'reused')
           else jsonb_build_object('verdict', 'replayed', 'status', hit.status, 'location', hit.location, 'body', hit.body,
                                   'last_position', hit.last_position, 'notices', hit.notices) end;
  end loop;

  select array_agg(g.place) into violated
    from (select unnest(g_document) as document, unnest(g_position) as position,
                 generate_series(1, cardinality(g_document)) as place) g
   where (select true from event_documents d
           where d.ledger_id = p_ledger and d.document = g.document and d.position > g.position limit 1);
  if violated is not null then
    all_good := false;
    for c in 1 .. commands loop
      if verdicts[c] is null and c_guards[c]::int[] && violated then
        verdicts[c] := jsonb_build_object('verdict', 'conflict');
      end if;
    end loop;
  end if;

  -- Whether any value that is claimed here was ever claimed before, or twice in this batch.
  shared := exists (select from (select unnest(l_value) as value) l
                     where (select true from claims k where k.ledger_id = p_ledger and k.value = l.value limit 1))
         or (select count(*) > count(distinct l.value) from (select unnest(l_value) as value) l);

  if shared then
    for hit in
      select l.command, h.document
        from unnest(l_command, l_value, l_qualifier, l_exclusive) l (command, value, qualifier, exclusive)
       cross join lateral (
             select k.document from claims k
              where k.ledger_id = p_ledger and k.value = l.value and k.qualifier = l.qualifier and not k.released
                and not exists (select from claims r
                                 where r.ledger_id = p_ledger and r.value = k.value and r.document = k.document and r.released)
              order by k.position limit 1) h
       where l.exclusive
    loop
      all_good := false;
      if verdicts[hit.command] is null then
        verdicts[hit.command] := jsonb_build_object('verdict', 'taken', 'detail', hit.document);
      end if;
    end loop;
  end if;

  -- Days as text: in ISO 8601 their order is that of the text.
  select p.closed_through::text into closed
    from periods p where p.ledger_id = p_ledger order by p.position desc limit 1;
  if exists (select from (select unnest(e_effective_on) as day) e where e.day collate "C" <= closed) then
    for hit in
      select distinct e.command
        from unnest(e_command, e_type, e_effective_on) e (command, type, effective_on)
       where e.effective_on collate "C" <= closed
         and not log.is_exempt(e.type)
    loop
      all_good := false;
      if verdicts[hit.command] is null then
        verdicts[hit.command] := jsonb_build_object('verdict', 'closed', 'detail', closed);
      end if;
    end loop;
  end if;

  -- Within the batch: the first of two commands that claim the same value has it, and what was decided on the events
  -- of a command that is not appended has to be decided again.
  has_period := e_type && array['PeriodClosed', 'PeriodReopened'];
  if shared or has_period or not all_good then
    for c in 1 .. commands loop
      -- A closing holds for the commands behind it in the same batch.
      if has_period and verdicts[c] is null and exists (
        select from unnest(e_command, e_type, e_effective_on) e (command, type, effective_on)
         where e.command = c and e.effective_on collate "C" <= closed and not log.is_exempt(e.type)
      ) then
        all_good := false;
        verdicts[c] := jsonb_build_object('verdict', 'closed', 'detail', closed);
      end if;
      if verdicts[c] is null and c_after[c] <> '{}'
         and exists (select from unnest(c_after[c]::int[]) a (command) where verdicts[a.command] is not null) then
        verdicts[c] := jsonb_build_object('verdict', 'conflict');
      end if;
      if shared and verdicts[c] is null then
        select earlier.document into hit
          from unnest(l_command, l_value, l_qualifier, l_exclusive) mine (command, value, qualifier, exclusive)
          join unnest(l_command, l_value, l_qualifier, l_document, l_released) earlier (command, value, qualifier, document, released)
            on earlier.value = mine.value and earlier.qualifier = mine.qualifier and earlier.command < mine.command
         where mine.command = c and mine.exclusive and not earlier.released and verdicts[earlier.command] is null
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
  end if;

  -- Number.
  select array_agg(coalesce((select x.stream_version from events x
                              where x.ledger_id = p_ledger and x.stream = s.stream and x.stream_version >= s.version
                              order by x.stream_version desc limit 1),
                            (select x.stream_version from events x
                              where x.ledger_id = p_ledger and x.stream = s.stream
                              order by x.stream_version desc limit 1), 0)) into newest
    from (select unnest(s_stream) as stream, unnest(s_version) as version) s;
  for i in 1 .. cardinality(e_command) loop
    c := e_command[i];
    if verdicts[c] is null then
      head_position := head_position + 1;
      positions[i] := head_position;
      newest[e_stream[i]] := newest[e_stream[i]] + 1;
      versions[i] := newest[e_stream[i]];
      if firsts[c] is null then firsts[c] := head_position; end if;
      lasts[c] := head_position;
    end if;
  end loop;

  -- Record, set by set.
  if head_position > before then
    insert into events (ledger_id, position, stream, stream_version, type, effective_on, recorded_at, line, leaf_hash)
    select p_ledger, n.position, n.stream, n.stream_version, n.type, n.effective_on::date, now_, n.line,
           sha256('\x00'::bytea || convert_to(n.line, 'UTF8'))
      from (
        select e.*, '{"ledger":"' || p_ledger || '","position":' || e.position || ',"id":"' || e.id || '","type":"' || e.type
               || '","version":' || e.version || ',"stream":"' || e.stream || '","streamVersion":' || e.stream_version
               || ',"effectiveOn":"' || e.effective_on || '","recordedAt":"' || now_text || '",' || e.rest as line
          from (select u.*, s_stream[u.stream_place] as stream
                  from (select unnest(positions) as position, unnest(versions) as stream_version, unnest(e_stream) as stream_place,
                               unnest(e_id) as id, unnest(e_type) as type, unnest(e_version) as version,
                               unnest(e_effective_on) as effective_on, unnest(e_rest) as rest) u
                 where u.position is not null offset 0) e
        offset 0 -- so that the line is made once, though it is used twice
      ) n;

    insert into event_documents (ledger_id, document, position)
    select p_ledger, d.document, positions[d.event]
      from (select unnest(d_event) as event, unnest(d_document) as document) d
     where positions[d.event] is not null;

    insert into commits (ledger_id, last_position, first_position, recorded_at)
    values (p_ledger, head_position, before + 1, now_);

    if has_period then
      insert into periods (ledger_id, position, closed_through)
      select p_ledger, e.position, (('{' || e.rest)::jsonb -> 'data' ->> 'closedThrough')::date
        from unnest(positions, e_type, e_rest) e (position, type, rest)
       where e.type in ('PeriodClosed', 'PeriodReopened') and e.position is not null;
    end if;

    insert into claims (ledger_id, value, position, document, qualifier, released)
    select p_ledger, l.value, firsts[l.command], l.document, l.qualifier, l.released
      from (select unnest(l_command) as command, unnest(l_document) as document, unnest(l_value) as value,
                   unnest(l_qualifier) as qualifier, unnest(l_released) as released) l
     where verdicts[l.command] is null;
  end if;

  if shared then
    for hit in
      select l.command, jsonb_agg(jsonb_build_object('value', l.value, 'document', h.document)) as noticed
        from unnest(l_command, l_value, l_qualifier, l_released) l (command, value, qualifier, released)
       cross join lateral (select log.holder_beside(p_ledger, l.value, l.qualifier, firsts[l.command]) as document) h
       where not l.released and verdicts[l.command] is null and h.document is not null
       group by l.command
    loop
      notices[hit.command] := hit.noticed;
    end loop;
  end if;

  insert into receipts (ledger_id, key, request_hash, status, location, body, first_position, last_position, notices)
  select p_ledger, r.key, r.request_hash, r.status, r.location, r.body, r.first_position, r.last_position, r.notices
    from (select unnest(c_key) as key, unnest(c_request_hash) as request_hash, unnest(c_status) as status,
                 unnest(c_location) as location, unnest(c_body) as body, unnest(firsts) as first_position,
                 unnest(lasts) as last_position, unnest(notices) as notices, unnest(verdicts) as verdict,
                 unnest(c_keep) as keep) r
   where r.verdict is null and r.keep;

  return query
  select before + 1, now_text, newest,
         case when shared or not all_good then
           (select jsonb_agg(coalesce(o.verdict, jsonb_build_object('verdict', 'appended', 'notices', o.notices))
                             || jsonb_build_object('place', o.place))
              from (select unnest(verdicts) as verdict, unnest(notices) as notices, generate_series(1, commands) as place) o
             where o.verdict is not null or o.notices is not null)
         end;
end
$$;

comment on function log.append is
  'Appends a batch of commands to one ledger under its lock, with a verdict per command. Called in autocommit.';

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
  foreach t in array array['ledgers', 'events', 'event_documents', 'commits', 'claims', 'receipts', 'periods', 'installation'] loop
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
