import { z } from 'zod';
import { canonicalCallId } from '../../domain/engine/ids.ts';
import type { CallRef, LookUpResult } from '../port.ts';
import type { SendResult } from '../send-before.ts';
import { isE164 } from '../callee.ts';
import { notInList, readAnswer } from '../http-answer.ts';
import { CallSid, Instant, isCallSid, Word } from './fields.ts';
import { isEndedStatus, isLiveStatus, outcomeOf } from './outcome.ts';
import { CALL_ID_PARAMETER } from './request.ts';

const Call = z.object({
  sid: CallSid,
  status: Word,
  to: Word,
  from: Word,
  date_created: Instant,
  end_time: Instant,
  answered_by: Word,
});
type Call = z.infer<typeof Call>;

const ListOfCalls = z.object({ calls: z.array(Call.optional().catch(undefined)) });

const ListOfEvents = z.object({
  events: z.array(
    z.object({
      request: z
        .object({
          url: z.string().optional().catch(undefined),
          parameters: z.object({ status_callback: z.string().optional() }).optional().catch(undefined),
        })
        .optional()
        .catch(undefined),
    }),
  ),
});

/** One GET to the API, by its path below the account. */
export type Get = (path: string) => Promise<SendResult>;
/** One POST of a form. */
export type Post = (path: string, form: string) => Promise<SendResult>;

/** Asks for the call by its SID. */
export async function lookUpById(get: Get, providerCallId: string): Promise<LookUpResult> {
  if (!isCallSid(providerCallId)) return { kind: 'unknown', reason: 'not_found' };
  const read = readAnswer(await get(`/Calls/${providerCallId}.json`), Call);
  if ('failure' in read) return { kind: 'unknown', reason: read.failure };
  return read.value.sid === providerCallId ? whatIsKnown(read.value) : { kind: 'unknown', reason: 'unexpected_answer' };
}

/** The longest page of the list. A call takes more than a kilobyte of it. */
const LONGEST_PAGE = 1_000;

/**
 * Asks for several calls by their SIDs with one request, for the newest calls of the account. No filter names several
 * calls. A call that the page does not contain must be asked for by itself.
 */
export async function lookUpInList(
  get: Get,
  providerCallIds: readonly string[],
): Promise<(providerCallId: string) => LookUpResult> {
  const wanted = new Set(providerCallIds);
  const read = readAnswer(await get(`/Calls.json?PageSize=${LONGEST_PAGE}`), ListOfCalls);
  const known = new Map<string, LookUpResult>();
  for (const call of 'value' in read ? read.value.calls : []) {
    if (call !== undefined && wanted.has(call.sid)) known.set(call.sid, whatIsKnown(call));
  }
  const reason = notInList('failure' in read ? read.failure : null);
  return (providerCallId) => known.get(providerCallId) ?? { kind: 'unknown', reason };
}

/** How far a call's creation may be from our request: a request takes seconds, and the clocks differ. */
const SAME_TIME_MS = 120_000;
/** Calls from one number to another one around one time. More are not asked about: each takes a request. */
const MOST_CANDIDATES = 3;
/** The list, and the events of each candidate. */
export const REQUESTS_BY_NUMBERS = 1 + MOST_CANDIDATES;

/**
 * Searches for a call whose reply was lost. Twilio's list finds calls by their two numbers, which is a guess: another
 * program may have called the same person from the same number. So a call counts only if its events say that its status
 * callback carries our call id. Twilio shows them from 15 minutes after its end on. Everything else is unknown, because
 * a call that is not in the list, or not confirmed, may have been placed all the same.
 */
export async function lookUpByNumbers(
  get: Get,
  { callId, request, firstSentAt }: Pick<CallRef, 'callId' | 'request' | 'firstSentAt'>,
): Promise<LookUpResult> {
  const numbers = numbersOf(request);
  if (callId === null || numbers === null || typeof firstSentAt !== 'number') {
    return { kind: 'unknown', reason: 'not_searchable' };
  }
  // Without StartTime, which a call has only once it was dialled. The newest calls come first.
  const query = new URLSearchParams({ To: numbers.to, From: numbers.from, PageSize: '50' });
  const read = readAnswer(await get(`/Calls.json?${query.toString()}`), ListOfCalls);
  if ('failure' in read) return { kind: 'unknown', reason: read.failure };
  const candidates = read.value.calls
    .filter((call) => call !== undefined)
    .filter(({ to, from }) => to === numbers.to && from === numbers.from)
    .filter(({ date_created: at }) => at !== undefined && Math.abs(at - firstSentAt) <= SAME_TIME_MS);
  for (const candidate of candidates.slice(0, MOST_CANDIDATES)) {
    if ((await callIdOf(get, candidate.sid)) === callId) return whatIsKnown(candidate);
  }
  return { kind: 'unknown', reason: candidates.length === 0 ? 'not_found' : 'not_confirmed' };
}

/**
 * Ends a call. `canceled` ends one that is queued or rings, and lets others go on; `completed` ends any. The answer to the
 * request is the call as it is then. If the request is refused, because the call is over by then, or lost, the call itself
 * tells what became of it.
 */
export async function endCall(
  status: 'canceled' | 'completed',
  post: Post,
  get: Get,
  providerCallId: string,
): Promise<LookUpResult> {
  if (!isCallSid(providerCallId)) return { kind: 'unknown', reason: 'not_found' };
  const read = readAnswer(await post(`/Calls/${providerCallId}.json`, `Status=${status}`), Call);
  const call = 'value' in read && read.value.sid === providerCallId ? whatIsKnown(read.value) : null;
  return call === null || call.kind === 'unknown' ? lookUpById(get, providerCallId) : call;
}

function numbersOf(request: string | null | undefined): { to: string; from: string } | null {
  const form = new URLSearchParams(request ?? '');
  const [to, from] = [form.get('To'), form.get('From')];
  return to === null || from === null ? null : { to, from };
}

/** Our id of a call, from the requests that Twilio recorded about it: the one that created it, and its callbacks. */
async function callIdOf(get: Get, sid: string): Promise<string | null> {
  const read = readAnswer(await get(`/Calls/${sid}/Events.json?PageSize=50`), ListOfEvents);
  if ('failure' in read) return null;
  for (const { request } of read.value.events) {
    for (const url of [request?.parameters?.status_callback, request?.url]) {
      const echoed = url !== undefined && URL.canParse(url) && new URL(url).searchParams.get(CALL_ID_PARAMETER);
      if (echoed) return canonicalCallId(echoed);
    }
  }
  return null;
}

function whatIsKnown(call: Call): LookUpResult {
  const { sid, status = '', to = '', date_created, end_time, answered_by } = call;
  const particulars = { phoneNumber: isE164(to) ? to : null, agentId: null, placedAt: date_created ?? null };
  if (isLiveStatus(status)) return { kind: 'live', providerCallId: sid, queued: status === 'queued', particulars };
  if (!isEndedStatus(status)) return { kind: 'unknown', reason: 'unknown_status' };
  return {
    kind: 'ended',
    providerCallId: sid,
    outcome: outcomeOf(status, { answeredBy: answered_by }),
    endedAt: end_time ?? null,
    particulars,
  };
}
