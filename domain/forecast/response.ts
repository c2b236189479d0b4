/** The responses of forecasts. Instants are ISO 8601 in UTC. */
import { z } from 'zod';
import { WaitingFor } from '../engine/campaign-state.ts';
import { RecordedStatus } from '../api/interruption.ts';

const count = z.int().min(0);
const instant = z.iso.datetime();

/** The limits that a forecast can name: reasons for waiting, and states that stop or end the campaign. */
export const Limit = z.enum([...WaitingFor.options, 'paused', 'interrupted', 'ends_at']);
export type Limit = z.infer<typeof Limit>;

const LimitedBy = z.object({
  limit: Limit.describe(
    '`slot` is max_concurrent_calls, `window` the calling hours and days, `connection` the calls per second and the calls in flight of the connection, `account` the calls per day and the calls in flight of the account, `retry` the delay before a retry. The other limits have the names of `waiting_for`.',
  ),
  finishes_at_without: instant
    .nullable()
    .describe(
      'When the campaign would finish without this limit and with all others. For `slot`: with the highest possible max_concurrent_calls.',
    ),
  expires_without: count.describe('Contacts that would still not be called.'),
});
export type LimitedBy = z.infer<typeof LimitedBy>;

export const ProjectionResponse = z.object({
  outcome: z
    .enum([
      'finishes',
      'expires',
      'paused',
      'interrupted',
      'stopped',
      'held',
      'never_opens',
      'beyond_five_years',
      'ending',
      'ended',
    ])
    .describe(
      '`finishes`: every contact is called. `expires`: ends_at comes first. `paused`, `interrupted`, `stopped`, `held` (max_concurrent_calls is 0) and `never_opens`: no call is placed in the present state. `ending`: the campaign is ending, and its live calls run to their end. `ended`: the campaign is over.',
    ),
  finishes_at: instant.nullable().describe('When the last call ends. Null if it never does.'),
  calls: count.describe('Calls still to be placed, including retries.'),
  expires: count.describe('Contacts that are skipped because ends_at comes first.'),
  calling_days: count.describe('Civil days of `day_timezone` on which calls are placed.'),
  calls_per_day: z.number().min(0).nullable().describe('The average over these days.'),
  days: z
    .array(z.object({ date: z.iso.date(), calls: count }))
    .describe('The first 366 of these days. The first and the last day may be partial.'),
  limited_by: z
    .array(LimitedBy)
    .describe(
      'The limits that delay the campaign, worst first: without such a limit it would finish earlier by more than a minute and 1% of the time, or call more contacts. Empty if no single limit does.',
    ),
});
export type ProjectionResponse = z.infer<typeof ProjectionResponse>;

const From = z.enum(['request', 'measured', 'default']);

export const Assumed = z.object({
  call_seconds: z.number().describe('How long a call takes a slot, from its acceptance by the provider to its end.'),
  call_seconds_from: From.describe("`measured`: from the campaign's latest calls."),
  retry_share: z
    .number()
    .describe('The share of calls that end in an outcome of retry_on. They are retried while attempts are left.'),
  retry_share_from: From,
});
export type Assumed = z.infer<typeof Assumed>;

export const ForecastResponse = ProjectionResponse.extend({
  status: RecordedStatus.nullable().describe('Null for a campaign that is not created yet.'),
  contacts: count.describe('Contacts that are not in a terminal bucket.'),
  if_resumed_now: ProjectionResponse.nullable().describe(
    'The forecast for a resume of a paused campaign, a restart of an interrupted one, or the end of a stop, at this moment. Null for any other campaign.',
  ),
  assumed: Assumed,
  as_of: instant,
});
export type ForecastResponse = z.infer<typeof ForecastResponse>;
