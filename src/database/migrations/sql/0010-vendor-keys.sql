-- The key of each vendor, wrapped by the master key, which is not in the database. Not part of the log: destroying a row
-- makes unreadable what was sealed with it, and changes no line.
create table books.vendor_keys (
  ledger_id text collate "C" not null,
  vendor_id text collate "C" not null,
  key_id    text collate "C" not null,
  wrapped   bytea not null,
  primary key (ledger_id, vendor_id)
);

do $$
begin
  if exists (select from pg_roles where rolname = 'duebook_app') and pg_has_role(current_user, 'duebook_app', 'member') then
    alter table books.vendor_keys owner to duebook_app;
  end if;
end
$$;
