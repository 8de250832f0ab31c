-- Who did what about which invoice, so that it can be told where one person did what two should; and what the ledger asks
-- for before a bill is paid, for cash plans.

create table books.duties (
  ledger_id    text collate "C" not null,
  generation   int not null,
  position     bigint not null,
  line         int not null,
  effective_on date not null,
  duty         text collate "C" not null,
  person_id    text collate "C" not null,
  vendor_id    text collate "C" not null,
  invoice_id   text collate "C",
  -- Of an invoice as it was posted, in minor units: on the row of its posting only.
  currency     text collate "C",
  amount       bigint,
  primary key (ledger_id, generation, position, line)
);
create index duties_by_invoice on books.duties (ledger_id, generation, invoice_id, position);

-- The policies, each in force from its position to the next one. JSON, as the event has it.
create table books.policies (
  ledger_id  text collate "C" not null,
  generation int not null,
  position   bigint not null,
  policy     text not null,
  primary key (ledger_id, generation, position)
);

-- The books go on from where they are, so what they have passed already is put in here: nobody could approve anything
-- or set a policy before.
with passed as (
  select e.ledger_id, c.generation, e.position, e.type, e.effective_on, e.line::jsonb -> 'data' as data,
         e.line::jsonb -> 'actor' ->> 'id' as person_id
    from books.checkpoints c
    join log.events e on e.ledger_id = c.ledger_id and e.position <= c.position
   where e.type in ('InvoicePosted', 'InvoiceReversed', 'Allocated', 'AllocationReversed')
), done as (
  select p.*, 0 as line, p.person_id as who from passed p
   where p.type in ('InvoicePosted', 'InvoiceReversed')
      or p.data -> 'to' ? 'invoiceId' and (p.type = 'Allocated' or p.data -> 'from' ? 'creditNoteId')
  union all
  -- Whoever made the payment or credit note, where somebody else set it against the invoice.
  select p.*, 1 as line, m.who
    from passed p
   cross join lateral (
     select f.line::jsonb -> 'actor' ->> 'id' as who
       from log.event_documents d join log.events f on f.ledger_id = d.ledger_id and f.position = d.position
      where d.ledger_id = p.ledger_id
        and d.document = case when p.data -> 'from' ? 'paymentId' then 'payment/' || (p.data -> 'from' ->> 'paymentId')
                              else 'credit-note/' || (p.data -> 'from' ->> 'creditNoteId') end
      order by d.position limit 1) m
   where p.type = 'Allocated' and p.data -> 'to' ? 'invoiceId' and m.who <> p.person_id
)
insert into books.duties (ledger_id, generation, position, line, effective_on, duty, person_id, vendor_id, invoice_id, currency, amount)
select ledger_id, generation, position, line, effective_on,
       case when data -> 'from' ? 'paymentId' then 'pay' else 'enter' end, who, data ->> 'vendorId',
       coalesce(data ->> 'invoiceId', data -> 'to' ->> 'invoiceId'),
       case type when 'InvoicePosted' then data ->> 'currency' end,
       case type when 'InvoicePosted' then replace(data ->> 'total', '.', '')::bigint end
  from done;

do $$
begin
  if exists (select from pg_roles where rolname = 'duebook_app') and pg_has_role(current_user, 'duebook_app', 'member') then
    alter table books.duties owner to duebook_app;
    alter table books.policies owner to duebook_app;
  end if;
end
$$;
