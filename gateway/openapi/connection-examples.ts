import type { ConnectionDetails, ConnectionResponse } from '../../domain/api/connection-response.ts';
import { type Described, exampleOf, exampleList } from './described.ts';
import { CAMPAIGN_ID } from './example-values.ts';

const CONNECTION: ConnectionResponse = {
  name: 'clinic-us',
  provider: 'twilio',
  calls_per_second: 1,
  countries: ['US', 'CA'],
  number_types: ['mobile', 'fixed_line', 'voip'],
  agents: null,
  caller_numbers: ['+14155550100'],
  webhook_url: 'https://calls.example.com/webhooks/clinic-us',
  ready: false,
  missing: ['env:TWILIO_AUTH_TOKEN'],
};

const DETAILS: ConnectionDetails = {
  name: 'truedy',
  provider: 'truedy',
  calls_per_second: null,
  max_concurrent_calls: 30,
  countries: null,
  number_types: ['mobile', 'fixed_line', 'voip'],
  agents: null,
  caller_numbers: null,
  webhook_url: null,
  ready: true,
  missing: [],
  in_flight: 27,
  campaigns: [{ id: CAMPAIGN_ID, name: 'March reminders', in_flight: 15, share: 15, need: 40 }],
  other_campaigns: { campaigns: 1, in_flight: 12, share: 12, need: 12 },
  placed_last_minute: 31,
  next_call_at: null,
  breaker: {
    state: 'open',
    reason: 'throttled',
    since: '2026-03-18T16:04:02.000Z',
    times: 2,
    open_until: '2026-03-18T16:04:40.000Z',
    at_once: null,
  },
  stopped: null,
  as_of: '2026-03-18T16:04:31.512Z',
};

/** By method and path below the root of the API. */
export const CONNECTION_OPERATIONS: Readonly<Record<string, Described>> = {
  'GET /connections': {
    operationId: 'listConnections',
    description:
      'Returns the connections that the account may use, without secrets, as the gateway that answers has read them. A worker reads the file separately.',
    parameters: { limit: 50 },
    answers: { 200: exampleList(CONNECTION) },
  },
  'GET /connections/{name}': {
    operationId: 'getConnection',
    description:
      'Returns a connection that the account may use, with what happens on it now: calls in flight, the share of each campaign in the limit, the rate, the circuit breaker and a stop. Campaigns of other accounts appear only as a count of their calls. Limits are the lowest that a worker or this gateway has loaded.',
    parameters: { name: 'truedy' },
    answers: { 200: exampleOf(DETAILS) },
  },
};
