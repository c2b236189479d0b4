import type { ConnectionResponse } from '../../domain/api/connection-response.ts';
import { type Described, exampleList } from './described.ts';

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

/** By method and path below the root of the API. */
export const CONNECTION_OPERATIONS: Readonly<Record<string, Described>> = {
  'GET /connections': {
    operationId: 'listConnections',
    description:
      'Returns the connections that the account may use, without secrets, as the gateway that answers has read them. A worker reads the file separately.',
    parameters: { limit: 50 },
    answers: { 200: exampleList(CONNECTION) },
  },
};
