-- Up Migration

update campaigns set spec = '{"policy": []}' || spec where not spec ? 'policy';

-- The policies that held for a call, as {"name", "version"}. Null: the campaign has none.
alter table calls add column policies jsonb;

-- Down Migration

alter table calls drop column policies;
update campaigns set spec = spec - 'policy';
