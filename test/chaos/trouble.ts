/** What the provider, or the way to it, did to a campaign: the only things for which it may wait for the provider. */
import { parseCallId } from '../../domain/engine/ids.ts';
import type { LedgerRequest } from '../../simulator/ledger.ts';
import type { ProviderTrouble } from './audit/evidence.ts';

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** On a stretch of bad network trouble is noted in steps of this. */
const SPOILED_STEP_MS = 1_000;
/** Answers that speak of this call alone, or of an agent that one campaign names. */
const OF_ONE_CAMPAIGN: readonly (number | null)[] = [400, 404, 409, 422];

/**
 * In order. All campaigns share the breaker of their connection, so trouble that one of them meets holds the others too, unless it
 * speaks of that one alone.
 *
 * @param spoiled stretches in which the way to the provider was spoiled
 */
export function troubleOf(
  campaignId: string,
  requests: readonly LedgerRequest[],
  spoiled: readonly Stretch[],
): ProviderTrouble[] {
  const answered = requests.flatMap((request): ProviderTrouble[] => {
    const { on, key, status } = request;
    if (on !== 'place') return [];
    const isOurs = key !== null && parseCallId(key)?.campaignId === campaignId;
    return isOurs || !OF_ONE_CAMPAIGN.includes(status) ? troubleIn(request) : [];
  });
  const network = spoiled.flatMap(({ from, to }) => {
    const steps = Math.ceil((to - from) / SPOILED_STEP_MS) + 1;
    return Array.from({ length: steps }, (_, step): ProviderTrouble => {
      return { at: Math.min(from + step * SPOILED_STEP_MS, to), kind: 'other', retryAfterMs: null };
    });
  });
  return [...answered, ...network].sort((a, b) => a.at - b.at);
}

function troubleIn({ status, at, retry_after, faults }: LedgerRequest): ProviderTrouble[] {
  if (status === 429) {
    return [{ at, kind: 'throttled', retryAfterMs: retry_after === null ? null : Number(retry_after) * 1000 }];
  }
  if (faults.includes('account')) return [{ at, kind: 'account', retryAfterMs: null }];
  const fine = status === 201 && !faults.includes('delay_reply') && !faults.includes('garbled_reply');
  return fine ? [] : [{ at, kind: 'other', retryAfterMs: null }];
}
