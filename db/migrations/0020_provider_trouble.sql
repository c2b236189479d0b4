-- Up Migration

-- Trouble at the provider: why, since when, and how often the campaign has stopped because of it. Null while there is none.
alter table campaigns
  add column trouble_reason text,
  add column trouble_since timestamptz,
  add column trouble_times integer;

-- For an overview of all accounts. Few campaigns have trouble.
create index campaigns_in_trouble on campaigns (trouble_since) where trouble_reason is not null;

-- Down Migration

drop index campaigns_in_trouble;
alter table campaigns
  drop column trouble_times,
  drop column trouble_since,
  drop column trouble_reason;
