-- The books: tables that reports read, folded from the log by one worker pass. Every row bears the position that made it,
-- and the generation that it belongs to: a rebuilt generation is filled beside the live one and then named live.

create schema books;

-- Which generation reports read.
create table books.live (
  ledger_id  text collate "C" not null,
  generation int not null,
  primary key (ledger_id)
);

-- How far a generation is folded, and who may fold on until when.
create table books.checkpoints (
  ledger_id    text collate "C" not null,
  generation   int not null,
  position     bigint not null,
  recorded_at  timestamptz,
  lease_holder text,
  lease_until  timestamptz,
  primary key (ledger_id, generation)
);

-- Changes of what we owe: a report as of D, known at position P, is a sum over effective_on <= D and position <= P.
-- Credit on account is below zero. Amounts are in minor units.
create table books.subledger_lines (
  ledger_id       text collate "C" not null,
  generation      int not null,
  position        bigint not null,
  line            int not null,
  effective_on    date not null,
  currency        text collate "C" not null,
  vendor_id       text collate "C" not null,
  item_type       text collate "C" not null,
  item_id         text collate "C" not null,
  document_date   date not null,
  original_due_on date not null,
  due_on          date not null,
  planned_on      date not null,
  owed            bigint not null,
  held            bigint not null,
  disputed        bigint not null,
  -- An invoice's own kind; where there is none the vendor's counts.
  kind            text collate "C",
  primary key (ledger_id, generation, position, line)
);

create table books.journal_lines (
  ledger_id    text collate "C" not null,
  generation   int not null,
  position     bigint not null,
  line         int not null,
  effective_on date not null,
  event_type   text collate "C" not null,
  item_type    text collate "C" not null,
  item_id      text collate "C" not null,
  vendor_id    text collate "C" not null,
  account      text collate "C" not null,
  currency     text collate "C" not null,
  debit        bigint not null,
  credit       bigint not null,
  primary key (ledger_id, generation, position, line)
);
create index journal_lines_by_vendor on books.journal_lines (ledger_id, generation, vendor_id, effective_on, position);

-- Names and kinds as they were known at each position.
create table books.vendor_facts (
  ledger_id  text collate "C" not null,
  generation int not null,
  vendor_id  text collate "C" not null,
  position   bigint not null,
  name       text not null,
  kind       text collate "C" not null,
  primary key (ledger_id, generation, vendor_id, position)
);

-- The documents as they stand, for lists and for what never changes about a document (its number, its dates).
create table books.documents (
  ledger_id     text collate "C" not null,
  generation    int not null,
  kind          text collate "C" not null,
  id            text collate "C" not null,
  made_at       bigint not null,
  position      bigint not null,
  vendor_id     text collate "C",
  number        text,
  status        text collate "C",
  due_on        date,
  search        text not null,
  primary key (ledger_id, generation, kind, id)
);
create index documents_in_order on books.documents (ledger_id, generation, kind, made_at, id);
create index documents_by_vendor on books.documents (ledger_id, generation, kind, vendor_id, made_at, id);

do $$
declare
  t text;
begin
  if exists (select from pg_roles where rolname = 'duebook_app') and pg_has_role(current_user, 'duebook_app', 'member') then
    grant usage, create on schema books to duebook_app;
    for t in select c.relname from pg_class c where c.relnamespace = 'books'::regnamespace and c.relkind = 'r' loop
      execute format('alter table books.%I owner to duebook_app', t);
    end loop;
    alter schema books owner to duebook_app;
  end if;

  -- So that an instance without the owner's rights can see that the schema is up to date.
  if exists (select from pg_roles where rolname = 'duebook_app') and to_regclass('migrations') is not null then
    grant select on migrations to duebook_app;
  end if;
end
$$;
