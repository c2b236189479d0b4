import { z } from 'zod';
import { Particulars } from '../../domain/dialling/provider-messages.ts';
import { notInList, readAnswer } from '../http-answer.ts';
import type { CallRef, LookUpResult } from '../port.ts';
import type { SendResult } from '../send-before.ts';
import { OUR_ID, ourCallId, RetellCall } from './call.ts';
import { isEndedStatus, isLiveStatus, isQueuedStatus, outcomeOf } from './outcome.ts';

/** Ids in one request to the list. */
export const BATCH = 50;
/** More than a batch, in case several calls have one of our ids. */
const LIST_LIMIT = 200;
/** Retell documents 422 for a call that it does not know. */
const NOT_FOUND = [404, 422];

const List = z.object({ items: z.array(RetellCall), has_more: z.boolean().optional().catch(undefined) });

/** One request to the API, by method, path and JSON body. */
export type Ask = (method: 'GET' | 'POST', path: string, body?: string) => Promise<SendResult>;

interface Found {
  readonly calls: readonly RetellCall[];
  /** Why the list does not say everything about the ids. Null: it was read to its end. */
  readonly failure: string | null;
}

/**
 * Says of each call, in the order of the question, what Retell knows.
 *
 * Several calls are asked for by the list, in batches: by Retell's id, or by our id in `metadata`. It leaves transcripts out.
 * The filter of the list has no word for calls that were accepted and not yet dialled, so a call that it does not contain
 * must be asked for by itself. A call that is not found under our id is unknown, because the list is not documented as complete
 * at once.
 */
export async function lookUpCalls(ask: Ask, calls: readonly CallRef[]): Promise<LookUpResult[]> {
  const { ids, ourIds } = idsOf(calls);
  const alone = ids.length === 1;
  const byId = listInBatches(ask, alone ? [] : ids, (value) => ({ call_id: { type: 'enum', op: 'in', value } }));
  const byOurId = listInBatches(ask, ourIds, (value) => ({
    metadata: [{ type: 'enum', op: 'in', key: OUR_ID, value }],
  }));
  return Promise.all(
    calls.map(async ({ callId, providerCallId }): Promise<LookUpResult> => {
      if (providerCallId === null) return fromList(await (callId === null ? NOT_ASKED : byOurId.get(callId)), callId);
      if (alone && providerCallId !== '') return lookUpById(ask, providerCallId);
      const { calls: listed, failure } = (await byId.get(providerCallId)) ?? NOT_ASKED;
      const call = listed.find(({ call_id }) => call_id === providerCallId);
      return call === undefined ? { kind: 'unknown', reason: notInList(failure) } : whatIsKnown(call, providerCallId);
    }),
  );
}

/** The most requests for these calls. */
export function lookUpRequests(calls: readonly CallRef[]): number {
  const { ids, ourIds } = idsOf(calls);
  return Math.ceil(ids.length / BATCH) + Math.ceil(ourIds.length / BATCH);
}

const NOT_ASKED: Found = { calls: [], failure: 'not_found' };

function idsOf(calls: readonly CallRef[]): { readonly ids: readonly string[]; readonly ourIds: readonly string[] } {
  return {
    ids: unique(calls.map(({ providerCallId }) => providerCallId)),
    ourIds: unique(calls.map(({ callId, providerCallId }) => (providerCallId === null ? callId : null))),
  };
}

function unique(ids: readonly (string | null)[]): string[] {
  return [...new Set(ids)].filter((id): id is string => id !== null && id !== '');
}

/** What is found in the batch of each id. */
function listInBatches(
  ask: Ask,
  ids: readonly string[],
  filterBy: (value: readonly string[]) => object,
): ReadonlyMap<string, Promise<Found>> {
  const found = new Map<string, Promise<Found>>();
  for (let at = 0; at < ids.length; at += BATCH) {
    const batch = ids.slice(at, at + BATCH);
    const answer = list(ask, filterBy(batch));
    for (const id of batch) found.set(id, answer);
  }
  return found;
}

async function list(ask: Ask, filter: object): Promise<Found> {
  const body = { filter_criteria: filter, sort_order: 'descending', limit: LIST_LIMIT };
  const read = readAnswer(await ask('POST', '/v3/list-calls', JSON.stringify(body)), List, NOT_FOUND);
  if ('failure' in read) return { calls: [], failure: read.failure };
  return { calls: read.value.items, failure: read.value.has_more === true ? 'list_too_long' : null };
}

/**
 * Stops a call that is registered. Retell says only whether the request was taken, so the call itself tells what became of it:
 * it may have been answered meanwhile.
 */
export async function cancelCall(ask: Ask, providerCallId: string): Promise<LookUpResult> {
  await ask('POST', `/v2/stop-call/${encodeURIComponent(providerCallId)}`);
  return lookUpById(ask, providerCallId);
}

/** Our id is placed once. If several calls have it all the same, the one that is live counts: its line is in use. */
function fromList({ calls, failure }: Found = NOT_ASKED, callId: string | null): LookUpResult {
  const known = calls.flatMap((call) =>
    call.call_id !== undefined && ourCallId(call) === callId ? [whatIsKnown(call, call.call_id)] : [],
  );
  return known.find(({ kind }) => kind === 'live') ?? known[0] ?? { kind: 'unknown', reason: failure ?? 'not_found' };
}

async function lookUpById(ask: Ask, providerCallId: string): Promise<LookUpResult> {
  const read = readAnswer(
    await ask('GET', `/v2/get-call/${encodeURIComponent(providerCallId)}`),
    RetellCall,
    NOT_FOUND,
  );
  return 'failure' in read ? { kind: 'unknown', reason: read.failure } : whatIsKnown(read.value, providerCallId);
}

function whatIsKnown(call: RetellCall, providerCallId: string): LookUpResult {
  const { call_status: status, end_timestamp: endedAt = null } = call;
  // Retell does not tell when it accepted a call, only when it was connected.
  const particulars = Particulars.parse({ phoneNumber: call.to_number, agentId: call.agent_id, placedAt: null });
  if (status !== undefined && isLiveStatus(status)) {
    return { kind: 'live', providerCallId, queued: isQueuedStatus(status), particulars };
  }
  if (status === undefined || !isEndedStatus(status)) return { kind: 'unknown', reason: 'unknown_status' };
  const { asSent: _asSent, ...end } = outcomeOf(call);
  return { kind: 'ended', providerCallId, ...end, endedAt, particulars };
}
