-- Up Migration

-- Set when people were added to a campaign or taken out of it, until its next exchange, which knows of them.
alter table campaigns add column roster_changed_at timestamptz;
-- Few campaigns have news at a time.
create index campaigns_to_tell on campaigns (roster_changed_at) where roster_changed_at is not null;

update campaigns set spec = '{"open_ended": false}' || spec where not spec ? 'open_ended';

-- The exchange that tells the workflow that a claimed contact was taken out. Null for all others.
alter table campaign_contacts add column removed_before_exchange integer;
create index campaign_contacts_removed on campaign_contacts (campaign_id, removed_before_exchange)
  where removed_before_exchange is not null;

-- A person is in a campaign once. Looked up when people are added.
create index campaign_contacts_by_person on campaign_contacts (campaign_id, phone_number, extension);

-- Down Migration

drop index campaign_contacts_by_person;
drop index campaign_contacts_removed;
alter table campaign_contacts drop column removed_before_exchange;
update campaigns set spec = spec - 'open_ended';
drop index campaigns_to_tell;
alter table campaigns drop column roster_changed_at;
