-- Up Migration

-- How many calls each campaign may have in flight on a connection that has a limit. See domain/engine/shares.ts.
create table connection_shares (
  connection text not null,
  campaign_id uuid not null references campaigns on delete cascade,
  epoch integer not null,
  -- The number of the campaign's latest report in this epoch.
  report integer not null,
  need integer not null check (need >= 0),
  share integer not null check (share >= 0),
  -- Calls that it may have in flight: more than its share while calls above a lowered share run.
  held integer not null check (held >= share),
  -- The number of the last change of the share in this epoch, and of the last one that the campaign was told.
  revision integer not null,
  told integer not null,
  primary key (connection, campaign_id)
);

-- What each worker has loaded. The lowest limit holds. Null: no limit.
alter table connection_loads add column max_concurrent_calls integer check (max_concurrent_calls > 0);

-- Down Migration

alter table connection_loads drop column max_concurrent_calls;
drop table connection_shares;
