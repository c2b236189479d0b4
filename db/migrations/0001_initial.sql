-- Up Migration

create table api_keys (
  id uuid primary key default gen_random_uuid(),
  account text not null,
  name text not null,
  -- SHA-256 of the key: the key itself is shown once and never kept.
  hash bytea not null unique,
  scope text not null check (scope in ('read', 'write')),
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create table contact_folders (
  id uuid primary key default gen_random_uuid(),
  account text not null,
  name text not null,
  created_at timestamptz not null default now(),
  unique (account, name)
);

-- One person once per folder. A person is a number and, behind a switchboard, the extension.
create table contacts (
  id uuid primary key default gen_random_uuid(),
  seq bigint generated always as identity,
  folder_id uuid not null references contact_folders on delete cascade,
  phone_number text not null,
  extension text not null default '',
  first_name text,
  last_name text,
  email text,
  timezone text,
  custom_fields jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (folder_id, phone_number, extension)
);
create index contacts_in_order on contacts (folder_id, seq);

create table suppressions (
  account text not null,
  phone_number text not null,
  reason text,
  created_at timestamptz not null default now(),
  primary key (account, phone_number)
);

create table campaigns (
  id uuid primary key,
  account text not null,
  name text not null,
  agent_id text not null,
  -- The request as accepted, defaults filled in, without its contacts.
  spec jsonb not null,
  folder_id uuid,
  status text not null check (status in ('scheduled', 'active', 'paused', 'completed', 'failed', 'cancelled')),
  -- Set once a campaign is being ended; it outlives the run that was told.
  ending text check (ending in ('cancelled', 'expired')),
  waiting_for text check (waiting_for in ('start', 'window', 'daily_cap', 'slot', 'retry', 'provider')),
  waiting_until timestamptz,
  total integer not null,
  pending integer not null,
  in_progress integer not null default 0,
  retrying integer not null default 0,
  completed integer not null default 0,
  failed integer not null default 0,
  skipped integer not null default 0,
  called integer not null default 0,
  placed_day date,
  placed_on_day integer not null default 0,
  late_events integer not null default 0,
  -- The workflow run that may claim and dial; a run that finds another name here is out of date and adopts first.
  owner_run_id text,
  last_batch integer not null default 0,
  -- Every contact up to this one has been claimed at least once, so claims never scan what is behind them.
  claim_cursor integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  enrolled_at timestamptz,
  workflow_started_at timestamptz,
  ended_at timestamptz,
  constraint buckets_sum_to_total
    check (pending + in_progress + retrying + completed + failed + skipped = total),
  constraint buckets_not_negative
    check (least(pending, in_progress, retrying, completed, failed, skipped, called) >= 0)
);
create index campaigns_newest_first on campaigns (account, created_at desc, id desc);
create index campaigns_without_workflow on campaigns (created_at) where workflow_started_at is null;
create index campaigns_awaiting_copy on campaigns (folder_id) where enrolled_at is null;

-- The campaign's own copy of its people. `attempt` is the attempt under way or, while waiting, the next one.
create table campaign_contacts (
  campaign_id uuid not null references campaigns on delete cascade,
  seq integer not null,
  contact_id uuid not null,
  phone_number text not null,
  extension text not null default '',
  first_name text,
  last_name text,
  email text,
  timezone text,
  custom_fields jsonb not null default '{}',
  bucket text not null default 'pending'
    check (bucket in ('pending', 'in_progress', 'retrying', 'completed', 'failed', 'skipped')),
  reason text,
  attempt integer not null default 1,
  due_at timestamptz,
  claim_batch integer,
  called boolean not null default false,
  primary key (campaign_id, seq),
  unique (campaign_id, contact_id)
);
create index campaign_contacts_by_bucket on campaign_contacts (campaign_id, bucket, seq);
create index campaign_contacts_due on campaign_contacts (campaign_id, due_at)
  where bucket = 'retrying' and claim_batch is null;
create index campaign_contacts_claimed on campaign_contacts (campaign_id, claim_batch)
  where claim_batch is not null;

-- The dial record: written before the request leaves, so that whoever comes after a crash knows it may have left.
create table calls (
  id text primary key,
  campaign_id uuid not null references campaigns on delete cascade,
  seq integer not null,
  attempt integer not null,
  provider text not null,
  -- The exact bytes of every try.
  request text not null,
  day date,
  first_sent_at timestamptz,
  -- How many tries were permitted to send. Only the last one may say that nothing was sent.
  tries integer not null default 1,
  provider_call_id text,
  accepted_at timestamptz,
  -- Set when the call surely was not placed: a refusal, or a placement taken back before it was sent.
  not_placed_reason text,
  outcome text,
  ended_at timestamptz,
  settled_at timestamptz,
  created_at timestamptz not null default now()
);
create index calls_of_contact on calls (campaign_id, seq, attempt);
create index calls_unsettled on calls (campaign_id) where settled_at is null;
create index calls_by_day on calls (campaign_id, day) where first_sent_at is not null and not_placed_reason is null;

-- Where the reply to a dial and a webhook about it meet: both upsert this row first, so whoever is second sees the other.
create table provider_calls (
  provider text not null,
  provider_call_id text not null,
  call_id text,
  primary key (provider, provider_call_id)
);

create table call_events (
  provider text not null,
  event_id text not null,
  provider_call_id text,
  call_id text,
  campaign_id uuid,
  kind text not null,
  outcome text,
  outcome_as_sent text,
  occurred_at timestamptz not null,
  received_at timestamptz not null default now(),
  raw text not null,
  signalled_at timestamptz,
  late boolean not null default false,
  primary key (provider, event_id)
);
create index call_events_by_provider_call on call_events (provider, provider_call_id);
create index call_events_by_call on call_events (call_id);
create index call_events_undelivered on call_events (campaign_id) where kind = 'ended' and signalled_at is null and not late;

create table idempotency_keys (
  account text not null,
  key text not null,
  body_hash bytea not null,
  campaign_id uuid not null,
  -- The answer to replay.
  answer jsonb not null,
  created_at timestamptz not null default now(),
  primary key (account, key)
);
