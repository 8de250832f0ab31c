-- Holds, with their reasons, for cash plans: a held bill can be paid from the day on which its hold ends. A release is a
-- row without a reason.
create table books.holds (
  ledger_id    text collate "C" not null,
  generation   int not null,
  invoice_id   text collate "C" not null,
  position     bigint not null,
  effective_on date not null,
  until        date,
  reason       text,
  primary key (ledger_id, generation, invoice_id, position)
);

-- The books go on from where they are, so what they have passed already is put in here.
insert into books.holds (ledger_id, generation, invoice_id, position, effective_on, until, reason)
select ledger_id, generation, data ->> 'invoiceId', position, (data ->> 'on')::date, (data ->> 'until')::date,
       case type when 'InvoiceHeld' then data ->> 'reason' end
  from (select e.ledger_id, c.generation, e.position, e.type, e.line::jsonb -> 'data' as data
          from books.checkpoints c
          join log.events e on e.ledger_id = c.ledger_id and e.position <= c.position
         where e.type in ('InvoiceHeld', 'InvoiceReleased')) passed;

-- Plans that were asked for and are not recorded yet: any instance may answer for them, end them, or take over those of
-- an instance that died. What is recorded is in the log, and has no row here.
create table books.plan_jobs (
  ledger_id     text collate "C" not null,
  plan_id       text collate "C" not null,
  status        text collate "C" not null,
  -- A print of the request: whoever sends the same again waits for the same plan.
  request_print text collate "C" not null,
  request_key   text collate "C",
  -- JSON: who asked, for what, and the moment that the plan is of.
  job           text not null,
  -- How often an instance has begun: a plan that kills those who compute it is given up.
  attempts      int not null,
  holder        uuid,
  held_until    timestamptz,
  changed_at    timestamptz not null,
  -- JSON: why it failed.
  problem       text,
  primary key (ledger_id, plan_id)
);

-- Of two requests with one key at two instances, one makes the plan.
create unique index plan_jobs_by_key on books.plan_jobs (ledger_id, request_key)
 where request_key is not null and status in ('queued', 'running', 'recording');

do $$
begin
  if exists (select from pg_roles where rolname = 'duebook_app') and pg_has_role(current_user, 'duebook_app', 'member') then
    alter table books.holds owner to duebook_app;
    alter table books.plan_jobs owner to duebook_app;
  end if;
end
$$;
