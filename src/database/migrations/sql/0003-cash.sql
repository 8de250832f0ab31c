-- What cash plans are made from, beside the open amounts: rows of the same books, folded in the same pass. Every row
-- bears the position that made it, so that a plan can be made as of any day, as known at any position.

-- What not paying a vendor, or one invoice of theirs, costs. Of a vendor itself: invoice_id is empty. In force on a day is
-- the row with the latest effective_on up to it, and of these the one recorded last.
create table books.consequences (
  ledger_id    text collate "C" not null,
  generation   int not null,
  vendor_id    text collate "C" not null,
  invoice_id   text collate "C" not null,
  effective_on date not null,
  position     bigint not null,
  -- JSON: the keys that the event has, and its source.
  consequences text not null,
  primary key (ledger_id, generation, vendor_id, invoice_id, effective_on, position)
);

-- Alternative schedules that creditors offer.
create table books.offers (
  ledger_id     text collate "C" not null,
  generation    int not null,
  position      bigint not null,
  offer_id      text collate "C" not null,
  invoice_id    text collate "C" not null,
  currency      text collate "C" not null,
  cost          bigint not null,
  cures_cutoffs boolean not null,
  -- JSON: days and amounts as the event has them.
  schedule      text not null,
  expires_on    date,
  primary key (ledger_id, generation, position)
);

-- What is on an account at the start of a day, in minor units.
create table books.cash_balances (
  ledger_id  text collate "C" not null,
  generation int not null,
  currency   text collate "C" not null,
  account    text collate "C" not null,
  stated_on  date not null,
  position   bigint not null,
  balance    bigint not null,
  primary key (ledger_id, generation, currency, account, stated_on, position)
);

-- Cash that is expected, and, as further rows, what is expected no more: there amount is null.
create table books.cash_expectations (
  ledger_id      text collate "C" not null,
  generation     int not null,
  expectation_id text collate "C" not null,
  position       bigint not null,
  direction      text collate "C",
  expected_on    date,
  amount         bigint,
  currency       text collate "C",
  certainty      text collate "C",
  vendor_id      text collate "C",
  category       text,
  description    text,
  primary key (ledger_id, generation, expectation_id, position)
);

-- The settlement discounts of invoices, by the terms of the day on which each was posted.
create table books.settlement_discounts (
  ledger_id  text collate "C" not null,
  generation int not null,
  invoice_id text collate "C" not null,
  position   bigint not null,
  until      date not null,
  percent    text collate "C" not null,
  primary key (ledger_id, generation, invoice_id)
);

-- Plans as lists show them: the texts of the plans themselves stay in the log.
create table books.cash_plans (
  ledger_id  text collate "C" not null,
  generation int not null,
  plan_id    text collate "C" not null,
  position   bigint not null,
  -- JSON: what the event says of it, without the long texts.
  facts      text not null,
  primary key (ledger_id, generation, plan_id)
);

-- What went out of our accounts and came back, by day: few of the journal's lines, asked for by account.
create index journal_lines_of_cash on books.journal_lines (ledger_id, generation, currency, account, effective_on)
 where account = 'cash' or account like 'cash:%';

do $$
declare
  t text;
begin
  if exists (select from pg_roles where rolname = 'duebook_app') and pg_has_role(current_user, 'duebook_app', 'member') then
    foreach t in array array['consequences', 'offers', 'cash_balances', 'cash_expectations', 'settlement_discounts', 'cash_plans'] loop
      execute format('alter table books.%I owner to duebook_app', t);
    end loop;
  end if;
end
$$;
