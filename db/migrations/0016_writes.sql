-- Up Migration

-- Every write takes an idempotency key. A row is first the claim of the gateway that executes the request, and then holds
-- the answer. The key of a request that created a campaign is kept for ever, because a repeat would call everybody again.
alter table idempotency_keys rename column body_hash to fingerprint;
alter table idempotency_keys
  -- Names this use of the key. Temporal gets a command under it, so that a repeat of the command is recognized there.
  add column id uuid not null default gen_random_uuid(),
  -- Who executes the request, until when unless they extend it. Null: nobody.
  add column holder uuid,
  add column held_until timestamptz,
  -- SHA-256 of an uploaded file, which is known only at its end.
  add column content_hash bytea,
  -- The answer's status. Null: there is no answer yet.
  add column status smallint,
  -- When the row is deleted. Null: never.
  add column kept_until timestamptz,
  alter column campaign_id drop not null,
  alter column answer drop not null;

-- Until now each key was that of a creation, with the hash of its body.
update idempotency_keys set
  fingerprint = sha256(convert_to('["POST","/api/public/v1/batch-calls",{},{}]', 'UTF8') || fingerprint),
  status = case when answer->>'failure' is null then 201 else 422 end,
  answer = case when answer->>'failure' is null then jsonb_build_object('data', answer)
    else jsonb_build_object('error', jsonb_build_object(
      'code', 'start_refused',
      'message', 'The campaign has failed: Temporal refuses to start its workflow (' || (answer->>'failure') || '). Nobody was called. Delete the campaign, and create it again with another idempotency key, with smaller terms or after the limits of the server are raised.',
      'details', jsonb_build_object('campaign', campaign_id, 'status', 'failed', 'reason', answer->>'failure')))
    end;
-- The order of an answer's fields is a part of it.
alter table idempotency_keys alter column answer type json;

create index idempotency_keys_by_end on idempotency_keys (kept_until) where kept_until is not null;

-- Down Migration

-- Repeats of creations are refused after this, because the hashes of their bodies are not known any more.
drop index idempotency_keys_by_end;
delete from idempotency_keys where campaign_id is null;
alter table idempotency_keys alter column answer type jsonb;
update idempotency_keys set answer = coalesce(answer->'data', jsonb_build_object('id', campaign_id, 'failure', answer->'error'->'details'->>'reason'));
alter table idempotency_keys
  alter column answer set not null,
  alter column campaign_id set not null,
  drop column kept_until,
  drop column status,
  drop column content_hash,
  drop column held_until,
  drop column holder,
  drop column id;
alter table idempotency_keys rename column fingerprint to body_hash;
