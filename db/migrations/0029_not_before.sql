-- Up Migration

-- Nobody calls the contact before this time. It also holds for retries.
alter table campaign_contacts add column not_before timestamptz;

-- Null: not stated. The campaign then takes 3, which is in the middle.
alter table contacts alter column priority drop default, alter column priority drop not null;
update contacts set priority = null where priority = 3;

-- A contact is also taken from the workflow because its time was changed.
alter table campaign_contacts rename column removed_before_exchange to taken_before_exchange;
alter index campaign_contacts_removed rename to campaign_contacts_taken;

-- Down Migration

alter index campaign_contacts_taken rename to campaign_contacts_removed;
alter table campaign_contacts rename column taken_before_exchange to removed_before_exchange;
update contacts set priority = 3 where priority is null;
alter table contacts alter column priority set not null, alter column priority set default 3;
alter table campaign_contacts drop column not_before;
