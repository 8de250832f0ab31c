-- The chart of accounts of a ledger, and what the accounts of the journal stand for where it changes the default chart.

-- What was said of accounts, in the order of recording. JSON, as the event has it.
create table books.accounts (
  ledger_id  text collate "C" not null,
  generation int not null,
  position   bigint not null,
  facts      text not null,
  primary key (ledger_id, generation, position)
);

-- The account of the default chart in whose place this one is; null where it is that one, or one that a line names. So
-- what stood in the books before there was a chart stays as it is.
alter table books.journal_lines add column stands_for text collate "C";

-- As for those of the default chart.
create index journal_lines_of_other_cash on books.journal_lines (ledger_id, generation, currency, stands_for, effective_on)
 where stands_for = 'cash' or stands_for like 'cash:%';

do $$
begin
  if exists (select from pg_roles where rolname = 'duebook_app') and pg_has_role(current_user, 'duebook_app', 'member') then
    alter table books.accounts owner to duebook_app;
  end if;
end
$$;
