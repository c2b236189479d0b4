-- Up Migration

-- The newest release of the IANA data that a worker on this database has loaded. Releases sort as bytes: 2026f, 2026g.
create table zone_data (
  only_row boolean primary key default true check (only_row),
  version text collate "C" not null,
  recorded_at timestamptz not null default now()
);

-- The release behind the campaign's calling window; null while it has none. A campaign whose release is older than the one
-- above is told, and not again before `zone_data_told_until`.
alter table campaigns add column zone_data text collate "C", add column zone_data_told_until timestamptz;
create index campaigns_by_zone_data on campaigns (zone_data) where status in ('active', 'paused');
