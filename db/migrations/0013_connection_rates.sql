-- Up Migration

-- `next_at`: the first instant of the connection that no dial has reserved. `told_at`: the first that no refused dial was told to
-- come back at.
alter table connections
  add column next_at timestamptz not null default '-infinity',
  add column told_at timestamptz not null default '-infinity';

-- What each worker has loaded for a connection. The lowest rate holds. A row that is not renewed belongs to a worker that is gone.
create table connection_loads (
  connection text not null,
  process uuid not null,
  -- Null: no limit.
  calls_per_second double precision check (calls_per_second > 0),
  seen_at timestamptz not null default now(),
  primary key (connection, process)
);

alter table campaigns drop constraint campaigns_waiting_for_check;
alter table campaigns add constraint campaigns_waiting_for_check
  check (waiting_for in ('start', 'window', 'daily_cap', 'provider', 'connection', 'slot', 'system', 'retry'));

-- Down Migration

update campaigns set waiting_for = null, waiting_until = null where waiting_for = 'connection';
alter table campaigns drop constraint campaigns_waiting_for_check;
alter table campaigns add constraint campaigns_waiting_for_check
  check (waiting_for in ('start', 'window', 'daily_cap', 'provider', 'slot', 'system', 'retry'));
drop table connection_loads;
alter table connections drop column told_at, drop column next_at;
