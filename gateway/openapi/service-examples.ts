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
    description: 'Does not contact other services.',
    answers: { 200: exampleOf({ status: 'up' }) },
  },
  'GET /readyz': {
    operationId: 'getReadiness',
    description: 'Without Temporal, campaigns are recorded and events are stored, but no campaign runs.',
    answers: { 200: exampleOf({ status: 'ready', zone_data: '2026f', warnings: [] }) },
  },
  'POST /webhooks/{connection}': {
    operationId: 'receiveEvents',
    description:
      "The body and the signature have the provider's form. The signature is verified on the raw bytes; Truedy sends it in X-Truedy-Signature and X-Truedy-Timestamp. The response is 200 only if the event does not have to be sent again.",
    parameters: { connection: 'truedy' },
    bodies: { 'application/json': { type: 'object', description: "The event in the provider's form." } },
    requests: { ended: { summary: 'The end of a call from Truedy', value: EVENT, status: 200 } },
    answers: { 200: { received: 1 } },
  },
};
