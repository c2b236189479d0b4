-- Up Migration

-- Placements of deleted campaigns. The limits per number count them for as long as they would have counted the calls: otherwise a
-- number could be called without limit by campaigns that are deleted one after another.
create table deleted_placements (
  number_key bytea not null,
  last_sent_at timestamptz not null,
  accepted_at timestamptz,
  -- Null: nobody talked.
  talked_at timestamptz,
  kept_until timestamptz not null
);
create index deleted_placements_to_number on deleted_placements (number_key, last_sent_at);
create index deleted_placements_over on deleted_placements (kept_until);

-- Down Migration

drop table deleted_placements;
