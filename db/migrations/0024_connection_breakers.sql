-- Up Migration

-- The circuit breaker of each connection that has had trouble. What `state` holds, domain/dialling/connection-breaker.ts says.
-- Null: it was closed ever since.
create table connection_breakers (
  connection text primary key,
  state jsonb
);

-- Whether all campaigns on the connection have the trouble.
alter table campaigns add column trouble_of_connection boolean;

-- Down Migration

alter table campaigns drop column trouble_of_connection;
drop table connection_breakers;
