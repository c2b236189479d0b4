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

-- Names a number in an account. Text would make the index of all placements several times as large. A person's calls are found
-- by it, so it is as personal as the number.
create function number_key(account text, phone_number text) returns bytea immutable parallel safe language sql
  return substring(sha256(convert_to(account || ' ' || phone_number, 'UTF8')) for 8);

alter table calls
  add column number_key bytea,
  -- When the last try was permitted. Empty exactly while `first_sent_at` is.
  add column last_sent_at timestamptz;
update calls
   set number_key = number_key(campaign.account, contact.phone_number), last_sent_at = first_sent_at
  from campaigns campaign, campaign_contacts contact
 where campaign.id = calls.campaign_id and contact.campaign_id = calls.campaign_id and contact.seq = calls.seq
   and first_sent_at is not null;
create index calls_to_number on calls (number_key, last_sent_at)
  where last_sent_at is not null and not_placed_reason is null;

-- Down Migration

drop index calls_to_number;
alter table calls drop column last_sent_at, drop column number_key;
drop function number_key;

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
