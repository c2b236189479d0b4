-- Up Migration

-- A claim carries the number of the exchange that made it. Columns and engine share one word for it.
alter table campaigns rename column last_batch to last_exchange;
alter table campaign_contacts rename column claim_batch to claimed_in_exchange;

-- Down Migration

alter table campaign_contacts rename column claimed_in_exchange to claim_batch;
alter table campaigns rename column last_exchange to last_batch;
