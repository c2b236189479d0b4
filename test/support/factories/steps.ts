/** Steps as examples ask for them: of a run with nothing under way, unless they state otherwise. */
import { createRun, type CampaignRun } from '../../../domain/engine/campaign-run.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { nextStep, type Step, type Work } from '../../../domain/engine/next-step.ts';
import { CAMPAIGN_ID } from './campaign-state.ts';

/** A run that has adopted its records, with an empty inbox and nothing under way. */
export function idleRun(state: CampaignState, stated: Partial<CampaignRun> = {}): CampaignRun {
  const run = createRun({ campaignId: CAMPAIGN_ID, state, handlersFinished: () => true, hasRecords: true });
  return { ...run, ...stated };
}

export function stepOf(state: CampaignState, now: number, stated: Partial<CampaignRun> = {}): Step {
  return nextStep(state, idleRun(state, stated), now);
}

/** The work that the step starts; any other step fails the example. */
export function workOf(
  state: CampaignState,
  now: number,
  stated: Partial<CampaignRun> = {},
): Work & Pick<Step, 'waiting'> {
  const step = stepOf(state, now, stated);
  if (step.kind !== 'work') throw new Error(`The next step is ${step.kind}, not work.`);
  return step;
}
