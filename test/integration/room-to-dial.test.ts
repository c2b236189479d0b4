/** Hours that end before a call could be dialled in them are refused at every door at which they can be stated. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTruedyProvider } from '../../providers/truedy/truedy.ts';
import { TruedyConfig } from '../../providers/truedy/config.ts';
import { createTestDatabase } from '../support/harness/database.ts';
import { openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { connectionsTo } from '../support/factories/connections.ts';

/** With its requests of ten seconds: a call is dialled five minutes and ten seconds before the hours end, or never. */
const QUEUE_BOUND_MS = 300_000;
const provider = createTruedyProvider(
  TruedyConfig.parse({
    baseUrl: 'http://127.0.0.1:9/',
    apiKey: 'unused',
    webhookSecrets: ['whsec_room'],
    queueBoundMs: QUEUE_BOUND_MS,
  }),
);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ connections: connectionsTo(provider) }, await createTestDatabase());
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const terms = { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+14155550132' }] };
const TOO_SHORT = { start_time: '09:00', end_time: '09:05' };
const LONG_ENOUGH = { start_time: '09:00', end_time: '09:06' };

describe('hours of five minutes, of which the provider may take all', () => {
  const refused = {
    status: 422,
    body: { error: { code: 'validation_error', details: { field: 'end_time' } } },
  };

  it('are refused for a new campaign, of which nothing is recorded', async () => {
    expect(
      await gateway.send({ method: 'POST', path: '/batch-calls', body: { ...terms, ...TOO_SHORT } }),
    ).toMatchObject(refused);
    expect((await gateway.db.pool.query('select 1 from campaigns')).rows).toEqual([]);
  });

  it('are refused in a forecast', async () => {
    const path = '/batch-calls/forecast';
    expect(await gateway.send({ method: 'POST', path, body: { ...terms, ...TOO_SHORT } })).toMatchObject(refused);
    const { status, body } = await gateway.send({ method: 'POST', path, body: { ...terms, ...LONG_ENOUGH } });
    expect([status, body.data.outcome]).toEqual([200, 'finishes']);
  });

  it('are refused as a change, also of one of the two times', async () => {
    const created = await gateway.send({ method: 'POST', path: '/batch-calls', body: { ...terms, ...LONG_ENOUGH } });
    expect(created.status).toBe(201);
    const path = `/batch-calls/${created.body.data.id}`;
    for (const body of [TOO_SHORT, { end_time: '09:05' }, { start_time: '09:01' }]) {
      expect(await gateway.send({ method: 'PATCH', path, body })).toMatchObject(refused);
    }
  });
});
