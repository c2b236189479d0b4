-- Up Migration

-- Requests for look-ups in the last minute, by slots of five seconds, the newest first; and when the newest slot began.
alter table connections add column look_ups integer[], add column look_ups_since timestamptz;

-- Down Migration

alter table connections drop column look_ups, drop column look_ups_since;
