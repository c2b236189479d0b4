-- Up Migration

-- A page of a list costs what it holds, wherever in the list it begins: each list has an index in its own order, under
-- every filter that it takes.

create index campaigns_by_status on campaigns (account, status, created_at, id);
create index campaigns_by_agent on campaigns (account, agent_id, created_at, id);
create index campaigns_by_agent_and_status on campaigns (account, agent_id, status, created_at, id);

-- Contacts of all folders of an account. The account of a folder never changes. Gateways of an earlier version, which may
-- still be running, do not state it.
alter table contacts add column account text;
update contacts set account = folder.account from contact_folders folder where folder.id = contacts.folder_id;
alter table contacts alter column account set not null;
create index contacts_of_account_in_order on contacts (account, seq);

create function state_account_of_contact() returns trigger language plpgsql as $$
begin
  select account into new.account from contact_folders where id = new.folder_id;
  return new;
end
$$;
create trigger contacts_state_account before insert on contacts
  for each row when (new.account is null) execute function state_account_of_contact();

-- How many contacts a folder holds. Whoever changes them has the folder locked already, so the counter makes nobody wait.
alter table contact_folders add column contacts bigint not null default 0;
update contact_folders set contacts = (select count(*) from contacts where folder_id = contact_folders.id);

create function count_contacts_of_folders() returns trigger language plpgsql as $$
begin
  update contact_folders
     set contacts = contacts + case tg_op when 'INSERT' then moved.number else - moved.number end
    from (select folder_id, count(*) as number from moved_contacts group by folder_id) moved
   where moved.folder_id = contact_folders.id;
  return null;
end
$$;
create trigger contacts_count_added after insert on contacts
  referencing new table as moved_contacts for each statement execute function count_contacts_of_folders();
create trigger contacts_count_removed after delete on contacts
  referencing old table as moved_contacts for each statement execute function count_contacts_of_folders();

-- The place of a number on its list, so that a cursor, which stands in addresses, need not hold the number.
alter table suppressions add column seq bigint;
update suppressions set seq = placed.seq
  from (select account, phone_number, row_number() over (order by created_at, phone_number desc) as seq from suppressions) placed
 where placed.account = suppressions.account and placed.phone_number = suppressions.phone_number;
alter table suppressions alter column seq set not null;
alter table suppressions alter column seq add generated always as identity;
select setval(pg_get_serial_sequence('suppressions', 'seq'), (select coalesce(max(seq), 0) + 1 from suppressions), false);
create unique index suppressions_in_order on suppressions (account, seq);

drop index call_events_by_call;
create index call_events_by_call on call_events (call_id, received_at, event_id, provider);
drop index call_events_contradicting;
create index call_events_contradicting on call_events (contradicts, received_at, event_id, provider)
  where contradicts is not null;
