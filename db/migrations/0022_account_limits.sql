-- Up Migration

-- Limits of an account. Null: no limit.
alter table accounts
  -- Calls in flight, over all campaigns of the account.
  add column max_concurrent_calls integer check (max_concurrent_calls > 0),
  -- Calls placed in one civil day of `timezone`, over all campaigns of the account.
  add column max_calls_per_day integer check (max_calls_per_day > 0),
  add column timezone text not null default 'UTC',
  -- Campaigns that are not over.
  add column max_campaigns integer check (max_campaigns >= 0),
  -- Contacts of campaigns that are not over, and, counted apart, contacts in folders.
  add column max_contacts integer check (max_contacts >= 0);

-- Down Migration

alter table accounts
  drop column max_concurrent_calls,
  drop column max_calls_per_day,
  drop column timezone,
  drop column max_campaigns,
  drop column max_contacts;
