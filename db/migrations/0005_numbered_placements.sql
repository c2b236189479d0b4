-- Up Migration

-- Who may act for a campaign is an epoch bound to a run: each adoption begins a new epoch.
alter table campaigns add column epoch integer not null default 0;

-- Each adoption happens once: one whose process was frozen and wakes after its repeat changes nothing any more.
create table campaign_adoptions (
  campaign_id uuid not null references campaigns on delete cascade,
  run_id text not null,
  -- Counts the adoptions of one run.
  number integer not null,
  epoch integer not null,
  adopted_at timestamptz not null default now(),
  primary key (campaign_id, run_id, number)
);

-- Placements of a call up to this one, as (epoch, number), are concluded as not placed: none of them may send any more.
-- Such a conclusion may come before there is anything to send, so a record can be without a request.
alter table calls
  add column not_placed_through integer[] check (array_length(not_placed_through, 1) = 2),
  alter column request drop not null,
  alter column tries set default 0;

alter table campaigns drop constraint campaigns_waiting_for_check;
alter table campaigns add constraint campaigns_waiting_for_check
  check (waiting_for in ('start', 'window', 'daily_cap', 'provider', 'slot', 'system', 'retry'));

-- The day's calls are counted by the instant of their dial, whatever the zone.
drop index calls_by_day;
create index calls_by_dial_instant on calls (campaign_id, first_sent_at)
  where first_sent_at is not null and not_placed_reason is null;
