import { afterEach, describe, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { callId } from '../../domain/engine/ids.ts';
import type { CallProvider, ReceivedWebhook } from '../../providers/port.ts';
import { TwilioSettings } from '../../providers/twilio/settings.ts';
import { createTwilioProvider } from '../../providers/twilio/twilio.ts';
import type { FaultPlan } from '../../simulator/faults.ts';
import { callToPlace } from '../support/factories/call-to-place.ts';
import type { receiveWebhooks, WebhookReceiver } from '../support/fakes/webhook-receiver.ts';
import {
  connect,
  createSimulatedHarness,
  type Fault,
  PATIENT_MS,
  TIMEOUT_MS,
} from '../support/harness/simulated-carrier.ts';
import { describeProvider } from '../support/provider-contract.ts';

const ACCOUNT = `AC${'5'.repeat(32)}`;
const TOKEN = 'token-of-the-stand-in';
const OPTIONS = { carrier: 'twilio', account: ACCOUNT, apiKey: TOKEN } as const;
const TWIML = '<Response><Say>Hello {{first_name}}</Say></Response>';

const providerWith =
  (timeoutMs: number) =>
  (baseUrl: string, receiver: WebhookReceiver): CallProvider => {
    const settings = TwilioSettings.parse({
      account_sid: ACCOUNT,
      auth_token: TOKEN,
      twiml: TWIML,
      base_url: baseUrl,
      request_timeout_seconds: timeoutMs / 1000,
    });
    return createTwilioProvider(settings, { webhookUrl: receiver.url, callerNumbers: ['+14155550100'] });
  };

describeProvider('Twilio', () =>
  createSimulatedHarness(
    { options: OPTIONS, createProvider: providerWith(TIMEOUT_MS) },
    {
      signsNoTime: true,
      never: ['declined'],
      oddWebhooks: [
        { Timestamp: 'Wed, 18 Mar 2026 12:00:00.5 +0000' },
        { Timestamp: '1e99' },
        { Timestamp: '' },
        { SequenceNumber: '9'.repeat(500) },
        { AnsweredBy: 'm'.repeat(3_000) },
        { SipResponseCode: '4'.repeat(3_000) },
      ].map((odd) =>
        Buffer.from(
          new URLSearchParams({ CallSid: `CA${'1'.repeat(32)}`, CallStatus: 'failed', ...odd } as Record<
            string,
            string
          >).toString(),
        ),
      ),
    },
  ),
);

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Connected {
  readonly timeScale?: number;
  readonly poses?: z.input<typeof FaultPlan>['poses'];
  readonly answer?: Parameters<typeof receiveWebhooks>[0];
}

async function open({ timeScale = 1_000, poses = {}, answer }: Connected = {}) {
  const options = { ...OPTIONS, timeScale };
  const { simulator, receiver, provider, close } = await connect({
    options,
    createProvider: providerWith(PATIENT_MS),
    ...(answer === undefined ? {} : { answer }),
  });
  closers.push(close);
  let seq = 0;
  const place = async (...faults: Fault[]) => {
    seq += 1;
    const key = callId({ campaignId: '00000000-0000-4000-8000-00000000000c', seq, attempt: 1 });
    const frozen = provider.freeze(callToPlace({ callId: key, firstName: 'Ada' }));
    simulator.setFaults({ poses, rules: faults.map((fault) => ({ fault })) });
    const firstSentAt = Date.now();
    const result = await provider.place(frozen, key, Number.POSITIVE_INFINITY);
    return { ref: { callId: key, providerCallId: null, request: frozen, firstSentAt }, result };
  };
  /** The events of every webhook that has come, each verified. */
  const events = () =>
    receiver.received.flatMap(({ body, headers, url }) => {
      const webhook: ReceivedWebhook = { rawBody: body, headers, url, now: Date.now() };
      provider.verify(webhook);
      return provider.parse(webhook);
    });
  const ended = () => events().filter(({ kind }) => kind === 'ended');
  const isOver = () => vi.waitFor(() => expect(simulator.ledger().calls.at(-1)?.ended_at).toEqual(expect.any(Number)));
  return { simulator, receiver, provider, place, events, ended, isOver };
}

describe('a call at Twilio', () => {
  test('is reported step by step, each step once, under the ids of both sides', async () => {
    const { simulator, place, events, receiver } = await open();
    const { ref } = await place({ kind: 'life', outcome: 'completed' });
    await receiver.until((received) => received.length === 4);
    expect(events().map(({ kind }) => kind)).toEqual(['started', 'started', 'joined', 'ended']);
    const { id } = simulator.ledger().calls[0]!;
    for (const event of events()) expect(event).toMatchObject({ callId: ref.callId, providerCallId: id });
  });

  test('is busy where `completed` follows: the two have different ids, and the busy one came first', async () => {
    const { place, ended, receiver } = await open();
    await place({ kind: 'life', outcome: 'busy' }, { kind: 'second_end', outcome: 'completed', ms: 100 });
    await receiver.until((received) => received.length === 4);
    expect(ended().map(({ outcome }) => outcome)).toEqual(['busy', 'completed']);
    expect(new Set(ended().map(({ eventId }) => eventId)).size).toBe(2);
  });

  test('is told of under the same id however often, and in whatever order', async () => {
    const { place, events, receiver } = await open();
    await place(
      { kind: 'life', outcome: 'no_answer' },
      { kind: 'event_duplicate', copies: 2 },
      { kind: 'event_reorder' },
    );
    await receiver.until((received) => received.length === 9);
    expect(events()[0]).toMatchObject({ kind: 'ended', outcome: 'no_answer' });
    expect(new Set(events().map(({ eventId }) => eventId)).size).toBe(3);
  });

  test('is told of under one id also where Twilio sends no token', async () => {
    const { place, events, receiver } = await open({ poses: { event_ids: false } });
    await place({ kind: 'life', outcome: 'busy' }, { kind: 'event_duplicate' });
    await receiver.until((received) => received.length === 6);
    expect(new Set(events().map(({ eventId }) => eventId)).size).toBe(3);
  });

  test('to a number that does not exist has failed for a look-up, which does not get the code', async () => {
    const { place, ended, receiver, provider } = await open();
    const { result } = await place({ kind: 'life', outcome: 'invalid_number' });
    await receiver.until((received) => received.length === 3);
    expect(ended()).toMatchObject([{ outcome: 'invalid_number', outcomeAsSent: 'failed, SipResponseCode 404' }]);
    const providerCallId = result.kind === 'accepted' ? result.providerCallId : null;
    expect(await provider.lookUp([{ callId: null, providerCallId }])).toMatchObject([
      { kind: 'ended', outcome: 'failed' },
    ]);
  });

  test('has its webhooks sent again while they are answered with 5xx', async () => {
    const { place, receiver, ended } = await open({ answer: (_webhook, nth) => (nth <= 5 ? 503 : 200) });
    await place({ kind: 'life', outcome: 'busy' });
    await receiver.until((received) => received.length === 8);
    expect(ended()).not.toEqual([]);
  });

  test.each(['without_port', 'with_overrides'] as const)('verifies where the URL was signed %s', async (signed) => {
    const { place, ended, receiver } = await open({ poses: { signed_url: signed } });
    await place({ kind: 'life', outcome: 'busy' });
    await receiver.until((received) => received.length === 3);
    expect(ended()).toHaveLength(1);
  });
});

describe('a call whose reply was lost, with all of its webhooks', () => {
  const LOST: Fault[] = [
    { kind: 'drop_reply' },
    { kind: 'event_drop' },
    { kind: 'life', outcome: 'busy', queue_ms: 0, ring_ms: 5 },
  ];

  test('is found by its numbers once its events say that it is ours', async () => {
    const { place, provider, simulator } = await open();
    const { ref } = await place(...LOST);
    await vi.waitFor(async () =>
      expect(await provider.lookUp([ref])).toMatchObject([
        { kind: 'ended', outcome: 'busy', providerCallId: simulator.ledger().calls[0]!.id },
      ]),
    );
  });

  test('is unknown before that, and never taken for another call to the same person', async () => {
    const { place, provider, isOver } = await open({ timeScale: 1 });
    const { ref } = await place(...LOST);
    await isOver();
    expect(await provider.lookUp([ref])).toEqual([{ kind: 'unknown', reason: 'not_confirmed' }]);
  });

  test('is unknown where only another call has its numbers and its time', async () => {
    const { place, provider } = await open();
    const never = await place({ kind: 'drop_reply', when: 'before' });
    const other = await place(...LOST);
    await vi.waitFor(async () => expect(await provider.lookUp([other.ref])).toMatchObject([{ kind: 'ended' }]));
    expect(await provider.lookUp([never.ref])).toEqual([{ kind: 'unknown', reason: 'not_confirmed' }]);
  });

  test('is unknown where no call has them, and without the request', async () => {
    const { place, provider } = await open();
    const { ref } = await place({ kind: 'drop_reply', when: 'before' });
    expect(await provider.lookUp([ref, { callId: ref.callId, providerCallId: null }])).toEqual([
      { kind: 'unknown', reason: 'not_found' },
      { kind: 'unknown', reason: 'not_searchable' },
    ]);
  });
});
