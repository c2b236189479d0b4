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

-- Calls placed by accounts with a limit of calls per day. The days are those of the account's zone.
create table account_days (
  account text not null,
  day date not null,
  placed integer not null check (placed >= 0),
  primary key (account, day)
);

-- The day of the account on which the call counts. Null: on none.
alter table calls add column account_day date;

-- A call that was certainly not placed gives its unit back, wherever that is recorded.
create function give_back_account_day() returns trigger language plpgsql as $$
begin
  update account_days set placed = greatest(placed - 1, 0)
   where account = (select account from campaigns where id = new.campaign_id) and day = old.account_day;
  new.account_day := null;
  return new;
end
$$;
create trigger calls_give_back_account_day before update on calls for each row
  when (old.account_day is not null and (new.first_sent_at is null or new.not_placed_reason is not null))
  execute function give_back_account_day();

-- Campaigns that wait for the next day of their account.
create index campaigns_waiting_for_account on campaigns (account, id) where waiting_for = 'account' and status = 'active';

-- Down Migration

drop index campaigns_waiting_for_account;
drop trigger calls_give_back_account_day on calls;
drop function give_back_account_day;
alter table calls drop column account_day;
drop table account_days;

alter table accounts
  drop column max_concurrent_calls,
  drop column max_calls_per_day,
  drop column timezone,
  drop column max_campaigns,
  drop column max_contacts;
