-- Up Migration

-- Until when a call may be in flight at most. Null: it was dialled before this column existed.
alter table calls add column deadline_at timestamptz;
-- For calls of campaigns without a workflow, which the coordinator of the connection looks up: when the next look-up is due (null: none
-- was made), and how many there were.
alter table calls add column look_up_at timestamptz, add column look_ups smallint not null default 0;

-- Down Migration

alter table calls drop column look_ups, drop column look_up_at, drop column deadline_at;
