-- Up Migration

-- Where a person is, as a country or a state of it, and how soon they are called: 1 comes first.
alter table contacts
  add column region text,
  add column priority smallint not null default 3 check (priority between 1 and 5),
  add column not_before timestamptz;
alter table campaign_contacts
  add column group_no smallint not null default 0,
  add column priority smallint not null default 3 check (priority between 1 and 5),
  add column region text;

-- What decides the hours of a group of contacts. A campaign whose contacts all have its own hours has no rows here, and one
-- group: 0.
create table campaign_groups (
  campaign_id uuid not null references campaigns on delete cascade,
  group_no smallint not null check (group_no between 0 and 63),
  -- A contact is called only while the hours are open in all of these. Empty: in the campaign's time zone.
  zones text[] not null,
  -- The campaign's policies that narrow the hours of the group.
  policies text[] not null,
  primary key (campaign_id, group_no)
);

-- Contacts that wait for their first call and have no due time, by group and priority. Each of them has a number above
-- `after_seq`. Where there is no row, no contact waits.
create table claim_cursors (
  campaign_id uuid not null references campaigns on delete cascade,
  group_no smallint not null,
  priority smallint not null,
  after_seq integer not null,
  primary key (campaign_id, group_no, priority)
) with (fillfactor = 50);
insert into claim_cursors (campaign_id, group_no, priority, after_seq) select id, 0, 3, claim_cursor from campaigns;
alter table campaigns drop column claim_cursor;

create index campaign_contacts_fresh on campaign_contacts (campaign_id, group_no, priority, seq)
  where bucket = 'pending' and claimed_in_exchange is null and due_at is null;
drop index campaign_contacts_due;
create index campaign_contacts_due on campaign_contacts (campaign_id, group_no, due_at, seq)
  where due_at is not null and claimed_in_exchange is null and bucket in ('pending', 'retrying');

-- Down Migration

drop index campaign_contacts_due;
create index campaign_contacts_due on campaign_contacts (campaign_id, due_at, seq)
  where due_at is not null and claimed_in_exchange is null and bucket in ('pending', 'retrying');
drop index campaign_contacts_fresh;
alter table campaigns add column claim_cursor integer not null default 0;
drop table claim_cursors;
drop table campaign_groups;
alter table campaign_contacts drop column region, drop column priority, drop column group_no;
alter table contacts drop column not_before, drop column priority, drop column region;
