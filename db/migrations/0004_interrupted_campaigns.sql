-- Up Migration

-- A campaign whose workflow ended before the campaign did is `interrupted`. What it was before comes back with the next run.
alter table campaigns
  drop constraint campaigns_status_check,
  add constraint campaigns_status_check
    check (status in ('scheduled', 'active', 'paused', 'interrupted', 'completed', 'failed', 'cancelled')),
  add column interrupted_from text check (interrupted_from in ('scheduled', 'active', 'paused')),
  add column interrupted_at timestamptz,
  add column interrupted_reason text
    check (interrupted_reason in ('terminated', 'failed', 'timed_out', 'not_found', 'completed', 'cancelled')),
  -- The code of a failure; never its message, which may hold anything.
  add column interrupted_code text,
  add column restarted_at timestamptz,
  -- When a gateway last took the campaign to compare it with its workflow.
  add column workflow_checked_at timestamptz,
  -- Since when Temporal has not known the workflow; null while it does.
  add column workflow_missing_since timestamptz;

create index campaigns_to_check on campaigns (workflow_checked_at nulls first)
  where status in ('scheduled', 'active', 'paused', 'interrupted') and workflow_started_at is not null;
create index campaigns_interrupted on campaigns (account, created_at desc) where status = 'interrupted';
