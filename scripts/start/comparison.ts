/**
 * Ringfence's record of a campaign beside the provider's ledger of it. They agree when
 * - every contact is in a terminal bucket;
 * - each attempt that the record knows of is a call in the ledger, and the ledger holds no other;
 * - no key was accepted twice;
 * - how the provider saw each contact's last call end is what the record gives as the reason, and fits the bucket;
 * - never more calls were in flight at the provider than the campaign allows, and none is now.
 */
import type { Campaign, CampaignContactResponse } from '../../domain/api/campaign-responses.ts';
import { callId, parseCallId } from '../../domain/engine/ids.ts';
import { peakInFlight } from '../../simulator/ledger.ts';
import type { ProviderCall } from './ledger.ts';

export type Totals = Pick<
  Campaign,
  'total_contacts' | 'in_progress' | 'completed' | 'failed' | 'skipped' | 'max_concurrent_calls'
>;
export type Contact = Pick<CampaignContactResponse, 'call_status' | 'reason' | 'call_id'>;

/** The last line of `npm start -- --exit`. */
export interface Verdict {
  readonly contacts: number;
  readonly accepted: number;
  readonly duplicate_keys: number;
  readonly peak_in_flight: number;
  readonly max_concurrent_calls: number;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly agree: boolean;
}

export interface Row {
  readonly what: string;
  readonly ringfence: number;
  readonly provider: number;
  readonly holds: boolean;
}

export interface Comparison {
  readonly rows: readonly Row[];
  readonly verdict: Verdict;
}

const OUTCOMES = ['completed', 'voicemail', 'no_answer', 'busy', 'declined', 'invalid_number', 'failed'];
/** After these a contact counts as reached. */
const REACHED = ['completed', 'voicemail'];

export function compare(totals: Totals, contacts: readonly Contact[], calls: readonly ProviderCall[]): Comparison {
  const { total_contacts, completed, failed, skipped, max_concurrent_calls } = totals;
  const ledger = new Map(calls.map((call) => [call.key, call]));
  const duplicates = new Set(calls.filter((call) => ledger.get(call.key) !== call).map(({ key }) => key)).size;
  const attempts = contacts.flatMap(({ call_id }) => (call_id === null ? [] : attemptsUpTo(call_id)));
  const ended = contacts.filter(
    ({ call_id, call_status }) => call_id !== null && ['completed', 'failed'].includes(call_status),
  );
  const seen = ended.map(({ call_id }) => ledger.get(call_id)?.outcome ?? null);
  const reached = seen.filter((outcome) => outcome !== null && REACHED.includes(outcome)).length;
  const neverCalled = contacts.filter(
    ({ call_id, call_status }) => call_id === null && call_status === 'failed',
  ).length;
  const peak = peakInFlight(calls);

  const rows = [
    equal('contacts: total, and ended', total_contacts, completed + failed + skipped),
    equal('calls placed', attempts.length, calls.length),
    ...OUTCOMES.map((outcome) =>
      equal(
        `  last one: ${outcome.replace('_', ' ')}`,
        ended.filter(({ reason }) => reason === outcome).length,
        seen.filter((as) => as === outcome).length,
      ),
    ),
    equal('contacts reached (completed)', completed, reached),
    equal('contacts not reached (failed)', failed - neverCalled, seen.length - reached),
    equal('keys that rang twice', 0, duplicates),
    equal('calls still live', totals.in_progress, calls.filter(({ ended_at }) => ended_at === null).length),
    {
      what: 'concurrent calls: limit, and maximum',
      ringfence: max_concurrent_calls,
      provider: peak,
      holds: peak <= max_concurrent_calls,
    },
  ];
  const oneForOne = contacts.length === total_contacts && attempts.every((key) => ledger.has(key));
  const sameEndings = ended.every(({ reason }, index) => reason === seen[index]);
  return {
    rows,
    verdict: {
      contacts: total_contacts,
      accepted: calls.length,
      duplicate_keys: duplicates,
      peak_in_flight: peak,
      max_concurrent_calls,
      completed,
      failed,
      skipped,
      agree: oneForOne && sameEndings && rows.every(({ holds }) => holds),
    },
  };
}

function equal(what: string, ringfence: number, provider: number): Row {
  return { what, ringfence, provider, holds: ringfence === provider };
}

/** The ids of a contact's calls, of which the record names the last. */
function attemptsUpTo(last: string): string[] {
  const address = parseCallId(last);
  if (!address) return [last];
  return Array.from({ length: address.attempt }, (_, index) => callId({ ...address, attempt: index + 1 }));
}
