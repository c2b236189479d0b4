-- Up Migration

-- A stop by an administrator. No dial that it covers is permitted while its row is here. `scope`: `all`, `account:NAME` or
-- `connection:NAME`.
create table stops (
  scope text primary key,
  since timestamptz not null default now(),
  stopped_by text not null,
  reason text
);

-- Down Migration

drop table stops;
