/**
 * One turn of the loop, up to the step that it decides on. The workflow and the simulation both take their turns here, so that the
 * order of the checks exists once.
 */
import { processInbox, type CampaignRun } from './campaign-run.ts';
import { releaseClosed } from './closed-groups.ts';
import { advance } from './commands.ts';
import { considerDrain, type HistorySize } from './continue-as-new.ts';
import { measurePace } from './pace.ts';
import { nextStep, type Step } from './next-step.ts';

/** Processes the inbox and what depends on time alone, and decides. `random` in [0, 1) spreads the pauses of the circuit breaker. */
export function takeTurn(run: CampaignRun, history: HistorySize, now: number, random: () => number): Step {
  processInbox(run, now, random);
  // Until the run has the records, its terms may be out of date: an edit may have moved the end, or the campaign may be cancelled.
  if (run.hasRecords && !run.state.superseded) advance(run.state, now);
  if (run.hasRecords) releaseClosed(run.state, now);
  considerDrain(run, history, now);
  const step = nextStep(run.state, run, now);
  run.waiting = step.waiting;
  measurePace(run.state, step.waiting, now);
  return step;
}
