import { z } from 'zod';
import { canonicalCallId } from '../../domain/engine/ids.ts';
import { Particulars } from '../../domain/dialling/provider-messages.ts';
import type { LookUpResult } from '../port.ts';
import type { SendResult } from '../send-before.ts';
import { notInList, readAnswer } from '../http-answer.ts';
import { Id, Instant, Word } from '../fields.ts';
import { Reported } from './fields.ts';
import { isEndedStatus, isLiveStatus, isQueuedStatus, outcomeOf } from './outcome.ts';

const Call = z.object({
  id: Id,
  ...Reported,
  ended_at: Instant,
  endedAt: Instant,
  phone_number: Word,
  agent_id: Word,
  created_at: Instant,
  createdAt: Instant,
});
type Call = z.infer<typeof Call>;

const OneCall = z.object({ data: Call });
const ListOfCalls = z.object({
  data: z.array(Call),
  pagination: z.object({ has_more: z.boolean() }).optional().catch(undefined),
});

/**
 * The provider's list begins with the newest call. A call whose reply was lost is recent, and one that is older than usual not
 * much less, so a few pages are enough.
 */
export const PAGE = 100;
export const PAGES = 5;

/** One GET to the API, by its path below the root. */
export type Get = (path: string) => Promise<SendResult>;

/** Asks for the call by the provider's id. */
export async function lookUpById(get: Get, providerCallId: string): Promise<LookUpResult> {
  const answer = await get(`/calls/${encodeURIComponent(providerCallId)}`);
  const read = readAnswer(answer, OneCall);
  return 'failure' in read ? { kind: 'unknown', reason: read.failure } : whatIsKnown(read.value.data, providerCallId);
}

/** How long pages of the list may be requested, by a clock in milliseconds. */
export interface ListTime {
  readonly now: () => number;
  readonly withinMs: number;
}

/**
 * Reads pages of the list, the newest calls first, for as long as `goesOn` says so of the page before. Returns why it was
 * read no further, if not for that: pages that were read count even if a later one could not be read, or came too late to be
 * requested.
 */
async function readNewest(
  get: Get,
  { now, withinMs }: ListTime,
  goesOn: (calls: readonly Call[]) => boolean,
): Promise<string | null> {
  const lastAt = now() + withinMs;
  for (let page = 0; page < PAGES; page += 1) {
    if (page > 0 && now() >= lastAt) return 'list_too_slow';
    const read = readAnswer(await get(`/calls?limit=${PAGE}&offset=${page * PAGE}`), ListOfCalls);
    if ('failure' in read) return read.failure;
    const { data, pagination } = read.value;
    if (!goesOn(data) || pagination?.has_more !== true) return null;
  }
  return null;
}

/**
 * Asks for several calls by the provider's ids among the newest calls. One that is not among them must be asked for by
 * itself.
 */
export async function lookUpAmongNewest(
  get: Get,
  providerCallIds: readonly string[],
  time: ListTime,
): Promise<(providerCallId: string) => LookUpResult> {
  const wanted = new Set(providerCallIds);
  const known = new Map<string, LookUpResult>();
  const failure = await readNewest(get, time, (calls) => {
    for (const call of calls) {
      if (call.id !== undefined && wanted.has(call.id)) known.set(call.id, whatIsKnown(call, call.id));
    }
    return known.size < wanted.size;
  });
  return (providerCallId) => known.get(providerCallId) ?? { kind: 'unknown', reason: notInList(failure) };
}

/**
 * Searches the newest calls once for all of our call ids. The ids are among a call's variables, which the provider may
 * or may not return. Returns what is known of each call. A call that is not found is unknown, because neither a missing
 * entry nor a missing variable proves that it was not placed.
 */
export async function lookUpInList(
  get: Get,
  callIds: readonly string[],
  time: ListTime,
): Promise<(callId: string | null) => LookUpResult> {
  const wanted = new Set(callIds);
  const known = new Map<string, LookUpResult>();
  let given = false;
  const search = (calls: readonly Call[]): boolean => {
    for (const call of calls) {
      const callId = canonicalCallId(call.variables?.ringfence_call_id ?? '');
      if (callId === null || call.id === undefined || !wanted.has(callId) || known.has(callId)) continue;
      known.set(callId, whatIsKnown(call, call.id));
    }
    given ||= calls.some(({ variables }) => variables !== undefined);
    return given && known.size < wanted.size;
  };
  const failure = wanted.size === 0 ? null : await readNewest(get, time, search);
  const reason = failure ?? (given ? 'not_found' : 'variables_not_listed');
  return (callId) => (callId === null ? undefined : known.get(callId)) ?? { kind: 'unknown', reason };
}

function whatIsKnown(call: Call, providerCallId: string): LookUpResult {
  const { status } = call;
  const endedAt = call.ended_at ?? call.endedAt ?? null;
  const particulars = Particulars.parse({
    phoneNumber: call.phone_number,
    agentId: call.agent_id,
    placedAt: call.created_at ?? call.createdAt,
  });
  if (status !== undefined && isLiveStatus(status)) {
    return { kind: 'live', providerCallId, queued: isQueuedStatus(status), particulars };
  }
  if ((status === undefined || !isEndedStatus(status)) && endedAt === null) {
    return { kind: 'unknown', reason: 'unknown_status' };
  }
  const words = [call.outcome, call.end_reason, call.endReason, status];
  const { outcome } = outcomeOf(words, call.joined ?? call.joined_at, 'completed');
  return { kind: 'ended', providerCallId, outcome, endedAt, particulars };
}
