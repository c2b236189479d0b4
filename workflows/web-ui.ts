import type { SearchAttributeUpdatePair } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { currentDetails } from '../domain/engine/current-details.ts';
import type { CampaignRun } from '../domain/engine/campaign-run.ts';
import { searchedWaiting } from '../domain/engine/searched-waiting.ts';
import { CAMPAIGN_STATUS, WAITING_FOR } from './search-attributes.ts';

/** Updates what the Web UI shows of the campaign. */
export function showInWebUi(run: CampaignRun, now: number): void {
  const { state } = run;
  setCurrentDetails(currentDetails(state, run.waiting, now));
  // Setting an attribute that the server does not know would fail the workflow task forever.
  if (!state.facts?.searchAttributes) return;
  const shown = workflowInfo().typedSearchAttributes;
  const shownWaiting = shown.get(WAITING_FOR) ?? null;
  const waiting = searchedWaiting(state, run.waiting, shownWaiting, now);
  const changed: SearchAttributeUpdatePair[] = [];
  if (shown.get(CAMPAIGN_STATUS) !== state.status) changed.push({ key: CAMPAIGN_STATUS, value: state.status });
  if (shownWaiting !== waiting) changed.push({ key: WAITING_FOR, value: waiting });
  // Together they are one event.
  if (changed.length > 0) upsertSearchAttributes(changed);
}
