-- Up Migration

-- A call that the provider accepted and then did not place, because of the account. Its attempt does not count against the
-- contact's retries.
alter table call_events add column account_fault text;
alter table calls add column account_fault text;
alter table campaign_contacts add column excused integer not null default 0;

-- Down Migration

alter table campaign_contacts drop column excused;
alter table calls drop column account_fault;
alter table call_events drop column account_fault;
