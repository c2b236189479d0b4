/** A campaign's state in the middle of its hours, for tests of what changes it. */
import type { z } from 'zod';
import { applyWindow } from '../../../domain/engine/calling-day.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../../domain/api/campaign-request.ts';
import type { CampaignState, PacingFacts } from '../../../domain/engine/campaign-state.ts';
import { newCampaign } from '../../../domain/engine/commands.ts';

export const NOW = Date.UTC(2026, 2, 18, 12);
/** The id of the call that tests place. */
export const CALL = 'the call';
export const FACTS: PacingFacts = {
  usualCallMs: 180_000,
  callLifetimeMs: 300_000,
  graceMs: 60_000,
  queueBoundMs: 0,
  cancelsQueued: false,
  dialMarginMs: 10_000,
  keyTtlMs: 600_000,
  callsPerSecond: null,
  searchAttributes: false,
};

const HOUR_MS = 3_600_000;

/** Open from an hour before `NOW` to nine hours after it, with three more people at hand. */
export function callingCampaign(terms: Partial<z.input<typeof CreateCampaign>> = {}): CampaignState {
  const people = [{ phone_number: '+14155550100' }];
  const request = CreateCampaign.parse({ name: 'Reminders', agent_id: 'agent-1', contacts: people, ...terms });
  const state = newCampaign(engineSpec(campaignTerms(request, 'truedy')), NOW);
  const window = {
    opensAt: NOW - HOUR_MS,
    closesAt: NOW + 9 * HOUR_MS,
    nextDayOpensAt: null,
    zoneData: '2026f',
    holidayData: null,
  };
  applyWindow(
    state,
    { groups: [{ group: 0, window }], day: { date: '2026-03-18', endsAt: NOW + 12 * HOUR_MS }, facts: FACTS },
    NOW,
  );
  state.ready = [2, 3, 4].map((seq) => ({ seq, attempt: 1 }));
  return state;
}
