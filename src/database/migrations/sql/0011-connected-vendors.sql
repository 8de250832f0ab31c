-- Connected parties, as they were known at each position.
alter table books.vendor_facts add column connected boolean not null default false;
