-- Up Migration

-- A call belongs to a connection: one account at one carrier. Until now each provider had one account, so its name becomes
-- that of the connection.
alter table calls rename column provider to connection;
alter table provider_calls rename column provider to connection;
alter table call_events rename column provider to connection;

-- What the frozen request was made for. A request is never repeated at another account, also where the connection's name is
-- now that of another one.
alter table calls add column made_for text;

-- Gateways of an earlier version, which may still be running, do not state it, and have this connection alone.
alter table campaigns add column connection text not null default 'truedy';
update campaigns set connection = first.connection
  from (select distinct on (campaign_id) campaign_id, connection from calls) first
 where first.campaign_id = campaigns.id;
update campaigns set spec = spec || jsonb_build_object('connection', connection);
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
