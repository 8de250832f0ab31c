-- The gate of the chart of accounts: what lines of invoices and credit notes are posted to can't come to stand for what the
-- ledger alone posts to. Which accounts lines name is told by the books, and they are behind the log; so what was
-- recorded since is looked at here, under the ledger's lock. Whatever comes later knows the chart (ADR 14).

-- Appends a batch of one command, as log.append does, unless an amount stands on an account: then nothing is recorded, and
-- the verdict is "on-lines".
--
-- - p_of_banks: also on what begins with the account and a colon.
-- - p_after: up to this position none does.
create function log.append_unless_on_lines(
  p_ledger text, p_account text, p_of_banks boolean, p_after bigint,
  p_batch uuid, p_expires bigint, p_again boolean, p_open boolean, p_commands text,
  k_command int[], k_key text[], k_request_hash text[], k_status smallint[], k_location text[], k_body text[],
  k_first int[], k_last int[], k_position bigint[],
  f_document text[], g_document text[], g_position bigint[],
  l_place int[], l_value text[], l_qualifier text[], l_kind smallint[],
  s_stream text[], s_version bigint[],
  e_id text[], e_type text[], e_version smallint[], e_stream int[], e_nth int[], e_effective_on text[], e_rest text[],
  d_event int[], d_document text[]
) returns table (first_position bigint, recorded_at text, stream_versions bigint[], outcomes jsonb, clock_ms bigint)
language plpgsql security definer set search_path = log, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set jit = off
as $$
#variable_conflict use_column
begin
  perform from ledgers where ledger_id = p_ledger for no key update;
  if exists (
    select from (select e.position, e.line::jsonb -> 'data' -> 'lines' as lines from events e
                  where e.ledger_id = p_ledger and e.position > p_after
                    and e.type in ('InvoicePosted', 'CreditNotePosted') offset 0) posted
     cross join lateral jsonb_array_elements(posted.lines) l (line)
     where l.line ->> 'account' = p_account or p_of_banks and starts_with(l.line ->> 'account', p_account || ':')
     group by posted.position, l.line ->> 'account'
    having sum((l.line ->> 'amount')::numeric) <> 0 -- what adds up to nothing is no entry
  ) then
    return query select 0::bigint, null::text, null::bigint[], '[{"place": 1, "verdict": "on-lines"}]'::jsonb,
                        floor(date_part('epoch', clock_timestamp()) * 1000)::bigint;
    return;
  end if;
  return query select * from log.append(
    p_ledger, p_batch, p_expires, p_again, p_open, p_commands,
    k_command, k_key, k_request_hash, k_status, k_location, k_body, k_first, k_last, k_position,
    f_document, g_document, g_position, l_place, l_value, l_qualifier, l_kind, s_stream, s_version,
    e_id, e_type, e_version, e_stream, e_nth, e_effective_on, e_rest, d_event, d_document);
end
$$;

do $$
begin
  revoke all on function log.append_unless_on_lines from public;
  if exists (select from pg_roles where rolname = 'duebook_owner') and pg_has_role(current_user, 'duebook_owner', 'member') then
    alter function log.append_unless_on_lines owner to duebook_owner;
  end if;
  if exists (select from pg_roles where rolname = 'duebook_app') then
    grant execute on function log.append_unless_on_lines to duebook_app;
  end if;
end
$$;
