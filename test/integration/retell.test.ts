import { describe, expect, test, vi } from 'vitest';
import { callId } from '../../domain/engine/ids.ts';
import type { Outcome } from '../../domain/engine/outcome.ts';
import type { CallProvider, CallToPlace } from '../../providers/port.ts';
import { createRetellProvider } from '../../providers/retell/retell.ts';
import { RetellSettings } from '../../providers/retell/settings.ts';
import type { CallLife, PlacementFault } from '../../simulator/retell/faults.ts';
import { RetellStandIn } from '../../simulator/retell/stand-in.ts';
import { MESSAGES } from '../../simulator/retell/words.ts';
import { receiveWebhooks } from '../support/fakes/webhook-receiver.ts';
import { describeProvider, type Trouble } from '../support/provider-contract.ts';
import { callToPlace } from '../support/factories/call-to-place.ts';

const API_KEY = 'key_contract';
const NUMBER = '+14155550100';
const TIMEOUT_MS = 1_000;

const TROUBLES: Record<Trouble, PlacementFault> = {
  'throttle for two seconds': { kind: 'refuse', status: 429, message: MESSAGES.tooManyRequests, retryAfterS: 2 },
  throttle: { kind: 'refuse', status: 429, message: MESSAGES.tooManyRequests },
  'refuse the number': { kind: 'refuse', status: 400, message: 'to_number is not a valid phone number.' },
  unauthorized: { kind: 'refuse', status: 401, message: MESSAGES.unauthorized },
  'no funds': { kind: 'refuse', status: 402, message: MESSAGES.paymentRequired },
  forbidden: { kind: 'refuse', status: 403, message: 'Forbidden' },
  'unknown agent': { kind: 'refuse', status: 422, message: MESSAGES.unknownAsset },
  'fail before accepting': { kind: 'server_error', when: 'before' },
  'fail after accepting': { kind: 'server_error', when: 'after' },
  'lose the request': { kind: 'drop', when: 'before' },
  'lose the reply': { kind: 'drop', when: 'after' },
  'reply too late': { kind: 'delay', when: 'after', ms: 1.5 * TIMEOUT_MS },
  'accept too late': { kind: 'delay', when: 'before', ms: 1.5 * TIMEOUT_MS },
  'garble the reply': { kind: 'garble' },
};

const ENDS: Partial<Record<Outcome, CallLife>> = {
  completed: 'user_hangup',
  no_answer: 'dial_no_answer',
  busy: 'dial_busy',
  voicemail: 'voicemail_reached',
  declined: 'user_declined',
  invalid_number: 'invalid_destination',
  failed: 'dial_failed',
};

function adapter(baseUrl: string): CallProvider {
  const settings = RetellSettings.parse({
    base_url: baseUrl,
    api_key: API_KEY,
    request_timeout_seconds: TIMEOUT_MS / 1000,
  });
  return createRetellProvider(settings, { callerNumbers: [NUMBER] });
}

describeProvider('Retell', async () => {
  const receiver = await receiveWebhooks();
  const standIn = new RetellStandIn({ apiKey: API_KEY, webhookUrl: receiver.url, numbers: [NUMBER] });
  const provider = adapter(await standIn.listen());
  // Port 9 (discard) is reserved and not listened on.
  const unreachable = adapter('http://127.0.0.1:9');
  return {
    provider,
    unreachable,
    now: Date.now,
    oddWebhooks: [
      { event_timestamp: Date.now() + 0.5 },
      { event_timestamp: 'yesterday', call: { call_id: 'c', disconnection_reason: 'dial_busy' } },
      { call: { call_id: 'c'.repeat(180), call_status: 'ended', end_timestamp: Date.now() + 0.25 } },
      { call: { call_id: 'c'.repeat(201), call_status: 'ended', end_timestamp: -1 } },
      { call: { call_id: 'c', disconnection_reason: null, metadata: 'not an object' } },
      { call: {} },
    ].map((odd) => Buffer.from(JSON.stringify({ event: 'call_ended', call: { call_id: 'c' }, ...odd }))),
    provoke: (trouble) => (standIn.plan = { placements: [TROUBLES[trouble]] }),
    letEnd(outcome) {
      const life = ENDS[outcome];
      if (life === undefined) throw new Error(`Retell has no ${outcome} calls`);
      standIn.plan = { lives: [life] };
    },
    letLast: () => (standIn.plan = { lives: ['lasts', 'lasts'] }),
    callsUnder: (key) => standIn.ledger.calls.filter(({ metadata }) => metadata?.['ringfence_call_id'] === key).length,
    placements: () => standIn.ledger.requests.filter(({ path }) => path === '/v2/create-phone-call').length,
    webhooks: (enough) => receiver.until(enough),
    async close() {
      await provider.close();
      await unreachable.close();
      await standIn.close();
      await receiver.close();
    },
  };
});

describe('Retell', () => {
  async function withStandIn(
    options: Partial<ConstructorParameters<typeof RetellStandIn>[0]>,
    work: (standIn: RetellStandIn, provider: CallProvider) => Promise<void>,
  ): Promise<void> {
    const standIn = new RetellStandIn({ apiKey: API_KEY, webhookUrl: null, numbers: [NUMBER], ...options });
    const provider = adapter(await standIn.listen());
    try {
      await work(standIn, provider);
    } finally {
      await provider.close();
      await standIn.close();
    }
  }

  const callTo = (seq: number): CallToPlace =>
    callToPlace({
      callId: callId({ campaignId: '00000000-0000-4000-8000-00000000000b', seq, attempt: 1 }),
      firstName: 'Ada',
    });
  const placeAll = (provider: CallProvider, calls: readonly CallToPlace[]) =>
    Promise.all(calls.map((call) => provider.place(provider.freeze(call), call.callId, Date.now() + 60_000)));

  test('finds calls whose replies were lost, all with one request', async () => {
    await withStandIn({}, async (standIn, provider) => {
      const calls = Array.from({ length: 10 }, (_, index) => callTo(index + 1));
      standIn.plan = {
        placements: calls.map(() => ({ kind: 'drop', when: 'after' })),
        lives: calls.map(() => 'dial_busy'),
      };
      const placed = await placeAll(provider, calls);
      expect(placed.map(({ kind }) => kind)).toEqual(calls.map(() => 'unknown'));
      await vi.waitFor(() =>
        expect(standIn.ledger.webhooks.filter(({ event }) => event === 'call_ended')).toHaveLength(10),
      );

      const asked = standIn.ledger.requests.length;
      const found = await provider.lookUp(calls.map((call) => ({ callId: call.callId, providerCallId: null })));
      expect(standIn.ledger.requests.slice(asked).map(({ path }) => path)).toEqual(['/v3/list-calls']);
      expect(found).toEqual(
        calls.map((call) => {
          const known = standIn.ledger.calls.find(({ metadata }) => metadata?.['ringfence_call_id'] === call.callId);
          return expect.objectContaining({ kind: 'ended', providerCallId: known?.call_id, outcome: 'busy' }) as unknown;
        }),
      );
    });
  });

  test('asks once about calls that the engine asks about one by one at the same time', async () => {
    await withStandIn({}, async (standIn, provider) => {
      const calls = Array.from({ length: 10 }, (_, index) => callTo(index + 1));
      const ids = (await placeAll(provider, calls)).map((result) =>
        result.kind === 'accepted' ? result.providerCallId : null,
      );
      await vi.waitFor(() => expect(standIn.ledger.calls.every((call) => call.call_status === 'ended')).toBe(true));
      const asked = standIn.ledger.requests.length;
      const found = await Promise.all(ids.map((providerCallId) => provider.lookUp([{ callId: null, providerCallId }])));
      expect(found).toEqual(ids.map((providerCallId) => [expect.objectContaining({ kind: 'ended', providerCallId })]));
      expect(standIn.ledger.requests.slice(asked)).toEqual([{ path: '/v3/list-calls', status: 200 }]);
    });
  });

  test('does not take a call for absent that the list leaves out', async () => {
    await withStandIn({}, async (standIn, provider) => {
      const [lost, known] = [callTo(1), callTo(2)];
      standIn.plan = { placements: [{ kind: 'drop', when: 'after' }], lives: ['lasts', 'lasts'], listLags: true };
      await placeAll(provider, [lost]);
      const [accepted] = await placeAll(provider, [known]);
      const providerCallId = accepted?.kind === 'accepted' ? accepted.providerCallId : null;
      expect(
        await provider.lookUp([
          { callId: lost.callId, providerCallId: null },
          { callId: known.callId, providerCallId },
        ]),
      ).toMatchObject([
        { kind: 'unknown', reason: 'not_found' },
        { kind: 'live', providerCallId },
      ]);
    });
  });

  test('asks once for many calls, and not again for each, while the list fails', async () => {
    await withStandIn({}, async (standIn, provider) => {
      standIn.plan = { lives: ['lasts', 'lasts'] };
      const placed = await placeAll(provider, [callTo(1), callTo(2)]);
      standIn.plan = { lookUps: 429 };
      const asked = standIn.ledger.requests.length;
      const results = await provider.lookUp(
        placed.map((result) => ({
          callId: null,
          providerCallId: result.kind === 'accepted' ? result.providerCallId : null,
        })),
      );
      expect(results).toEqual([
        { kind: 'unknown', reason: 'http_429' },
        { kind: 'unknown', reason: 'http_429' },
      ]);
      expect(standIn.ledger.requests.slice(asked)).toHaveLength(1);
    });
  });

  test("holds the connection, and blames no contact, if the number to call from is not the account's", async () => {
    await withStandIn({ numbers: ['+14155550999'] }, async (standIn, provider) => {
      expect(await placeAll(provider, [callTo(1)])).toEqual([{ kind: 'blocked', reason: 'from_number_not_found' }]);
      expect(standIn.ledger.calls).toEqual([]);
    });
  });

  test('waits while the account has as many calls as it may have', async () => {
    await withStandIn({ concurrencyLimit: 1 }, async (standIn, provider) => {
      standIn.plan = { lives: ['lasts'] };
      await placeAll(provider, [callTo(1)]);
      expect(await placeAll(provider, [callTo(2)])).toEqual([{ kind: 'throttled', retryAfterMs: null }]);
      expect(standIn.ledger.calls).toHaveLength(1);
    });
  });

  test('reads the end of a call from look-ups alone, with all webhooks lost', async () => {
    await withStandIn({}, async (standIn, provider) => {
      standIn.plan = { lives: ['user_declined'], webhooks: 'drop' };
      const [placed] = await placeAll(provider, [callTo(1)]);
      const providerCallId = placed?.kind === 'accepted' ? placed.providerCallId : null;
      await vi.waitFor(async () => {
        expect(await provider.lookUp([{ callId: null, providerCallId }])).toMatchObject([
          { kind: 'ended', providerCallId, outcome: 'declined', endedAt: null },
        ]);
      });
    });
  });
});

describe('the stand-in for Retell', () => {
  test('sends an event four times in all, as it is not acknowledged, and the next one all the same', async () => {
    const receiver = await receiveWebhooks(() => 500);
    const standIn = new RetellStandIn({
      apiKey: API_KEY,
      webhookUrl: receiver.url,
      numbers: [NUMBER],
      betweenTriesMs: 1,
    });
    const provider = adapter(await standIn.listen());
    try {
      standIn.plan = { lives: ['dial_no_answer'] };
      const frozen = provider.freeze(
        callToPlace({ callId: callId({ campaignId: '00000000-0000-4000-8000-00000000000c', seq: 1, attempt: 1 }) }),
      );
      await provider.place(frozen, 'key', Date.now() + 60_000);
      await vi.waitFor(() => {
        expect(standIn.ledger.webhooks.map(({ event, statuses }) => [event, statuses])).toEqual([
          ['call_ended', [500, 500, 500, 500]],
          ['call_analyzed', [500, 500, 500, 500]],
        ]);
      });
      // A repetition of an event has the same id.
      const ids = receiver.received
        .flatMap(({ body: rawBody, headers, url }) => provider.parse({ rawBody, headers, url, now: Date.now() }))
        .map(({ eventId }) => eventId);
      expect(new Set(ids).size).toBe(2);
    } finally {
      await provider.close();
      await standIn.close();
      await receiver.close();
    }
  });
});
