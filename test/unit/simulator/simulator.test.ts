import { afterEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { peakInFlight } from '../../../simulator/ledger.ts';
import type { SimulatorOptions } from '../../../simulator/options.ts';
import { createSimulator, type Simulator } from '../../../simulator/simulator.ts';
import { manualClock } from './manual-clock.ts';

const open: Simulator[] = [];
afterEach(async () => {
  for (const simulator of open.splice(0)) await simulator.close();
});

/** A simulator on a manual clock, called without a socket. */
function simulate(options: z.input<typeof SimulatorOptions> = {}) {
  const clock = manualClock();
  const simulator = createSimulator(options, { clock });
  open.push(simulator);
  const headers = { authorization: 'Bearer simulator-key' };
  const inject = simulator.app.inject.bind(simulator.app);
  const place = async (key: string | null, body: object = {}) => {
    const reply = await inject({
      method: 'POST',
      url: '/api/public/v1/calls',
      headers: { ...headers, ...(key === null ? {} : { 'x-idempotency-key': key }) },
      payload: { agent_id: 'agent_1', phone_number: '+14155550123', ...body },
    });
    return { status: reply.statusCode, body: reply.json<{ data: { id: string }; error: { code: string } }>() };
  };
  const get = async (path: string) => {
    const reply = await inject({ url: `/api/public/v1${path}`, headers });
    return { status: reply.statusCode, body: reply.json<{ data: unknown; pagination: object }>() };
  };
  return { clock, simulator, inject, place, get };
}

function life(outcome: string, queue_ms: number, ring_ms: number, talk_ms = 0) {
  return { rules: [{ fault: { kind: 'life', outcome, queue_ms, ring_ms, talk_ms } }] } as NonNullable<
    z.input<typeof SimulatorOptions>['faults']
  >;
}

describe('the course of a call', () => {
  test('queue, ringing, talk and end, each at its time', async () => {
    const { clock, simulator, place, get } = simulate({ faults: life('completed', 1_000, 5_000, 60_000) });
    const start = clock.now();
    const { body } = await place('k1');
    const status = async () => (await get(`/calls/${body.data.id}`)).body.data;
    expect(await status()).toMatchObject({ status: 'queued', direction: 'outbound', joined_at: null });
    clock.advance(1_000);
    expect(await status()).toMatchObject({ status: 'ringing' });
    clock.advance(5_000);
    expect(await status()).toMatchObject({ status: 'in-progress', ended_at: null });
    clock.advance(60_000);
    expect(await status()).toMatchObject({ status: 'ended', outcome: 'completed' });
    expect(simulator.ledger().calls).toEqual([
      {
        id: body.data.id,
        key: 'k1',
        agent_id: 'agent_1',
        phone_number: '+14155550123',
        accepted_at: start,
        dialled_at: start + 1_000,
        started_at: start + 6_000,
        ended_at: start + 66_000,
        outcome: 'completed',
      },
    ]);
  });

  test('time runs faster by the scale, and limits are cut to it', async () => {
    const { clock, simulator, place } = simulate({ timeScale: 10, faults: life('completed', 1_000, 90_000, 900_000) });
    const start = clock.now();
    await place('k1', { call_settings: { max_duration: '60s', join_timeout: '20s' } });
    clock.advance(3_600_000);
    const [call] = simulator.ledger().calls;
    expect([call!.dialled_at, call!.started_at, call!.ended_at]).toEqual([start + 100, start + 2_100, start + 8_100]);
  });

  test('a call that nobody answers was never started', async () => {
    const { clock, simulator, place } = simulate({ faults: life('no_answer', 0, 30_000) });
    await place('k1');
    clock.advance(30_000);
    expect(simulator.ledger().calls[0]).toMatchObject({
      outcome: 'no_answer',
      started_at: null,
      ended_at: clock.now(),
    });
  });

  test('a lost call ends in silence at its maximum duration', async () => {
    const { clock, simulator, place } = simulate({ faults: { rules: [{ fault: { kind: 'lost_call' } }] } });
    await place('k1', { call_settings: { max_duration: '100s' } });
    clock.advance(100_000);
    expect(simulator.summary().in_flight).toBe(1);
    clock.advance(10_000);
    expect(simulator.summary()).toMatchObject({ in_flight: 0, outcomes: { completed: 1 } });
  });

  test('the same seed and keys make the same ledger, whatever the order of arrival', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
    const run = async (order: string[], seed: string) => {
      const { clock, simulator, place } = simulate({ seed });
      const start = clock.now();
      for (const key of order) await place(key);
      clock.advance(3_600_000);
      const calls = simulator.ledger().calls.map(({ ended_at, ...call }) => ({ ...call, lasted: ended_at! - start }));
      return calls.sort((a, b) => (a.key! < b.key! ? -1 : 1));
    };
    const first = await run(keys, 'a');
    expect(await run(keys.toReversed(), 'a')).toEqual(first);
    expect(await run(keys, 'b')).not.toEqual(first);
    expect(new Set(first.map(({ outcome }) => outcome)).size).toBeGreaterThan(1);
  });
});

describe('idempotency keys', () => {
  test('bring back the first answer, and refuse another body', async () => {
    const { simulator, place } = simulate();
    const first = await place('k1');
    expect(first.status).toBe(201);
    expect(await place('k1')).toMatchObject({ status: 201, body: { data: first.body.data } });
    expect(await place('k1', { agent_id: 'agent_2' })).toMatchObject({
      status: 409,
      body: { error: { code: 'idempotency_conflict' } },
    });
    expect(simulator.summary()).toMatchObject({ accepted: 1, duplicate_keys: 0, requests_total: 3 });
    expect(simulator.ledger().requests.map(({ replayed }) => replayed)).toEqual([false, true, false]);
  });

  test('are forgotten in time', async () => {
    const { clock, simulator, place } = simulate({ keyTtlMs: 60_000 });
    const first = await place('k1');
    clock.advance(59_999);
    expect((await place('k1')).body.data.id).toBe(first.body.data.id);
    clock.advance(1);
    expect((await place('k1')).body.data.id).not.toBe(first.body.data.id);
    await place('k2');
    expect(simulator.summary()).toMatchObject({ accepted: 3, duplicate_keys: 1 });
  });

  test('mean nothing to a provider that does not honour them', async () => {
    const { simulator, place } = simulate({ faults: { poses: { honours_keys: false } } });
    for (let index = 0; index < 3; index += 1) await place('k1');
    await place(null);
    expect(simulator.summary()).toMatchObject({ accepted: 4, duplicate_keys: 1 });
  });
});

describe('the ledger', () => {
  test('counts the most calls at once from acceptance to end', async () => {
    const { clock, simulator, place } = simulate({ faults: life('completed', 0, 0, 10_000) });
    await place('k1');
    clock.advance(5_000);
    await place('k2');
    await place('k3');
    clock.advance(5_000);
    await place('k4');
    clock.advance(60_000);
    expect(simulator.summary()).toMatchObject({ in_flight: 0, peak_in_flight: 3, accepted: 4 });
    expect(peakInFlight(simulator.ledger().calls)).toBe(3);
  });

  test.each<[string, [number, number | null][], number]>([
    ['none', [], 0],
    [
      'one after another',
      [
        [0, 10],
        [10, 20],
      ],
      1,
    ],
    [
      'overlapping',
      [
        [0, 10],
        [9, 20],
        [9, 12],
      ],
      3,
    ],
    [
      'never ended',
      [
        [0, null],
        [50, null],
        [60, 61],
      ],
      3,
    ],
  ])('peak: %s', (_name, spans, expected) => {
    const calls = spans.map(([accepted_at, ended_at]) => ({ accepted_at, ended_at }));
    expect(peakInFlight(calls)).toBe(expected);
  });

  test('is read with and without its lists, and started over', async () => {
    const { simulator, inject, place, clock } = simulate();
    await place('k1');
    const full = (await inject({ url: '/ledger' })).json<{ calls: unknown[]; requests: { status: number }[] }>();
    expect(full).toMatchObject({ accepted: 1, calls: [{ key: 'k1' }], requests: [{ n: 1, status: 201, faults: [] }] });
    const summary = (await inject({ url: '/ledger?summary=1' })).json<object>();
    expect(summary).toMatchObject({ accepted: 1, peak_in_flight: 1, requests_by_status: { 201: 1 } });
    expect(Object.keys(summary)).not.toContain('calls');
    expect((await inject({ method: 'DELETE', url: '/ledger' })).statusCode).toBe(204);
    expect(simulator.ledger()).toMatchObject({ accepted: 0, in_flight: 0, peak_in_flight: 0, calls: [], requests: [] });
    expect(clock.pending()).toBe(0);
    expect((await place('k1')).status).toBe(201);
  });

  test('counts requests without listing them when told so', async () => {
    const { simulator, place } = simulate({ keepRequests: false });
    await place('k1');
    expect(simulator.ledger()).toMatchObject({ requests_total: 1, requests: [] });
  });
});

describe('the API', () => {
  test('asks for the key', async () => {
    const { inject, simulator } = simulate();
    for (const authorization of ['', 'Bearer other', 'simulator-key']) {
      const reply = await inject({ url: '/api/public/v1/calls', headers: { authorization } });
      expect(reply.statusCode).toBe(401);
    }
    expect(simulator.summary().requests_by_status).toEqual({ 401: 3 });
  });

  test.each<[string, object, string]>([
    ['phone_number', { phone_number: '4155550123' }, 'phone_number'],
    ['two numbers', { phone_number: '+14155550123,+14155550124' }, 'phone_number'],
    ['agent', { agent_id: '' }, 'agent_id'],
    ['variables that are no text', { variables: { a: 1 } }, 'variables.a'],
    ['duration', { call_settings: { max_duration: '30m' } }, 'call_settings.max_duration'],
  ])('names what is wrong: %s', async (_name, change, field) => {
    const { place, simulator } = simulate();
    const reply = await place('k1', change);
    expect(reply).toMatchObject({ status: 422, body: { error: { code: 'validation_error', details: [{ field }] } } });
    expect(simulator.summary().accepted).toBe(0);
  });

  test('lists calls newest first, by status and page, with variables only where told so', async () => {
    const { place, get, simulator, clock } = simulate({ faults: life('busy', 1_000, 1_000) });
    for (const key of ['k1', 'k2', 'k3']) await place(key, { variables: { key } });
    clock.advance(5_000);
    const { body } = await place('k4', { variables: { key: 'k4' } });
    const list = async (query: string) => (await get(`/calls${query}`)).body;
    expect(await list('')).toMatchObject({ pagination: { total: 4, limit: 50, offset: 0, has_more: false } });
    expect(await list('?status=queued')).toMatchObject({ data: [{ id: body.data.id }], pagination: { total: 1 } });
    expect(await list('?limit=2&offset=1')).toMatchObject({ pagination: { total: 4, has_more: true } });
    expect((await get('/calls?limit=0')).status).toBe(422);
    expect(JSON.stringify(await list(''))).not.toContain('"variables"');
    simulator.setFaults({ poses: { finds: 'by_variables' } });
    expect(await list('?limit=1')).toMatchObject({ data: [{ variables: { key: 'k4' } }] });
    simulator.setFaults({ poses: { finds: 'nothing' } });
    expect(await list('')).toMatchObject({ data: [] });
    expect((await get(`/calls/${body.data.id}`)).status).toBe(404);
  });

  test('knows its agents where it is told them', async () => {
    const { place } = simulate({ faults: { poses: { agents: ['agent_2'] } } });
    expect((await place('k1')).status).toBe(404);
    expect((await place('k1', { agent_id: 'agent_2' })).status).toBe(201);
  });

  test('fault plans and webhook targets come in by PUT, valid or not at all', async () => {
    const { inject, place } = simulate();
    const put = async (url: string, payload: object) => (await inject({ method: 'PUT', url, payload })).statusCode;
    expect(await put('/faults', { rules: [{ fault: { kind: 'throttle', retry_after: 3 } }] })).toBe(204);
    expect((await place('k1')).status).toBe(429);
    expect(await put('/faults', { rules: [{ fault: { kind: 'nonsense' } }] })).toBe(422);
    expect((await place('k1')).status).toBe(429);
    expect(await put('/faults', {})).toBe(204);
    expect((await place('k1')).status).toBe(201);
    expect(await put('/webhook', { url: 'http://127.0.0.1:9/', secret: '' })).toBe(422);
    expect(await put('/webhook', { url: 'http://127.0.0.1:9/', secret: 'whsec_1' })).toBe(204);
  });

  test('an outage refuses everything for its time', async () => {
    const { clock, place, get } = simulate({ faults: { outages: [{ from_ms: 1_000, to_ms: 2_000 }] } });
    expect((await place('k1')).status).toBe(201);
    clock.advance(1_000);
    expect((await place('k1')).status).toBe(503);
    expect((await get('/calls')).status).toBe(503);
    clock.advance(1_000);
    expect((await place('k1')).status).toBe(201);
  });

  test('closing takes back every timer', async () => {
    const { clock, simulator, place } = simulate();
    for (const key of ['k1', 'k2', 'k3']) await place(key);
    expect(clock.pending()).toBe(3);
    await simulator.close();
    expect(clock.pending()).toBe(0);
  });
});
