import { createHmac } from 'node:crypto';
import type { CarrierContext, Moment } from '../carrier.ts';
import { drawHex } from '../draw.ts';
import type { Poses } from '../faults.ts';
import { toldCall } from '../simulated-call.ts';
import type { FailedTry, Message } from '../webhook-sender.ts';
import { answeredBy, sipCodeOf, statusAfter, toldTime, type TwilioCall } from './call.ts';

/** The event that each status reports. A status that ends a call is reported as `completed`, whatever it is. */
const EVENTS: ReadonlyMap<string, string> = new Map([
  ['initiated', 'initiated'],
  ['ringing', 'ringing'],
  ['in-progress', 'answered'],
]);

/** No callback is tried for longer. */
const TOTAL_TIME_MS = 15_000;

/** The status callbacks of calls: signed forms, sent to the URL that came with the call. */
export class Callbacks {
  readonly #context: CarrierContext;

  constructor(context: CarrierContext) {
    this.#context = context;
  }

  messages(call: TwilioCall, moment: Moment): Message[] {
    const { form } = call.details;
    const target = form.get('StatusCallback');
    if (target === null) return [];
    const wanted = form.getAll('StatusCallbackEvent');
    const isWanted = (event: string) => (wanted.length === 0 ? event === 'completed' : wanted.includes(event));
    return statusesAt(moment)
      .filter((status) => isWanted(EVENTS.get(status) ?? 'completed'))
      .map((status) => this.#message(call, moment, { status, target }));
  }

  #message(call: TwilioCall, moment: Moment, { status, target }: { status: string; target: string }): Message {
    const { apiKey, seed, reference, poses } = this.#context;
    const [called = '', overrides = ''] = target.split('#');
    const sequence = call.details.sequence;
    call.details.sequence += 1;
    const body = this.#form(call, moment, { status, sequence }).toString();
    const token = drawHex(32, seed, call.entry.id, 'callback', sequence);
    const key = new URL(called).searchParams.get(reference);
    const { outcome } = moment;
    return {
      end: outcome === null ? null : { callId: call.entry.id, key, outcome },
      again: (failed) => againBy(new URLSearchParams(overrides), failed),
      write: ({ spoiled, sinceFirstMs }) => ({
        url: called,
        headers: {
          'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
          'user-agent': 'TwilioProxy/1.1',
          'x-twilio-signature': sign(
            signedUrl(target, poses().signed_url),
            body,
            spoiled === 'wrong_signature' ? `${apiKey}, but wrong` : apiKey,
          ),
          ...(poses().event_ids ? { 'i-twilio-idempotency-token': token } : {}),
        },
        body: spoiled === 'altered' ? `${body}&Altered=true` : body,
        timeoutMs: Math.max(1, TOTAL_TIME_MS - sinceFirstMs),
      }),
    };
  }

  #form(
    call: TwilioCall,
    { event, outcome }: Moment,
    { status, sequence }: { status: string; sequence: number },
  ): URLSearchParams {
    const { account, timers } = this.#context;
    const [to, from] = [call.details.form.get('To') ?? '', call.details.form.get('From') ?? ''];
    const who = answeredBy(call, toldCall(call));
    const sipCode = status === 'completed' ? null : sipCodeOf(outcome);
    return new URLSearchParams({
      CallSid: call.entry.id,
      AccountSid: account,
      ApiVersion: '2010-04-01',
      Direction: 'outbound-api',
      From: from,
      To: to,
      Caller: from,
      Called: to,
      CallStatus: status,
      Timestamp: toldTime(call, timers.now(), event),
      CallbackSource: 'call-progress-events',
      SequenceNumber: String(sequence),
      ...(outcome === null ? {} : { CallDuration: '0' }),
      ...(who === null ? {} : { AnsweredBy: who }),
      ...(sipCode === null ? {} : { SipResponseCode: sipCode }),
    });
  }
}

function statusesAt({ event, outcome }: Moment): string[] {
  switch (event) {
    case 'call.started':
      return ['initiated', 'ringing'];
    case 'call.joined':
      return ['in-progress'];
    case 'call.ended':
      return [statusAfter(outcome ?? 'completed')];
    case 'call.billed':
      return [];
  }
}

/**
 * A callback is repeated at once, as the URL's connection overrides say. Without any: once more, and only if there was no
 * connection. https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
function againBy(overrides: URLSearchParams, { tries, status, sinceFirstMs }: FailedTry): number | null {
  if (tries > Number(overrides.get('rc') ?? 1) || sinceFirstMs >= TOTAL_TIME_MS) return null;
  const policy = (overrides.get('rp') ?? 'ct').split(',');
  const failure = status === null ? 'ct' : status < 500 ? '4xx' : '5xx';
  return policy.includes('all') || policy.includes(failure) ? 0 : null;
}

function signedUrl(target: string, spelling: Poses['signed_url']): string {
  const called = target.split('#')[0] ?? '';
  switch (spelling) {
    case 'as_called':
      return called;
    case 'without_port':
      return called.replace(/(?<=^https?:\/\/[^/:]+):\d+/, '');
    case 'with_overrides':
      return target;
  }
}

/** https://www.twilio.com/docs/usage/webhooks/webhooks-security */
function sign(url: string, body: string, token: string): string {
  const sorted = [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1));
  const text = sorted.reduce((signed, [name, value]) => signed + name + value, url);
  return createHmac('sha1', token).update(text, 'utf8').digest('base64');
}
