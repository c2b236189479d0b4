import { describe, expect, it } from 'vitest';
import { applyWindow } from '../../../domain/calling-day.ts';
import { CreateCampaign, engineSpec } from '../../../domain/campaign-request.ts';
import type { PacingFacts } from '../../../domain/campaign-state.ts';
import { newCampaign } from '../../../domain/commands.ts';
import { waitingAt } from '../../../domain/pacing.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const HOUR_MS = 3_600_000;

const FACTS: PacingFacts = {
  callLifetimeMs: 60_000,
  graceMs: 60_000,
  dialMarginMs: 10_000,
  keyTtlMs: 600_000,
  searchAttributes: false,
};

/** A campaign with people to call, that has just begun. */
function begun() {
  const state = newCampaign(
    engineSpec(
      CreateCampaign.parse({ name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+14155550100' }] }),
    ),
    NOW,
  );
  state.roster.moreToClaim = true;
  return state;
}

describe('what a campaign waits for', () => {
  it('is not its hours while nobody knows yet which hold', () => {
    expect(waitingAt(begun(), NOW)).toEqual({ for: null, until: null });
  });

  it('is its hours once they are known to open later', () => {
    const state = begun();
    const opensAt = NOW + HOUR_MS;
    const closesAt = opensAt + HOUR_MS;
    const window = { opensAt, closesAt, day: '2026-03-18', dayEndsAt: closesAt, nextDayOpensAt: null };
    applyWindow(state, { window, facts: FACTS }, NOW);
    expect(waitingAt(state, NOW)).toEqual({ for: 'window', until: opensAt });
  });

  it('is its hours, nobody knows until when, once none were found', () => {
    const state = begun();
    applyWindow(state, { window: null, facts: FACTS }, NOW);
    expect(waitingAt(state, NOW)).toEqual({ for: 'window', until: null });
  });
});
