/** What a client is told of a campaign's future. Instants are ISO 8601 in UTC. */
import { z } from 'zod';
import { WaitingFor } from '../engine/campaign-state.ts';
import { RecordedStatus } from '../api/interruption.ts';

const count = z.int().min(0);
const instant = z.iso.datetime();

/** What a forecast can name as a limit: what a campaign waits for, and what holds or ends it from outside. */
export const Limit = z.enum([...WaitingFor.options, 'paused', 'interrupted', 'ends_at']);
export type Limit = z.infer<typeof Limit>;

const LimitedBy = z.object({
  limit: Limit.describe(
    '`slot` is max_concurrent_calls, `window` the calling hours and days, `retry` the wait before a retry; the others are called as in `waiting_for`.',
  ),
  finishes_at_without: instant
    .nullable()
    .describe(
      'When it would finish without this limit and with all others. For `slot`: with as many calls at once as are allowed at all.',
    ),
  expires_without: count.describe('Contacts that would not be called even so.'),
});
export type LimitedBy = z.infer<typeof LimitedBy>;

export const ProjectionResponse = z.object({
  outcome: z
    .enum([
      'finishes',
      'expires',
      'paused',
      'interrupted',
      'held',
      'never_opens',
      'beyond_five_years',
      'ending',
      'ended',
    ])
    .describe(
      '`finishes`: every contact is called. `expires`: ends_at comes first. `paused`, `interrupted`, `held` (max_concurrent_calls is 0) and `never_opens`: nothing is called as things stand. `ending`: it was told to end, and live calls are followed. `ended`: it is over.',
    ),
  finishes_at: instant.nullable().describe('When the last call has ended; null when that does not come.'),
  calls: count.describe('Calls still to be placed, retries included.'),
  expires: count.describe('Contacts that are not called before ends_at and are skipped.'),
  calling_days: count.describe("Civil days, in the campaign's time zone, on which calls are placed."),
  calls_per_day: z.number().min(0).nullable().describe('On average over these days.'),
  days: z
    .array(z.object({ date: z.iso.date(), calls: count }))
    .describe(
      'The first 366 of these days. On the first and the last day calls may be placed for a part of the hours only.',
    ),
  limited_by: z
    .array(LimitedBy)
    .describe(
      'What makes it last, worst first: each limit without which it would finish earlier by more than a minute and a hundredth of the time, or leave fewer contacts uncalled. Empty when no single one does.',
    ),
});
export type ProjectionResponse = z.infer<typeof ProjectionResponse>;

const From = z.enum(['request', 'measured', 'default']);

export const Assumed = z.object({
  call_seconds: z.number().describe('How long a call holds its slot, from its acceptance by the provider to its end.'),
  call_seconds_from: From.describe("`measured`: on the campaign's latest calls."),
  retry_share: z
    .number()
    .describe('The share of calls that end in one of retry_on, and are tried again while attempts are left.'),
  retry_share_from: From,
});
export type Assumed = z.infer<typeof Assumed>;

export const ForecastResponse = ProjectionResponse.extend({
  status: RecordedStatus.nullable().describe('Null for a campaign that is not created yet.'),
  contacts: count.describe('Contacts that are not in a terminal bucket.'),
  if_resumed_now: ProjectionResponse.nullable().describe(
    'For a paused campaign, and for an interrupted one: if it were restarted now.',
  ),
  assumed: Assumed,
  as_of: instant,
});
export type ForecastResponse = z.infer<typeof ForecastResponse>;
