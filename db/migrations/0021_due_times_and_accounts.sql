-- Up Migration

-- Contacts that wait for their first call may have a due time, as retries do. What it is for; null: a retry.
alter table campaign_contacts add column waits_for text check (waits_for in ('number', 'not_before'));

drop index campaign_contacts_due;
create index campaign_contacts_due on campaign_contacts (campaign_id, due_at, seq)
  where due_at is not null and claimed_in_exchange is null and bucket in ('pending', 'retrying');

alter table campaigns drop constraint campaigns_waiting_for_check;
alter table campaigns add constraint campaigns_waiting_for_check
  check (waiting_for in ('stopped', 'start', 'window', 'daily_cap', 'account', 'provider', 'connection', 'slot', 'system',
                         'number', 'retry'));

-- What operators have set for an account. One without a row has the defaults.
create table accounts (
  name text primary key,
  -- Calls to one number over all campaigns, in a rolling time: a list of {"max": 10, "hours": 24}. Null: the default.
  per_number jsonb,
  updated_at timestamptz not null default now()
);

-- Down Migration

drop table accounts;

update campaigns set waiting_for = null, waiting_until = null where waiting_for in ('stopped', 'account', 'number');
alter table campaigns drop constraint campaigns_waiting_for_check;
alter table campaigns add constraint campaigns_waiting_for_check
  check (waiting_for in ('start', 'window', 'daily_cap', 'provider', 'connection', 'slot', 'system', 'retry'));

drop index campaign_contacts_due;
create index campaign_contacts_due on campaign_contacts (campaign_id, due_at)
  where bucket = 'retrying' and claimed_in_exchange is null;
update campaign_contacts set due_at = null where bucket = 'pending';
alter table campaign_contacts drop column waits_for;
