-- Up Migration

-- Why Temporal refuses to start the campaign's workflow, in its own words. Such a campaign is `failed` and calls nobody.
alter table campaigns add column failure text;

-- The search for campaigns without a workflow goes from page to page, and does not meet those that have failed.
drop index campaigns_without_workflow;
create index campaigns_without_workflow on campaigns (created_at, id)
  where workflow_started_at is null and status in ('scheduled', 'active', 'paused');

-- A repeat of the request that created such a campaign is told that it has failed.
create index idempotency_keys_by_campaign on idempotency_keys (campaign_id);
