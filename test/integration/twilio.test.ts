import { afterEach, describe, expect, test, vi } from 'vitest';
import { callId } from '../../domain/engine/ids.ts';
import type { Outcome } from '../../domain/engine/outcome.ts';
import type { CallProvider, ReceivedWebhook } from '../../providers/port.ts';
import { TwilioSettings } from '../../providers/twilio/settings.ts';
import { createTwilioProvider } from '../../providers/twilio/twilio.ts';
import type { Life, Plan, RequestTrouble } from '../../simulator/twilio/plan.ts';
import { type StandInOptions, TwilioStandIn } from '../../simulator/twilio/stand-in.ts';
import { receiveWebhooks, type WebhookReceiver } from '../support/fakes/webhook-receiver.ts';
import { describeProvider, type Trouble } from '../support/provider-contract.ts';
import { callToPlace } from '../support/factories/call-to-place.ts';

const ACCOUNT = { accountSid: `AC${'5'.repeat(32)}`, authToken: 'token-of-the-stand-in' };
const TIMEOUT_MS = 1_000;
const TWIML = '<Response><Say>Hello {{first_name}}</Say></Response>';

const refuse = (status: number, code: number, retryAfter?: number): RequestTrouble => ({
  kind: 'refuse',
  status,
  code,
  message: `refused with ${code}`,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

const TROUBLES: Record<Trouble, RequestTrouble> = {
  'throttle for two seconds': refuse(429, 20_429, 2),
  throttle: refuse(429, 20_429),
  'refuse the number': refuse(400, 21_211),
  unauthorized: refuse(401, 20_003),
  'no funds': refuse(403, 20_005),
  forbidden: refuse(400, 21_215),
  'unknown agent': refuse(400, 21_205),
  'fail before accepting': { kind: 'server_error', accepts: false },
  'fail after accepting': { kind: 'server_error', accepts: true },
  'lose the request': { kind: 'drop', accepts: false },
  'lose the reply': { kind: 'drop', accepts: true },
  'reply too late': { kind: 'delay', ms: 1.5 * TIMEOUT_MS, accepts: 'before' },
  'accept too late': { kind: 'delay', ms: 1.5 * TIMEOUT_MS, accepts: 'after' },
  'garble the reply': { kind: 'garble' },
};

const LIVES: Partial<Record<Outcome, Life>> = {
  completed: { end: 'completed', answeredBy: 'human' },
  voicemail: { end: 'completed', answeredBy: 'machine_end_beep' },
  no_answer: { end: 'no-answer' },
  busy: { end: 'busy' },
  invalid_number: { end: 'failed', sipCode: 404 },
  failed: { end: 'failed', sipCode: 503 },
};

function createProvider(baseUrl: string, receiver: WebhookReceiver, more: object = {}): CallProvider {
  const settings = TwilioSettings.parse({
    account_sid: ACCOUNT.accountSid,
    auth_token: ACCOUNT.authToken,
    twiml: TWIML,
    base_url: baseUrl,
    request_timeout_seconds: TIMEOUT_MS / 1000,
    ...more,
  });
  return createTwilioProvider(settings, { webhookUrl: receiver.url, callerNumbers: ['+14155550100'] });
}

const ourIds = (standIn: TwilioStandIn) =>
  standIn.calls.map(({ form }) => new URL(form.get('StatusCallback') ?? '').searchParams.get('ringfence_call_id'));

describeProvider('Twilio', async () => {
  const receiver = await receiveWebhooks();
  const standIn = new TwilioStandIn(ACCOUNT);
  const provider = createProvider(await standIn.listen(), receiver);
  // Port 9 (discard) is reserved and not listened on.
  const unreachable = createProvider('http://127.0.0.1:9', receiver);
  return {
    provider,
    unreachable,
    now: Date.now,
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
    provoke: (trouble) => standIn.plan({ request: TROUBLES[trouble] }),
    letEnd(outcome) {
      const life = LIVES[outcome];
      if (!life) throw new Error(`the stand-in has no ${outcome} calls`);
      standIn.plan({ life });
    },
    letLast: () => standIn.plan({ life: { end: 'completed', lasts: true } }),
    callsUnder: (key) => ourIds(standIn).filter((id) => id === key).length,
    placements: () => standIn.placements,
    webhooks: (enough) => receiver.until(enough),
    async close() {
      await provider.close();
      await unreachable.close();
      await standIn.close();
      await receiver.close();
    },
  };
});

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function connect(options: Partial<StandInOptions> = {}, answer?: Parameters<typeof receiveWebhooks>[0]) {
  const receiver = await receiveWebhooks(answer);
  const standIn = new TwilioStandIn({ ...ACCOUNT, stepMs: 5, ...options });
  const provider = createProvider(await standIn.listen(), receiver);
  closers.push(
    () => receiver.close(),
    () => standIn.close(),
    () => provider.close(),
  );
  let seq = 0;
  const place = async (plan: Plan = {}) => {
    seq += 1;
    const key = callId({ campaignId: '00000000-0000-4000-8000-00000000000c', seq, attempt: 1 });
    const frozen = provider.freeze(callToPlace({ callId: key, firstName: 'Ada' }));
    standIn.plan(plan);
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
  return { receiver, standIn, provider, place, events, ended };
}

describe('a call at Twilio', () => {
  test('sends the form that the documentation asks for, and reports each step once', async () => {
    const { standIn, place, events, receiver } = await connect();
    const { ref } = await place();
    await receiver.until((received) => received.length === 4);
    expect(events().map(({ kind, callId: id }) => [kind, id])).toEqual(
      ['started', 'started', 'joined', 'ended'].map((kind) => [kind, ref.callId]),
    );
    const form = standIn.calls[0]!.form;
    expect(form.get('Twiml')).toBe('<Response><Say>Hello Ada</Say></Response>');
    expect(form.getAll('StatusCallbackEvent')).toEqual(['initiated', 'ringing', 'answered', 'completed']);
    expect([form.has('Url'), form.has('ApplicationSid')]).toEqual([false, false]);
  });

  test('is busy where `completed` follows: the two have different ids, and the busy one came first', async () => {
    const { place, ended, receiver } = await connect();
    await place({ life: { end: 'busy', completedToo: true } });
    await receiver.until((received) => received.length === 4);
    expect(ended().map(({ outcome }) => outcome)).toEqual(['busy', 'completed']);
    expect(new Set(ended().map(({ eventId }) => eventId)).size).toBe(2);
  });

  test('is told of under the same id however often, and in whatever order', async () => {
    const { place, events, receiver } = await connect();
    await place({ life: { end: 'no-answer' }, callbacks: { copies: 2, reversed: true } });
    await receiver.until((received) => received.length === 9);
    expect(events()[0]).toMatchObject({ kind: 'ended', outcome: 'no_answer' });
    expect(new Set(events().map(({ eventId }) => eventId)).size).toBe(3);
  });

  test('to a number that does not exist has failed for a look-up, which does not get the code', async () => {
    const { place, ended, receiver, provider } = await connect();
    const { result } = await place({ life: { end: 'failed', sipCode: 404 } });
    await receiver.until((received) => received.length === 3);
    expect(ended()).toMatchObject([{ outcome: 'invalid_number', outcomeAsSent: 'failed, SipResponseCode 404' }]);
    const providerCallId = result.kind === 'accepted' ? result.providerCallId : null;
    expect(await provider.lookUp([{ callId: null, providerCallId }])).toMatchObject([
      { kind: 'ended', outcome: 'failed' },
    ]);
  });

  test('has its webhooks sent again while they are answered with 5xx', async () => {
    const { place, receiver, ended } = await connect({}, (_webhook, nth) => (nth <= 5 ? 503 : 200));
    await place({ life: { end: 'busy' } });
    await vi.waitFor(() => expect(ended()).not.toEqual([]));
    expect(receiver.received.length).toBe(8);
  });

  test.each<[string, (url: string) => string]>([
    ['without its port', (url) => url.replace(/:\d+/, '')],
    ['with the connection overrides', (url) => `${url}#rc=5&rp=all`],
  ])('verifies where the URL was signed %s', async (_, signedUrl) => {
    const { place, ended, receiver } = await connect();
    await place({ life: { end: 'busy' }, callbacks: { signedUrl } });
    await receiver.until((received) => received.length === 3);
    expect(ended()).toHaveLength(1);
  });
});

describe('a call whose reply was lost, with all of its webhooks', () => {
  const lost: Plan = { request: { kind: 'drop', accepts: true }, callbacks: { drop: true }, life: { end: 'busy' } };
  const isOver = ({ calls }: TwilioStandIn) => vi.waitFor(() => expect(calls.at(-1)?.endedAt).not.toBeNull());

  test('is found by its numbers once its events say that it is ours', async () => {
    const { place, provider, standIn } = await connect({ eventsAfterMs: 0 });
    const { ref } = await place(lost);
    await isOver(standIn);
    expect(await provider.lookUp([ref])).toMatchObject([
      { kind: 'ended', outcome: 'busy', providerCallId: standIn.calls[0]!.sid },
    ]);
  });

  test('is unknown before that, and never taken for another call to the same person', async () => {
    const { place, provider, standIn } = await connect();
    const { ref } = await place(lost);
    await isOver(standIn);
    expect(await provider.lookUp([ref])).toEqual([{ kind: 'unknown', reason: 'not_confirmed' }]);
  });

  test('is unknown where only another call has its numbers and its time', async () => {
    const { place, provider, standIn } = await connect({ eventsAfterMs: 0 });
    const never = await place({ request: { kind: 'drop', accepts: false } });
    await place(lost);
    await isOver(standIn);
    expect(await provider.lookUp([never.ref])).toEqual([{ kind: 'unknown', reason: 'not_confirmed' }]);
  });

  test('is unknown where no call has them, and without the request', async () => {
    const { place, provider } = await connect();
    const { ref } = await place({ request: { kind: 'drop', accepts: false } });
    expect(await provider.lookUp([ref, { callId: ref.callId, providerCallId: null }])).toEqual([
      { kind: 'unknown', reason: 'not_found' },
      { kind: 'unknown', reason: 'not_searchable' },
    ]);
  });
});
