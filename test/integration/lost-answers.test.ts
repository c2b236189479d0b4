/** Commands whose answers were lost, repeated under their keys on real servers. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { HARNESS_API_KEY, SystemHarness } from '../support/harness/system-harness.ts';

let harness: SystemHarness;
beforeAll(async () => {
  // Calls last minutes, until they are told to end.
  harness = await SystemHarness.start({ simulator: { timeScale: 60 } });
});
afterAll(() => harness.close());

interface Answer {
  readonly status: number;
  readonly data: unknown;
  readonly isReplay: boolean;
}

async function send(method: 'POST' | 'PATCH', path: string, key: string, body?: object): Promise<Answer> {
  const reply = await fetch(`${harness.apiUrl}/api/public/v1/batch-calls/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${HARNESS_API_KEY}`,
      'x-idempotency-key': key,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const { data, error } = (await reply.json()) as { data?: unknown; error?: unknown };
  return { status: reply.status, data: data ?? error, isReplay: reply.headers.get('idempotency-replayed') === 'true' };
}

/** What is left when the gateway dies after the campaign has executed a command, and before the answer is noted. */
async function forgetAnswer(key: string): Promise<void> {
  const { rowCount } = await harness.db.pool.query(
    `update idempotency_keys set status = null, answer = null, holder = gen_random_uuid(), held_until = now()
      where key = $1 and status is not null`,
    [key],
  );
  expect(rowCount).toBe(1);
}

it('get the first answer, and change nothing, also after the campaign has ended and if the gateway had died', async () => {
  const id = await harness.startCampaign(20, { max_concurrent_calls: 3 });
  await vi.waitFor(() => expect(harness.simulator.ledger().accepted).toBeGreaterThanOrEqual(3));

  const pause = await send('POST', `${id}/pause`, 'pause');
  expect(pause).toMatchObject({ status: 200, isReplay: false, data: { status: 'paused' } });
  await forgetAnswer('pause');
  expect(await send('POST', `${id}/pause`, 'pause')).toEqual(pause);

  const edit = await send('PATCH', id, 'edit', { max_concurrent_calls: 1 });
  expect(edit).toMatchObject({ status: 200, data: { max_concurrent_calls: 1 } });
  await send('PATCH', id, 'another edit', { max_concurrent_calls: 2 });
  await forgetAnswer('edit');
  expect(await send('PATCH', id, 'edit', { max_concurrent_calls: 1 })).toMatchObject({
    status: 200,
    data: { max_concurrent_calls: 2 },
  });

  const resume = await send('POST', `${id}/resume`, 'resume');
  await forgetAnswer('pause');
  // It was resumed, and is not paused again.
  expect(await send('POST', `${id}/pause`, 'pause')).toEqual(pause);
  expect(await harness.campaigns.progress(id)).toMatchObject({ status: 'active' });

  const cancel = await send('POST', `${id}/cancel`, 'cancel');
  expect(cancel).toMatchObject({ status: 200, isReplay: false });
  expect(await harness.result(id)).toMatchObject({ status: 'cancelled' });
  for (const [name, answer] of Object.entries({ pause, resume, cancel })) {
    expect(await send('POST', `${id}/${name}`, name)).toEqual({ ...answer, isReplay: true });
    await forgetAnswer(name);
    expect(await send('POST', `${id}/${name}`, name), name).toEqual(answer);
  }
  expect((await send('POST', `${id}/pause`, 'a new pause')).status).toBe(409);
});
