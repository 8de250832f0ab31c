-- When each API token was last used. Not part of the log: it is written over, and nothing rests on it.
create table books.token_uses (
  ledger_id    text collate "C" not null,
  token_id     text collate "C" not null,
  last_used_at timestamptz not null,
  primary key (ledger_id, token_id)
);

do $$
begin
  if exists (select from pg_roles where rolname = 'duebook_app') and pg_has_role(current_user, 'duebook_app', 'member') then
    alter table books.token_uses owner to duebook_app;
  end if;
end
$$;
