-- Up Migration

-- Our id of the call that the event names, where the records prove it to be of another call: of another provider, or of
-- another call of this one. Such an event has no `call_id`, so that nothing takes it for news of the call that it names.
alter table call_events add column contradicts text;
create index call_events_contradicting on call_events (contradicts) where contradicts is not null;
