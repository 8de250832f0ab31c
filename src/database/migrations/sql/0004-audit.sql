-- The proof of the log: the Merkle tree over its lines (RFC 6962), the checkpoints that commit to it, and what was signed.
-- Like the log itself: only ever added to, and only by the functions below.

-- Under which name a ledger's checkpoints are signed. A log that was set back to an earlier state can't go on under the
-- name under which more was signed already: an operator opens the next epoch.
create table log.epochs (
  ledger_id text collate "C" not null,
  epoch     int not null,
  origin    text collate "C" not null,
  -- How long the log was when the epoch was opened.
  size      bigint not null,
  -- What the operator signed when opening it; the first epoch and that of an import need none.
  statement text,
  opened_at timestamptz not null,
  primary key (ledger_id, epoch)
);

-- Full tiles: 256 hashes in a row of subtrees of 256^level lines. Level 0 has the hashes of the lines, and the root over
-- a tile is one of the hashes of the level above.
create table log.tiles (
  ledger_id text collate "C" not null,
  level     int not null,
  index     bigint not null,
  root      bytea not null,
  hashes    bytea not null,
  primary key (ledger_id, level, index)
);

-- The tree at each size that was committed to, before anything is signed. Each continues exactly one other: of two
-- sealers that continue the same one, the second finds it taken.
create table log.checkpoints (
  ledger_id     text collate "C" not null,
  size          bigint not null,
  previous_size bigint not null,
  epoch         int not null,
  root          bytea not null,
  -- The hashes of the lines since the checkpoint before: they tell which line it is that was changed.
  leaves        bytea not null,
  sealed_at     timestamptz not null,
  primary key (ledger_id, size)
);
create unique index checkpoints_by_previous on log.checkpoints (ledger_id, previous_size);

-- Signed notes, and the keys that they can be checked with.
create table log.signed_checkpoints (
  ledger_id text collate "C" not null,
  size      bigint not null,
  key       text collate "C" not null,
  note      text not null,
  primary key (ledger_id, size, key)
);
create table log.verifier_keys (
  ledger_id  text collate "C" not null,
  key        text collate "C" not null,
  first_size bigint not null,
  primary key (ledger_id, key)
);

-- Signed checkpoints, found outside the database, that the log contradicts: more was signed than is here. As long as no
-- later epoch is opened, nothing more is recorded.
create table log.set_backs (
  ledger_id text collate "C" not null,
  epoch     int not null,
  size      bigint not null,
  origin    text collate "C" not null,
  root      bytea not null,
  found_at  timestamptz not null,
  primary key (ledger_id, epoch, size)
);

-- Opens the epoch after the newest one. Does nothing if it is open already.
create function log.open_epoch(p_ledger text, p_epoch int, p_origin text, p_size bigint, p_statement text) returns boolean
language plpgsql security definer set search_path = log, pg_temp
as $$
begin
  if p_epoch <= (select e.epoch from epochs e where e.ledger_id = p_ledger order by e.epoch desc limit 1) then
    return false;
  end if;
  insert into epochs (ledger_id, epoch, origin, size, statement, opened_at)
  values (p_ledger, p_epoch, p_origin, p_size, p_statement, clock_timestamp())
  on conflict do nothing;
  return found;
end
$$;

-- Commits to the tree of the first p_size lines, with the tiles that have filled up since the checkpoint before. False if
-- another sealer has continued that one already, or a later epoch was opened.
create function log.seal(
  p_ledger text, p_previous bigint, p_size bigint, p_epoch int, p_root bytea, p_leaves bytea,
  t_level int[], t_index bigint[], t_root bytea[], t_hashes bytea[]
) returns boolean
language plpgsql security definer set search_path = log, pg_temp
as $$
begin
  if p_epoch is distinct from (select e.epoch from epochs e where e.ledger_id = p_ledger order by e.epoch desc limit 1) then
    return false;
  end if;
  if p_previous > 0 and not exists (select from checkpoints c where c.ledger_id = p_ledger and c.size = p_previous) then
    raise exception 'no checkpoint at % to continue', p_previous;
  end if;
  if p_size <= p_previous or p_size > (select k.last_position from commits k where k.ledger_id = p_ledger
                                        order by k.last_position desc limit 1) then
    raise exception 'no checkpoint at %', p_size;
  end if;
  insert into checkpoints (ledger_id, size, previous_size, epoch, root, leaves, sealed_at)
  values (p_ledger, p_size, p_previous, p_epoch, p_root, p_leaves, clock_timestamp())
  on conflict do nothing;
  if not found then
    return false;
  end if;
  insert into tiles (ledger_id, level, index, root, hashes)
  select p_ledger, t.level, t.index, t.root, t.hashes
    from unnest(t_level, t_index, t_root, t_hashes) t (level, index, root, hashes);
  return true;
end
$$;

-- Keeps what was signed of a checkpoint, and the key.
create function log.keep_note(p_ledger text, p_size bigint, p_key text, p_note text) returns void
language sql security definer set search_path = log, pg_temp
as $$
  insert into verifier_keys (ledger_id, key, first_size) values (p_ledger, p_key, p_size) on conflict do nothing;
  insert into signed_checkpoints (ledger_id, size, key, note) values (p_ledger, p_size, p_key, p_note) on conflict do nothing;
$$;

-- Keeps a signed checkpoint that the log contradicts, for all instances to see.
create function log.record_set_back(p_ledger text, p_epoch int, p_size bigint, p_origin text, p_root bytea) returns void
language sql security definer set search_path = log, pg_temp
as $$
  insert into set_backs (ledger_id, epoch, size, origin, root, found_at)
  values (p_ledger, p_epoch, p_size, p_origin, p_root, clock_timestamp()) on conflict do nothing;
$$;

-- Who seals a ledger until when. A lease that is lost costs work done twice and nothing else.
create table books.sealers (
  ledger_id    text collate "C" not null,
  lease_holder text not null,
  lease_until  timestamptz not null,
  primary key (ledger_id)
);

do $$
declare
  t text;
  f text;
begin
  foreach t in array array['epochs', 'tiles', 'checkpoints', 'signed_checkpoints', 'verifier_keys', 'set_backs'] loop
    execute format('create trigger append_only before update or delete or truncate on log.%I for each statement execute function log.refuse_change()', t);
    execute format('revoke all on log.%I from public', t);
    if exists (select from pg_roles where rolname = 'duebook_owner') and pg_has_role(current_user, 'duebook_owner', 'member') then
      execute format('alter table log.%I owner to duebook_owner', t);
    end if;
    if exists (select from pg_roles where rolname = 'duebook_app') then
      execute format('grant select on log.%I to duebook_app', t);
    end if;
  end loop;
  foreach f in array array['open_epoch', 'seal', 'keep_note', 'record_set_back'] loop
    execute format('revoke all on function log.%I from public', f);
    if exists (select from pg_roles where rolname = 'duebook_owner') and pg_has_role(current_user, 'duebook_owner', 'member') then
      execute format('alter function log.%I owner to duebook_owner', f);
    end if;
    if exists (select from pg_roles where rolname = 'duebook_app') then
      execute format('grant execute on function log.%I to duebook_app', f);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'duebook_app') and pg_has_role(current_user, 'duebook_app', 'member') then
    alter table books.sealers owner to duebook_app;
  end if;
end
$$;
