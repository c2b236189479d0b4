import { RingfenceError } from '../../domain/engine/errors.ts';
import { canonicalCallId } from '../../domain/engine/ids.ts';
import type { CallEvent, ReceivedWebhook } from '../port.ts';
import { Instant, isCallSid, Word } from './fields.ts';
import { accountFaultOf, isEndedStatus, outcomeAsSent, outcomeOf } from './outcome.ts';
import { CALL_ID_PARAMETER } from './request.ts';

const KINDS: ReadonlyMap<string, CallEvent['kind']> = new Map([
  ['initiated', 'started'],
  ['ringing', 'started'],
  ['in-progress', 'joined'],
]);

/**
 * Reads one status callback. The event is what `CallStatus` says. A status that ends no call and starts none is
 * `ignored`.
 *
 * @throws RingfenceError `bad_request` if the body is not a form about one call
 */
export function parseTwilio({ rawBody, headers, url, now }: ReceivedWebhook): CallEvent[] {
  const form = new URLSearchParams(rawBody.toString('utf8'));
  // Two values of one name are signed in the order of the alphabet, so which comes first proves nothing.
  const field = (name: string) => (form.getAll(name).length === 1 ? Word.parse(form.get(name)) : undefined);
  const sid = field('CallSid');
  const status = field('CallStatus');
  if (sid === undefined || !isCallSid(sid) || status === undefined) {
    throw new RingfenceError('bad_request', 'The body must be a form with one CallSid and one CallStatus.', {
      field: 'body',
    });
  }
  const ended = isEndedStatus(status);
  const codes = {
    answeredBy: field('AnsweredBy'),
    errorCode: field('ErrorCode'),
    sipCode: field('SipResponseCode'),
  };
  const outcome = ended ? outcomeOf(status, codes) : null;
  const accountFault = accountFaultOf(status, codes);
  return [
    {
      eventId: eventIdOf(sid, status, headers['i-twilio-idempotency-token'], field('SequenceNumber')),
      kind: ended ? 'ended' : (KINDS.get(status) ?? 'ignored'),
      callId: ourCallId(url),
      providerCallId: sid,
      outcome,
      outcomeAsSent: ended ? outcomeAsSent(status, codes) : null,
      ...(accountFault === undefined ? {} : { accountFault }),
      occurredAt: Instant.parse(form.get('Timestamp') ?? undefined) ?? now,
    },
  ];
}

/** From the query of the URL, which Twilio signs as we gave it with the call. */
function ourCallId(url: string | null): string | null {
  const echoed = url === null ? null : new URL(url).searchParams.get(CALL_ID_PARAMETER);
  return echoed === null ? null : canonicalCallId(echoed);
}

/**
 * The id by which a repeated delivery is recognised, however late it comes: by Twilio's token for the delivery, else by
 * the event's number. Call and status are a part of it in any case, because the end of a call must never pass for a
 * repetition of its start.
 */
function eventIdOf(
  sid: string,
  status: string,
  token: string | string[] | undefined,
  sequenceNumber: string | undefined,
): string {
  const readable = typeof token === 'string' && /^[\w.:-]{1,100}$/.test(token);
  return [sid, status, ...(readable ? [token] : sequenceNumber === undefined ? [] : [sequenceNumber])]
    .join(':')
    .slice(0, 200);
}
