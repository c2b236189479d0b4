import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { callId } from '../../domain/engine/ids.ts';
import type { Outcome } from '../../domain/engine/outcome.ts';
import { CallEvent, LookUpResult, NOT_LISTED, PlaceResult } from '../../domain/dialling/provider-messages.ts';
import type { CallProvider, CallRef, CallToPlace, ReceivedWebhook } from '../../providers/port.ts';
import type { ReceivedWebhook as Received } from './fakes/webhook-receiver.ts';

/** What the far side can be made to do to the next placement. */
export type Trouble =
  | 'throttle for two seconds'
  | 'throttle'
  | 'refuse the number'
  | 'unauthorized'
  | 'no funds'
  | 'forbidden'
  | 'unknown agent'
  | 'fail before accepting'
  | 'fail after accepting'
  | 'lose the request'
  | 'lose the reply'
  | 'reply too late'
  | 'accept too late'
  | 'garble the reply';

/** One provider with its far side, as a contract test needs them. */
export interface ProviderHarness {
  readonly provider: CallProvider;
  /** The same provider where nothing listens. */
  readonly unreachable: CallProvider;
  /** Lets the next placement meet this. */
  provoke(trouble: Trouble): void;
  /** The next call ends so by itself, soon, and after it was answered where that fits. */
  letEnd(outcome: Outcome): void;
  /** Outcomes for which the carrier has no word. */
  readonly never?: readonly Outcome[];
  /** The next call does not end while the test runs. Where calls are queued, it stays in the queue. */
  letLast(): void;
  /** The next call is answered, and does not end while the test runs. */
  letTalk(): void;
  /** How many calls the far side has accepted under this key. */
  callsUnder(key: string): number;
  /** How many placements have reached the far side, whatever became of them. */
  placements(): number;
  /** How many requests about calls have reached the far side. */
  lookUps(): number;
  /** What came by webhook, once `enough` says so. */
  webhooks(enough: (received: readonly Received[]) => boolean): Promise<readonly Received[]>;
  /** Bodies of webhooks about the end of a call that the far side could send: with odd times, and with ids of any length. */
  readonly oddWebhooks: readonly Buffer[];
  /** The provider's signatures contain no time, so none is too old. */
  readonly signsNoTime?: true;
  now(): number;
  close(): Promise<void>;
}

const PATIENCE = { timeout: 30_000 };
/** No id that a provider draws at random contains one of these: the names are no hexadecimal digits. */
const PERSONAL = ['14155550123', 'Augusta', 'Lovelace', 'augusta@example.com'];

/** What any provider must keep, whatever its API looks like. */
export function describeProvider(name: string, createHarness: () => Promise<ProviderHarness>): void {
  describe(`${name} as a provider`, () => {
    let harness: ProviderHarness;
    let seq = 0;
    beforeEach(async () => {
      harness = await createHarness();
    });
    afterEach(() => harness.close());

    const nextCall = (): CallToPlace => {
      seq += 1;
      return {
        callId: callId({ campaignId: '00000000-0000-4000-8000-00000000000a', seq, attempt: 1 }),
        agentId: 'agent_1',
        phoneNumber: '+14155550123',
        extension: null,
        fromNumberId: null,
        firstName: 'Augusta',
        lastName: 'Lovelace',
        email: 'augusta@example.com',
        customFields: { plan: 'gold' },
      };
    };
    const place = async (call: CallToPlace, provider = harness.provider): Promise<PlaceResult> => {
      const result = await provider.place(provider.freeze(call), call.callId, harness.now() + 60_000);
      for (const text of PERSONAL) expect(JSON.stringify(result)).not.toContain(text);
      // As the engine reads it: nothing is lost on the way.
      expect(PlaceResult.parse(result)).toEqual(result);
      return result;
    };
    const lookUp = async (ref: CallRef, provider = harness.provider): Promise<LookUpResult> => {
      const results = await provider.lookUp([ref]);
      expect(results).toHaveLength(1);
      const [result] = results;
      expect(LookUpResult.parse(result)).toEqual(result);
      return result!;
    };
    /** As the engine asks: what a list of several does not contain is asked for by itself. */
    const lookUpAll = async (refs: readonly CallRef[]): Promise<LookUpResult[]> => {
      const { provider } = harness;
      const before = harness.lookUps();
      const results = (await provider.lookUp(refs)).map((result) => LookUpResult.parse(result));
      expect(harness.lookUps() - before).toBeLessThanOrEqual(provider.lookUpRequests?.(refs) ?? refs.length);
      return Promise.all(
        results.map(async (result, index) =>
          result.kind === 'unknown' && result.reason === NOT_LISTED ? lookUp(refs[index]!) : result,
        ),
      );
    };
    const arrived = ({ body, headers, url }: Received): ReceivedWebhook => ({
      rawBody: body,
      headers,
      url,
      now: harness.now(),
    });
    const placed = async (call: CallToPlace): Promise<string> => {
      const result = await place(call);
      if (result.kind !== 'accepted') throw new Error(`expected an accepted call, got ${result.kind}`);
      return result.providerCallId;
    };

    test('freezes the same call into the same bytes', () => {
      const call = nextCall();
      expect(harness.provider.freeze({ ...call })).toBe(harness.provider.freeze(call));
    });

    test('refuses to freeze what is not one number, without repeating it', () => {
      const phoneNumber = '+14155550123,+14155550199';
      expect(() => harness.provider.freeze({ ...nextCall(), phoneNumber })).toThrow(
        expect.objectContaining({
          code: 'validation_error',
          message: expect.not.stringContaining('4155550') as string,
        }),
      );
    });

    test('places a call once', async () => {
      const call = nextCall();
      await placed(call);
      expect([harness.placements(), harness.callsUnder(call.callId)]).toEqual([1, 1]);
    });

    test('a repeated key brings back the first call while keys are honoured', async () => {
      if (harness.provider.facts.keyTtlMs === 0) return;
      const call = nextCall();
      const first = await placed(call);
      expect(await placed(call)).toBe(first);
      expect(harness.callsUnder(call.callId)).toBe(1);
    });

    test('previews a request without sending it', () => {
      const call = nextCall();
      const frozen = harness.provider.freeze(call);
      const { method, url, headers, body } = harness.provider.preview(frozen, call.callId);
      expect([method, new URL(url).protocol]).toEqual(['POST', 'http:']);
      expect(Object.values(headers).join(' ')).toContain('***');
      expect(decodeURIComponent(body)).toContain(call.phoneNumber);
      expect(harness.placements()).toBe(0);
    });

    test('sends nothing once its time has passed', async () => {
      const call = nextCall();
      const result = await harness.provider.place(harness.provider.freeze(call), call.callId, harness.now());
      expect(result).toEqual({ kind: 'expired' });
      expect(harness.placements()).toBe(0);
    });

    test.each<[Trouble, Partial<PlaceResult>, number]>([
      ['throttle for two seconds', { kind: 'throttled', retryAfterMs: 2_000 }, 0],
      ['throttle', { kind: 'throttled', retryAfterMs: null }, 0],
      ['refuse the number', { kind: 'rejected' }, 0],
      ['unauthorized', { kind: 'blocked' }, 0],
      ['no funds', { kind: 'blocked' }, 0],
      ['forbidden', { kind: 'blocked' }, 0],
      ['unknown agent', { kind: 'blocked' }, 0],
      ['fail before accepting', { kind: 'unknown' }, 0],
      ['fail after accepting', { kind: 'unknown' }, 1],
      ['lose the request', { kind: 'unknown' }, 0],
      ['lose the reply', { kind: 'unknown' }, 1],
      ['reply too late', { kind: 'unknown' }, 1],
      ['garble the reply', { kind: 'unknown' }, 1],
    ])('%s: %o', async (trouble, expected, calls) => {
      const call = nextCall();
      harness.provoke(trouble);
      expect(await place(call)).toMatchObject(expected);
      expect([harness.placements(), harness.callsUnder(call.callId)]).toEqual([1, calls]);
      // The next try is not held against the one before, and there is still one call at most.
      if (harness.provider.facts.keyTtlMs > 0) {
        await placed(call);
        expect([harness.placements(), harness.callsUnder(call.callId)]).toEqual([2, 1]);
      }
    });

    test('does not take a call for refused that is accepted after our patience has ended', async () => {
      const call = nextCall();
      harness.provoke('accept too late');
      expect(await place(call)).toMatchObject({ kind: 'unknown' });
      await vi.waitFor(() => expect(harness.callsUnder(call.callId)).toBe(1), PATIENCE);
    });

    test('knows that nothing was sent where nothing listens', async () => {
      expect(await place(nextCall(), harness.unreachable)).toMatchObject({ kind: 'unavailable' });
    });

    test('looks a call up by its id, from live to ended', async () => {
      harness.letLast();
      const lasting = nextCall();
      const lastingId = await placed(lasting);
      expect(await lookUp({ callId: lasting.callId, providerCallId: lastingId })).toMatchObject({
        kind: 'live',
        providerCallId: lastingId,
      });
      harness.letEnd('busy');
      const short = nextCall();
      const shortId = await placed(short);
      await vi.waitFor(async () => {
        const known = await lookUp({ callId: short.callId, providerCallId: shortId });
        expect(known).toMatchObject({ kind: 'ended', providerCallId: shortId, outcome: 'busy' });
      }, PATIENCE);
    });

    test('answers about many calls in the order of the question, whatever it knows of each', async () => {
      const calls = [nextCall(), nextCall()];
      const ids: string[] = [];
      for (const call of calls) {
        harness.letLast();
        ids.push(await placed(call));
      }
      const refs = [
        { callId: calls[1]!.callId, providerCallId: ids[1]! },
        { callId: nextCall().callId, providerCallId: null },
        { callId: null, providerCallId: 'no-such-call' },
        { callId: null, providerCallId: ids[0]! },
      ];
      expect(await lookUpAll(refs)).toMatchObject([
        { kind: 'live', providerCallId: ids[1] },
        { kind: 'unknown' },
        { kind: 'unknown' },
        { kind: 'live', providerCallId: ids[0] },
      ]);
    });

    test('answers about a dozen calls with no more requests than it says', async () => {
      const { provider } = harness;
      const ids: string[] = [];
      for (let count = 0; count < 12; count += 1) ids.push(await placed(nextCall()));
      const refs = ids.map((providerCallId) => ({ callId: null, providerCallId }));
      const results = await lookUpAll(refs);
      expect(results.map((result) => result.kind !== 'unknown' && result.providerCallId)).toEqual(ids);
      const { callsPerLookUp = 1 } = provider.facts;
      if (callsPerLookUp >= refs.length) expect(provider.lookUpRequests?.(refs)).toBeLessThan(refs.length);
      await vi.waitFor(async () => {
        expect((await lookUpAll(refs)).map(({ kind }) => kind)).toEqual(ids.map(() => 'ended'));
      }, PATIENCE);
    });

    describe('asked to cancel, if it can,', () => {
      const cancel = async (providerCallId: string, provider = harness.provider): Promise<LookUpResult> =>
        LookUpResult.parse(await provider.cancel?.(providerCallId));

      test('a call that waits in the queue, ends it, once and for all', async () => {
        if (!harness.provider.cancel) return;
        harness.letLast();
        const providerCallId = await placed(nextCall());
        const ref = { callId: null, providerCallId };
        expect(await lookUp(ref)).toMatchObject({ kind: 'live', queued: true });
        const expected = { kind: 'ended', providerCallId, outcome: 'cancelled' };
        expect(await cancel(providerCallId)).toMatchObject(expected);
        expect(await cancel(providerCallId)).toMatchObject(expected);
        expect(await lookUp(ref)).toMatchObject(expected);
        const received = await harness.webhooks((all) => all.length > 0);
        const events = received.map(arrived).flatMap((webhook) => harness.provider.parse(webhook));
        expect(events.find(({ kind }) => kind === 'ended')).toMatchObject({ providerCallId, outcome: 'cancelled' });
      });

      test('a call that was answered meanwhile, takes it for no cancelled one', async () => {
        if (!harness.provider.cancel) return;
        harness.letTalk();
        const providerCallId = await placed(nextCall());
        await vi.waitFor(async () => {
          expect(await lookUp({ callId: null, providerCallId })).toMatchObject({ kind: 'live', queued: false });
        }, PATIENCE);
        const result = await cancel(providerCallId);
        expect(result).toMatchObject(result.kind === 'live' ? { queued: false } : { outcome: 'completed' });
      });

      test('a call that is over, tells how it ended', async () => {
        if (!harness.provider.cancel) return;
        harness.letEnd('busy');
        const providerCallId = await placed(nextCall());
        await vi.waitFor(async () => {
          expect(await lookUp({ callId: null, providerCallId })).toMatchObject({ kind: 'ended' });
        }, PATIENCE);
        expect(await cancel(providerCallId)).toMatchObject({ kind: 'ended', outcome: 'busy' });
      });

      test('what it does not know or cannot reach, knows nothing', async () => {
        if (!harness.provider.cancel) return;
        for (const providerCallId of ['no-such-call', '', '../calls?x=/#', 'a\r\nb']) {
          expect(await cancel(providerCallId)).toMatchObject({ kind: 'unknown' });
        }
        expect(await cancel('x', harness.unreachable)).toMatchObject({ kind: 'unknown' });
      });
    });

    test('tells of a call, if anything, whom it goes to and when it was placed', async () => {
      harness.letLast();
      const before = harness.now();
      const call = nextCall();
      const result = await lookUp({ callId: null, providerCallId: await placed(call) });
      const { phoneNumber, agentId, placedAt } = ('particulars' in result && result.particulars) || {};
      expect([call.phoneNumber, null, undefined]).toContain(phoneNumber);
      expect([call.agentId, null, undefined]).toContain(agentId);
      expect(placedAt ?? before).toBeGreaterThanOrEqual(before - 1_000);
      expect(placedAt ?? before).toBeLessThanOrEqual(harness.now() + 1_000);
    });

    test('what cannot be found or asked is unknown', async () => {
      const { callId: id } = nextCall();
      for (const providerCallId of ['no-such-call', null, '', '../calls?x=/#', 'a\r\nb', 'é'.repeat(300)]) {
        expect(await lookUp({ callId: id, providerCallId })).toMatchObject({ kind: 'unknown' });
      }
      expect(await lookUp({ callId: id, providerCallId: 'x' }, harness.unreachable)).toMatchObject({ kind: 'unknown' });
    });

    test('reads odd times and long ids so that they can be taken in', () => {
      expect(harness.oddWebhooks).not.toEqual([]);
      for (const rawBody of harness.oddWebhooks) {
        const events = harness.provider.parse({ rawBody, headers: {}, url: null, now: harness.now() });
        expect(events).toHaveLength(1);
        expect(events.map((event) => CallEvent.parse(event))).toEqual(events);
      }
    });

    test.each<Outcome>(['completed', 'no_answer', 'busy', 'voicemail', 'declined', 'invalid_number', 'failed'])(
      'its webhooks verify, and tell of the end once: %s',
      async (outcome) => {
        if (harness.never?.includes(outcome)) return;
        const { provider } = harness;
        const call = nextCall();
        harness.letEnd(outcome);
        const providerCallId = await placed(call);
        const received = await harness.webhooks((all) =>
          all.map(arrived).some((webhook) => provider.parse(webhook).some(({ kind }) => kind === 'ended')),
        );
        for (const webhook of received) provider.verify(arrived(webhook));
        const events = received.map(arrived).flatMap((webhook) => provider.parse(webhook));
        const ended = events.filter(({ kind }) => kind === 'ended');
        expect(ended).toHaveLength(1);
        expect(ended[0]).toMatchObject({ providerCallId, outcome });
        for (const event of events) {
          expect(CallEvent.parse(event)).toEqual(event);
          expect(event.callId).toBe(provider.facts.echoes ? call.callId : null);
          expect(event.outcome === null).toBe(event.kind !== 'ended');
        }
        expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
      },
    );

    test('refuses a webhook that was altered, and one that is too old', async () => {
      const { provider } = harness;
      harness.letEnd('no_answer');
      await placed(nextCall());
      const [webhook] = await harness.webhooks((all) => all.length > 0);
      const whole = arrived(webhook!);
      const longer = Buffer.concat([whole.rawBody, Buffer.from(' ')]);
      const verify = (changed: Partial<ReceivedWebhook>) => () => provider.verify({ ...whole, ...changed });
      const code = (expected: string) => expect.objectContaining({ code: expected }) as Error;
      expect(verify({ rawBody: longer })).toThrow(code('invalid_signature'));
      expect(verify({ headers: {} })).toThrow(code('invalid_signature'));
      const late = verify({ now: whole.now + 3_600_000 });
      if (harness.signsNoTime) expect(late).not.toThrow();
      else expect(late).toThrow(code('stale_signature'));
      expect(() => provider.parse({ ...whole, rawBody: Buffer.from('nothing of ours') })).toThrow(code('bad_request'));
    });
  });
}
