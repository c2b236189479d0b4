/** What is the same whichever carrier's API the simulator speaks, and what each carrier does in its own way. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { CARRIERS, type CarrierName } from '../../../simulator/faults.ts';
import type { SimulatorOptions } from '../../../simulator/options.ts';
import { createSimulator, type Simulator } from '../../../simulator/simulator.ts';
import { receiveWebhooks } from '../../support/fakes/webhook-receiver.ts';
import { manualClock } from './manual-clock.ts';

type Options = z.input<typeof SimulatorOptions>;
type Rules = NonNullable<NonNullable<Options['faults']>['rules']>;

const ACCOUNT = `AC${'1'.repeat(32)}`;
const KEY = 'key';
const TO = '+14155550123';
const FROM = '+14155550100';
const CALLS = `/2010-04-01/Accounts/${ACCOUNT}/Calls`;
const BEARER = { authorization: `Bearer ${KEY}` };
const FORM = {
  authorization: `Basic ${Buffer.from(`${ACCOUNT}:${KEY}`).toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded',
};

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** How each carrier is asked for the same call: from a number, with a detection of machines, thirty seconds of ringing. */
const REQUESTS: Record<
  CarrierName,
  (key: string, callback: string) => { url: string; headers: object; payload: unknown }
> = {
  truedy: (key) => ({
    url: '/api/public/v1/calls',
    headers: { ...BEARER, 'x-idempotency-key': key },
    payload: {
      agent_id: 'agent',
      phone_number: TO,
      variables: { ringfence_call_id: key },
      call_settings: { max_duration: '240s', join_timeout: '30s' },
    },
  }),
  twilio: (key, callback) => ({
    url: `${CALLS}.json`,
    headers: FORM,
    payload: twilioForm(`${callback}?ringfence_call_id=${key}`),
  }),
  retell: (key) => ({
    url: '/v2/create-phone-call',
    headers: BEARER,
    payload: {
      from_number: FROM,
      to_number: TO,
      agent_override: { agent: { max_call_duration_ms: 240_000, ring_duration_ms: 30_000 } },
      metadata: { ringfence_call_id: key },
    },
  }),
};

function twilioForm(callback: string, more: Record<string, string> = {}): string {
  const form = { To: TO, From: FROM, Twiml: '<Response/>', Timeout: '30', TimeLimit: '240', StatusCallback: callback };
  return new URLSearchParams({ ...form, MachineDetection: 'Enable', ...more }).toString();
}

function openCarrier(carrier: CarrierName, options: Options = {}, callback = 'http://127.0.0.1:9/') {
  const clock = manualClock();
  const simulator = createSimulator({ carrier, account: ACCOUNT, apiKey: KEY, ...options }, { clock });
  closers.push(() => simulator.close());
  const send = async (url: string, headers: object, payload: unknown) => {
    const reply = await simulator.app.inject({
      method: 'POST',
      url,
      headers: { ...headers },
      payload: payload as string,
    });
    return { status: reply.statusCode, body: reply.body };
  };
  const place = (key: string) => {
    const { url, headers, payload } = REQUESTS[carrier](key, callback);
    return send(url, headers, payload);
  };
  return { clock, simulator, place, send };
}

const KEYS = Array.from({ length: 40 }, (_, index) => `call-${index}`);

async function livesAt(carrier: CarrierName): Promise<unknown[]> {
  const { clock, simulator, place } = openCarrier(carrier, { seed: 'of all' });
  for (const key of KEYS) expect((await place(key)).status).toBe(201);
  clock.advance(3_600_000);
  // Twilio does not tell that somebody has declined.
  const known = (outcome: string | null) => (outcome === 'declined' ? 'busy' : outcome);
  return simulator.ledger().calls.map(({ id: _id, agent_id: _agent, outcome, ...call }) => ({
    ...call,
    outcome: known(outcome),
  }));
}

describe.each(CARRIERS)('at %s', (carrier) => {
  test('the same people answer as at any other carrier, and the ledger knows each call by our id', async () => {
    const lives = await livesAt(carrier);
    expect(lives).toEqual(await livesAt('truedy'));
    expect(lives).toMatchObject(KEYS.map((key) => ({ key, phone_number: TO })));
  });

  test('a key is no guard against a second call, unless the carrier honours keys', async () => {
    const { simulator, place } = openCarrier(carrier);
    await place('k1');
    await place('k1');
    const duplicates = carrier === 'truedy' ? 0 : 1;
    expect(simulator.summary()).toMatchObject({ accepted: 1 + duplicates, duplicate_keys: duplicates });
  });

  test.each([
    ['503', { outages: [{ how: '503' as const }] }, 503],
    ['a wrong token', { outages: [{ how: '401' as const }] }, 401],
    ['too many requests', { rules: [{ fault: { kind: 'throttle' as const } }] }, 429],
  ])('a request that meets %s is noted under our id', async (_name, faults, status) => {
    const { simulator, place } = openCarrier(carrier, { faults });
    expect((await place('k1')).status).toBe(status);
    expect(simulator.ledger().requests).toMatchObject([{ on: 'place', key: 'k1', status, call_id: null }]);
  });

  test('an error may hide that the call was accepted', async () => {
    const { simulator, place } = openCarrier(carrier, {
      faults: { rules: [{ fault: { kind: 'server_error', when: 'after' } }] },
    });
    expect((await place('k1')).status).toBe(500);
    const [call] = simulator.ledger().calls;
    expect(simulator.ledger().requests).toMatchObject([{ status: 500, call_id: call?.id, faults: ['server_error'] }]);
  });

  test('an unknown path and an unknown caller are refused', async () => {
    const { send } = openCarrier(carrier);
    expect((await send('/nowhere', {}, {})).status).toBe(404);
    const { url, payload } = REQUESTS[carrier]('k1', 'http://127.0.0.1:9/');
    const { 'content-type': type } = FORM;
    const headers = carrier === 'twilio' ? { 'content-type': type } : {};
    expect((await send(url, { ...headers, authorization: 'Bearer another' }, payload)).status).toBe(401);
  });

  describe('webhooks', () => {
    const life: Rules = [{ fault: { kind: 'life', outcome: 'busy', queue_ms: 0, ring_ms: 10 } }];

    async function openWithReceiver(faults: Options['faults'], answer?: Parameters<typeof receiveWebhooks>[0]) {
      const receiver = await receiveWebhooks(answer);
      closers.push(() => receiver.close());
      const { clock, simulator, place } = openCarrier(carrier, { faults: { rules: life, ...faults } }, receiver.url);
      simulator.setWebhook({ url: receiver.url, secret: KEY });
      await place('k1');
      clock.advance(60_000);
      return { receiver, clock, simulator };
    }

    test('that report an end are noted once they are acknowledged', async () => {
      const { clock, simulator } = await openWithReceiver({});
      await vi.waitFor(() => expect(simulator.ledger().ends).toHaveLength(1));
      const { id } = simulator.ledger().calls[0]!;
      expect(simulator.ledger().ends).toEqual([{ call_id: id, key: 'k1', outcome: 'busy', at: clock.now() }]);
    });

    test('that nobody takes are given up in the end, and no end is noted', async () => {
      const { clock, simulator } = await openWithReceiver({}, () => 500);
      await vi.waitFor(() => {
        clock.advance(60_000);
        expect(simulator.summary().webhooks).toMatchObject({ pending: 0, acknowledged: 0 });
      });
      expect(simulator.ledger().ends).toEqual([]);
    });

    test('can be wholly off', async () => {
      const { simulator } = await openWithReceiver({ poses: { webhooks: false } });
      expect(simulator.ledger()).toMatchObject({ in_flight: 0, webhooks: { deliveries: 0, pending: 0 } });
    });
  });
});

describe('Twilio', () => {
  test('takes a mailbox for a person where it was not asked to tell them apart', async () => {
    const faults: Options['faults'] = { rules: [{ fault: { kind: 'life', outcome: 'voicemail' } }] };
    const { clock, simulator, send } = openCarrier('twilio', { faults });
    await send(`${CALLS}.json`, FORM, twilioForm('http://127.0.0.1:9/', { SendDigits: 'WW1' }));
    await send(`${CALLS}.json`, FORM, twilioForm('http://127.0.0.1:9/'));
    clock.advance(3_600_000);
    expect(simulator.ledger().calls.map(({ outcome }) => outcome)).toEqual(['completed', 'voicemail']);
  });

  test.each([
    ['without overrides, where it is answered', '', 500, 1],
    ['for errors, where the overrides say so', '#rc=2&rp=5xx', 500, 3],
    ['for other errors, where the overrides do not name them', '#rc=2&rp=5xx', 404, 1],
    ['at most five times, whatever happens', '#rc=5&rp=all', 404, 6],
  ])('repeats a callback %s', async (_name, overrides, status, tries) => {
    const receiver = await receiveWebhooks(() => status);
    closers.push(() => receiver.close());
    const faults: Options['faults'] = {
      rules: [{ fault: { kind: 'life', outcome: 'busy', queue_ms: 0, ring_ms: 10 } }],
    };
    const { clock, simulator, send } = openCarrier('twilio', { faults });
    await send(`${CALLS}.json`, FORM, twilioForm(receiver.url + overrides));
    clock.advance(10);
    await vi.waitFor(() => {
      clock.advance(1);
      expect(simulator.summary().webhooks).toMatchObject({ pending: 0, given_up: 1 });
    });
    // Without StatusCallbackEvent it reports the end alone.
    expect(receiver.received).toHaveLength(tries);
  });

  test('cancels a call that nobody has answered, once', async () => {
    const { clock, simulator, place, send } = openCarrier('twilio');
    const { sid } = JSON.parse((await place('k1')).body) as { sid: string };
    const cancel = () => send(`${CALLS}/${sid}.json`, FORM, 'Status=canceled');
    expect(JSON.parse((await cancel()).body)).toMatchObject({ sid, status: 'canceled' });
    expect((await cancel()).status).toBe(400);
    clock.advance(3_600_000);
    expect(simulator.ledger().calls).toMatchObject([{ outcome: 'cancelled', dialled_at: null }]);
    expect(simulator.summary()).toMatchObject({ in_flight: 0, outcomes: { cancelled: 1 } });
  });
});

describe('Retell', () => {
  test('stops a call that nobody has answered, and lets one go on that somebody has', async () => {
    const faults: Options['faults'] = {
      rules: [{ fault: { kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 1_000, talk_ms: 60_000 } }],
    };
    const { clock, simulator, place, send } = openCarrier('retell', { faults });
    const stop = async (key: string, after: number) => {
      const { call_id } = JSON.parse((await place(key)).body) as { call_id: string };
      clock.advance(after);
      return (await send(`/v2/stop-call/${call_id}`, BEARER, undefined)).status;
    };
    expect([await stop('k1', 500), await stop('k2', 1_500)]).toEqual([204, 204]);
    clock.advance(3_600_000);
    expect(simulator.ledger().calls.map(({ outcome }) => outcome)).toEqual(['cancelled', 'completed']);
  });
});

test.each<[CarrierName, Rules[number]['fault']]>([
  ['twilio', { kind: 'event_too_old' }],
  ['twilio', { kind: 'stray_end', outcome: 'busy' }],
  ['retell', { kind: 'second_end', outcome: 'failed' }],
])('%s cannot have a fault that is not its own: %o', (carrier, fault) => {
  const faults = { rules: [{ fault }] };
  const create = (): Simulator => createSimulator({ carrier, faults });
  expect(create).toThrow(fault.kind);
  const { simulator } = openCarrier(carrier);
  expect(() => simulator.setFaults(faults)).toThrow(fault.kind);
});
