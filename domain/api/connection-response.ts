/** Responses about connections. They contain no secrets. */
import { z } from 'zod';
import { NUMBER_KINDS } from '../contacts/number-kind.ts';

export const ConnectionResponse = z.object({
  name: z.string(),
  provider: z.string().describe('The carrier.'),
  calls_per_second: z.number().nullable().describe('Null: no limit.'),
  countries: z.array(z.string()).nullable().describe('Countries that may be called. Null: all.'),
  number_types: z.array(z.enum(NUMBER_KINDS)).describe('Kinds of numbers that may be called.'),
  agents: z.array(z.string()).nullable().describe('Agents that a campaign may name. Null: all.'),
  caller_numbers: z
    .array(z.string())
    .nullable()
    .describe('Numbers that a campaign may call from. Null: all that the provider accepts.'),
  webhook_url: z
    .string()
    .nullable()
    .describe('Where its webhooks arrive. Null: the gateway does not know its address.'),
  ready: z.boolean().describe('Whether this gateway can use it.'),
  missing: z
    .array(z.string())
    .describe(
      'The secrets that this gateway lacks or that cannot be right, as the connections file names them: `env:NAME` or `file:PATH`.',
    ),
});
export type ConnectionResponse = z.infer<typeof ConnectionResponse>;

const count = z.int();
const instant = z.iso.datetime();
/** How many campaigns a response names. The others are counted together. */
export const MOST_CAMPAIGNS_SHOWN = 100;

const share = count.nullable().describe('Calls that it may have in flight. Null: the connection has no limit.');
const need = count.nullable().describe('Calls that it could have in flight now. Null: the connection has no limit.');
const inFlight = count.describe('Calls that are or may be in flight, by the records.');

export const ConnectionDetails = ConnectionResponse.extend({
  calls_per_second: ConnectionResponse.shape.calls_per_second.describe(
    'The rate that holds: the lowest that a worker or this gateway has loaded. Null: no limit.',
  ),
  max_concurrent_calls: count
    .nullable()
    .describe(
      'The limit of calls in flight that holds: the lowest that a worker or this gateway has loaded. Null: no limit.',
    ),
  in_flight: inFlight.describe('Calls of all campaigns that are or may be in flight, by the records.'),
  campaigns: z
    .array(z.object({ id: z.string(), name: z.string(), in_flight: inFlight, share, need }))
    .describe(
      `The account's campaigns that have calls in flight or could have, the most calls first: at most ${MOST_CAMPAIGNS_SHOWN}.`,
    ),
  other_campaigns: z
    .object({ campaigns: count, in_flight: inFlight, share, need })
    .describe('All other campaigns together: those of other accounts, and those beyond the list.'),
  placed_last_minute: count.describe('Calls of all unfinished campaigns that were placed in the last minute.'),
  next_call_at: instant
    .nullable()
    .describe('The first instant that no call has reserved under `calls_per_second`. Null: a call may go at once.'),
  breaker: z
    .object({
      state: z
        .enum(['closed', 'open', 'half_open'])
        .describe(
          '`open`: nothing is dialled. `half_open`: a few dials at a time find out whether the trouble is over.',
        ),
      reason: z.string().nullable().describe('The trouble: `throttled`, `unavailable:…` or `blocked:…`. Null: none.'),
      since: instant.nullable(),
      times: count.describe('How often the breaker has opened since.'),
      open_until: instant.nullable(),
      at_once: count.nullable().describe('Dials at a time while it is `half_open`.'),
    })
    .describe('The circuit breaker that all campaigns on the connection share.'),
  stopped: z
    .object({ scope: z.enum(['all', 'account', 'connection']), since: instant })
    .nullable()
    .describe("The stop by an administrator that holds the account's campaigns here. Null: none."),
  as_of: instant,
});
export type ConnectionDetails = z.infer<typeof ConnectionDetails>;
