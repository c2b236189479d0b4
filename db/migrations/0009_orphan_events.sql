-- Up Migration

-- An id under which the provider has reported a call, and that no dial is tied to, is an orphan. It may be that of a call
-- whose reply was lost: the provider, asked once, says which number its call went to, by which agent and when.
alter table provider_calls
  add column first_seen_at timestamptz not null default now(),
  add column asked_at timestamptz,
  add column described_at timestamptz,
  add column phone_number text,
  add column agent_id text,
  -- By the provider's clock, which may be wrong.
  add column placed_at timestamptz;
create index provider_calls_orphaned on provider_calls (provider, first_seen_at) where call_id is null;

-- A call that was given up may still turn out to have ended in another way.
create index calls_lost on calls (settled_at) where outcome = 'lost';
