import { type Described, exampleOf } from './described.ts';
import { PROVIDER_CALL_ID } from './example-values.ts';

const EVENT = {
  id: 'evt_4Tq8Zb',
  event: 'call.ended',
  timestamp: '2026-03-18T14:01:40Z',
  data: { call_id: PROVIDER_CALL_ID, status: 'no_answer' },
};

/** By method and path. */
export const SERVICE_OPERATIONS: Readonly<Record<string, Described>> = {
  'GET /healthz': {
    operationId: 'getHealth',
    description: 'Asks nobody else.',
    answers: { 200: exampleOf({ status: 'up' }) },
  },
  'GET /readyz': {
    operationId: 'getReadiness',
    description: 'Without Temporal campaigns are recorded and events are kept, but nothing runs.',
    answers: { 200: exampleOf({ status: 'ready', zone_data: '2026f', warnings: [] }) },
  },
  'POST /webhooks/{provider}': {
    operationId: 'receiveEvents',
    description:
      "In the provider's own form and with its own signature, which is checked on the bytes as they came: Truedy's in X-Truedy-Signature and X-Truedy-Timestamp. Answered with 200 only when nothing more depends on the event's being sent again.",
    parameters: { provider: 'truedy' },
    bodies: { 'application/json': { type: 'object', description: 'As the provider writes it.' } },
    requests: { ended: { summary: 'The end of a call, as Truedy sends it', value: EVENT, status: 200 } },
    answers: { 200: { received: 1 } },
  },
};
