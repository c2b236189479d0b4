-- Up Migration

-- A call belongs to a connection: one account at one carrier. Until now each provider had one account, so its name becomes
-- that of the connection.
alter table calls rename column provider to connection;
alter table provider_calls rename column provider to connection;
alter table call_events rename column provider to connection;

-- What the frozen request was made for. A request is never repeated at another account, also where the connection's name is
-- now that of another one.
alter table calls add column made_for text;

alter table campaigns add column connection text;
update campaigns set connection = coalesce((select connection from calls where campaign_id = campaigns.id limit 1), 'truedy');
update campaigns set spec = spec || jsonb_build_object('connection', connection);
alter table campaigns alter column connection set not null;
create index campaigns_unfinished_by_connection on campaigns (connection)
  where status in ('scheduled', 'active', 'paused', 'interrupted');

-- One row per connection that a worker has had.
create table connections (
  name text primary key,
  first_seen_at timestamptz not null default now()
);

-- Down Migration

drop table connections;
drop index campaigns_unfinished_by_connection;
update campaigns set spec = spec - 'connection';
alter table campaigns drop column connection;
alter table calls drop column made_for;
alter table call_events rename column connection to provider;
alter table provider_calls rename column connection to provider;
alter table calls rename column connection to provider;
