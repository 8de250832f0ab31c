-- What finds the events that GET /events is asked for, so that no filter has to look through a whole log. The filters by
-- document and by vendor have the keys of log.event_documents and the streams of log.events; these are for the others.

create index events_by_type on log.events (ledger_id, type, position);

-- By who recorded it, which stands on the line alone: between `"actor":{"id":"` and `","role":`, as JSON writes it. What
-- comes before it on a line has no quotation marks in it, and an id has them escaped.
create index events_by_actor on log.events (
  ledger_id, (split_part(split_part(line, '"actor":{"id":"', 2), '","role":', 1) collate "C"), position
);

-- Which position an instant comes to: instants never decrease along positions.
create index commits_by_instant on log.commits (ledger_id, recorded_at, last_position);

-- How many events a stream had at a position. Versions count up along positions, so that halving finds it: an index
-- for it would cost every append.
create function log.stream_version_at(p_ledger text, p_stream text, p_position bigint) returns bigint
language plpgsql stable set search_path = log, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
declare
  low    bigint := 0;
  high   bigint := coalesce((select e.stream_version from events e where e.ledger_id = p_ledger and e.stream = p_stream
                              order by e.stream_version desc limit 1), 0);
  middle bigint;
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select e.position from events e
         where e.ledger_id = p_ledger and e.stream = p_stream and e.stream_version = middle) <= p_position then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return low;
end
$$;

-- The last position recorded by an instant, as before (0001), and now by the index above.
create or replace function log.position_at(p_ledger text, p_instant timestamptz) returns bigint
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
                    order by k.recorded_at desc, k.last_position desc limit 1), 0);
end
$$;

do $$
begin
  revoke all on function log.stream_version_at from public;
  if exists (select from pg_roles where rolname = 'duebook_owner') and pg_has_role(current_user, 'duebook_owner', 'member') then
    alter function log.stream_version_at owner to duebook_owner;
  end if;
  if exists (select from pg_roles where rolname = 'duebook_app') then
    grant execute on function log.stream_version_at to duebook_app;
  end if;
end
$$;
