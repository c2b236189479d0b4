-- Up Migration

-- A planner that knows how many rows each campaign has takes one that began since the last count for a row or two, and then
-- reads all of it where a few rows are wanted by their key. Without that knowledge it takes every campaign for the same
-- small part of the table. What it knows already is dropped with the type, which stays the same.
alter table campaign_contacts alter column campaign_id set statistics 0, alter column campaign_id type uuid;
alter table calls alter column campaign_id set statistics 0, alter column campaign_id type uuid;
alter table call_events alter column campaign_id set statistics 0, alter column campaign_id type uuid;
