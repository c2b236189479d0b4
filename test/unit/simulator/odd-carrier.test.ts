/** What the provider can be told to say wrong about a call: its time, its event's id, whose call it is, that it goes on. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type { FaultPlan } from '../../../simulator/faults.ts';
import { createSimulator, type Simulator } from '../../../simulator/simulator.ts';
import { receiveWebhooks, type WebhookReceiver } from '../../support/fakes/webhook-receiver.ts';

type Fault = NonNullable<z.input<typeof FaultPlan>['rules']>[number]['fault'];
interface Told {
  readonly event: string;
  readonly id: string;
  readonly timestamp: unknown;
  readonly data: { readonly call_id: string; readonly variables?: Record<string, string>; readonly outcome?: string };
}

const HEADERS = { authorization: 'Bearer simulator-key' };
const VARIABLES = { ringfence_call_id: 'our-call' };
const DECADE_MS = 315_576_000_000;

let receiver: WebhookReceiver;
let simulator: Simulator;
beforeEach(async () => {
  receiver = await receiveWebhooks();
});
afterEach(async () => {
  await simulator.close();
  await receiver.close();
});

/** Calls of a few milliseconds that meet these faults. */
function provider(faults: Fault[], life = { talk_ms: 1_000 }): void {
  simulator = createSimulator({
    timeScale: 100,
    webhook: { url: receiver.url, secret: 'whsec_1' },
    faults: {
      rules: [
        { fault: { kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 100, ...life } },
        ...faults.map((fault) => ({ fault })),
      ],
    },
  });
}

async function place(key = 'k1'): Promise<string> {
  const reply = await simulator.app.inject({
    method: 'POST',
    url: '/api/public/v1/calls',
    headers: { ...HEADERS, 'x-idempotency-key': key },
    payload: { agent_id: 'agent_1', phone_number: '+14155550123', variables: VARIABLES },
  });
  return reply.json<{ data?: { id: string } }>().data?.id ?? 'refused';
}

async function lookUp(id: string): Promise<unknown> {
  const reply = await simulator.app.inject({ url: `/api/public/v1/calls/${id}`, headers: HEADERS });
  return reply.json<{ data: unknown }>().data;
}

async function told(enough: (events: Told[]) => boolean): Promise<Told[]> {
  const read = (all: readonly { readonly body: Buffer }[]) => all.map(({ body }) => JSON.parse(String(body)) as Told);
  return read(await receiver.until((received) => enough(read(received))));
}
const all = (events: Told[]) => events.length === 4;

describe('an odd carrier', () => {
  test('tells wrong times, in events and when it is asked; its ledger keeps the true ones', async () => {
    provider([{ kind: 'event_time', shift_ms: -DECADE_MS }]);
    const before = Date.now();
    const id = await place();
    for (const { timestamp } of await told(all)) {
      expect(Date.parse(String(timestamp))).toBeLessThan(before - DECADE_MS + 60_000);
    }
    const { ended_at } = (await lookUp(id)) as { ended_at: string };
    expect(Date.parse(ended_at)).toBeLessThan(before - DECADE_MS + 60_000);
    expect(simulator.ledger().calls[0]?.ended_at).toBeGreaterThanOrEqual(before);
  });

  test.each([
    ['seconds', (time: number) => Number.isInteger(time) && time < 10_000_000_000],
    ['fraction', (time: number) => time % 1 === 0.375 && time > 1_000_000_000_000],
  ] as const)('writes times as %s', async (form, holds) => {
    provider([{ kind: 'event_time', events: ['call.ended'], form }]);
    await place();
    for (const { event, timestamp } of await told(all)) {
      if (event === 'call.ended') expect(timestamp).toSatisfy(holds);
      else expect(timestamp).toBeTypeOf('string');
    }
  });

  test('gives its events ids of any length, each its own', async () => {
    provider([{ kind: 'event_id', length: 4_000 }]);
    await place();
    const ids = (await told(all)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    expect(ids.filter((id) => id.length !== 4_000)).toEqual([]);
  });

  test('keeps our variables out of some events', async () => {
    provider([{ kind: 'event_no_echo', events: ['call.ended'] }]);
    await place();
    for (const { event, data } of await told(all)) {
      expect(data.variables).toEqual(event === 'call.ended' ? undefined : VARIABLES);
    }
  });

  test('reports the end of a call that never was under our variables, while ours goes on', async () => {
    provider([{ kind: 'stray_end', outcome: 'busy' }, { kind: 'event_no_echo' }], { talk_ms: 30_000 });
    const id = await place();
    const [stray] = (await told((events) => events.some(({ event }) => event === 'call.ended'))).filter(
      ({ event }) => event === 'call.ended',
    );
    expect(stray?.data).toMatchObject({ outcome: 'busy', variables: VARIABLES });
    expect(stray?.data.call_id).not.toBe(id);
    expect(simulator.ledger()).toMatchObject({ accepted: 1, in_flight: 1 });
  });

  test('reports it under the id of another call', async () => {
    provider([{ kind: 'stray_end', outcome: 'busy', of: 'another', ms: 1_500 }], { talk_ms: 900_000 });
    const ids = [await place('k1'), await place('k2')];
    const ends = await told((events) => events.filter(({ event }) => event === 'call.ended').length === 2);
    const named = ends.filter(({ event }) => event === 'call.ended').map(({ data }) => data.call_id);
    expect(named.toSorted()).toEqual(ids.toSorted());
  });

  test('says for ever that a call goes on which has long ended', async () => {
    provider([{ kind: 'stuck' }]);
    const id = await place();
    const events = await told((soFar) => soFar.some(({ event }) => event === 'call.billed'));
    expect(events.filter(({ event }) => event === 'call.ended')).toEqual([]);
    expect(await lookUp(id)).toMatchObject({ status: 'in-progress', outcome: null, ended_at: null });
    expect(simulator.ledger().calls[0]).toMatchObject({ outcome: 'completed' });
    expect(simulator.ledger().in_flight).toBe(0);
  });

  test('notes the Retry-After that it has sent', async () => {
    provider([{ kind: 'throttle', retry_after: 31_536_000 }]);
    await place();
    expect(simulator.ledger().requests[0]).toMatchObject({ status: 429, retry_after: '31536000' });
  });

  test.each(['401', '402', '403'] as const)('refuses the account (%s) for a while', async (how) => {
    simulator = createSimulator({ faults: { outages: [{ how }] } });
    await place();
    expect(simulator.ledger().requests[0]?.status).toBe(Number(how));
  });
});
