/** What a request may cost the others: how large it may be, and how much is done of it in one turn of the event loop. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEYS, openGateway, type TestGateway } from '../support/gateway.ts';
import { filled, type Operation, operationsOf } from '../support/openapi.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const KIB = 1_024;
/** Bytes of the largest body, by operation; all others are as small as the last. */
const LIMITS: Readonly<Record<string, number>> = {
  'POST /api/public/v1/batch-calls': 10 * KIB * KIB,
  'POST /api/public/v1/batch-calls/forecast': 10 * KIB * KIB,
  'POST /api/public/v1/contacts': KIB * KIB,
};
const SMALL = 64 * KIB;

let gateway: TestGateway;
let operations: Operation[];
beforeAll(async () => {
  gateway = await openGateway({ requestsPerMinute: 1_000_000 });
  operations = await operationsOf(gateway.app);
});
afterAll(() => gateway.close());

async function sendBytes({ method, path }: { readonly method: string; readonly path: string }, payload: string) {
  const reply = await gateway.app.inject({
    method: method as 'POST',
    url: path,
    headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/json' },
    payload,
  });
  const { error } = reply.json<{ error: { code: string; message: string; details: Record<string, unknown> } }>();
  return { status: reply.statusCode, text: reply.body, error };
}

describe('a body', () => {
  it('is refused for its size where it is larger than what the route has use for', async () => {
    const writing = operations.filter(
      ({ needsKey, method, path }) => needsKey && method !== 'GET' && !path.endsWith('/import'),
    );
    expect(writing.length).toBeGreaterThan(8);
    for (const operation of writing) {
      const limit = LIMITS[operation.name] ?? SMALL;
      const path = filled(operation, { id: NOBODY, contact_id: NOBODY, call_id: 'x', phone_number: '+14155550101' });
      const sized = (bytes: number) => sendBytes({ ...operation, path }, `{"x":"${'x'.repeat(bytes - 8)}"}`);
      const { status, error } = await sized(limit + 1);
      expect([operation.name, status, error.details.limit]).toEqual([operation.name, 413, limit]);
      expect([operation.name, (await sized(limit)).status]).not.toEqual([operation.name, 413]);
    }
  });
});
