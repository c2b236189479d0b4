/** Retries that are in flight while fewer of them are granted, and that turn out not to have been placed. */
import { describe, expect, it } from 'vitest';
import { campaignEdit, readChange } from '../../../domain/api/campaign-change.ts';
import { applyFinding } from '../../../domain/engine/look-ups.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startPlacing } from '../../../domain/engine/starting-calls.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { applyEdit } from '../../../domain/engine/editing.ts';
import { CALL, callingCampaign, NOW } from '../../support/factories/calling-campaign.ts';

/** A campaign with a second or first call of contact 1 of which nobody knows whether it was placed. */
function unknown(attempt: number): CampaignState {
  const state = callingCampaign({ max_retry_attempts: 2, retry_on: ['busy', 'no_answer'] });
  state.ready = [];
  startPlacing(state, CALL, { seq: 1, attempt }, NOW);
  applyPlacement(state, CALL, { kind: 'unknown', reason: 'timeout', retryAfterMs: null }, NOW, 0.5);
  return state;
}

describe('a call in flight that was not placed', () => {
  it.each<[string, number, object, 'ready' | 'released']>([
    ['is called again where the terms are what they were', 2, {}, 'ready'],
    ['is called again where the limits changed', 2, { max_concurrent_calls: 3 }, 'ready'],
    ['is left to the records where another outcome is retried', 2, { retry_on: ['no_answer'] }, 'released'],
    ['is left to the records where there are fewer retries, though enough', 2, { max_retry_attempts: 1 }, 'released'],
    ['is left to the records where there are none', 2, { retry_failed: false }, 'released'],
    ['is called again where it is no retry', 1, { retry_on: ['no_answer'] }, 'ready'],
  ])('%s', (_, attempt, change, goes) => {
    const state = unknown(attempt);
    if (Object.keys(change).length > 0) applyEdit(state, campaignEdit(readChange(change)), null, NOW);
    applyFinding(state, CALL, { kind: 'not_placed', reason: null }, NOW);
    expect({ ready: state.ready, released: state.released }).toEqual({
      ready: [],
      released: [],
      [goes]: [{ seq: 1, attempt }],
    });
    expect(state.endRetriesAfter).toBe(goes === 'released' ? 0 : state.endRetriesAfter);
  });
});
