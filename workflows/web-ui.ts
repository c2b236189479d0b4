import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { currentDetails } from '../domain/engine/current-details.ts';
import type { CampaignRun } from '../domain/engine/campaign-run.ts';
import { CAMPAIGN_STATUS } from './search-attributes.ts';

/** Updates what the Web UI shows of the campaign. */
export function showInWebUi(run: CampaignRun, now: number): void {
  const { state } = run;
  setCurrentDetails(currentDetails(state, run.waiting, now));
  // Setting an attribute that the server does not know would fail the workflow task forever.
  if (!state.facts?.searchAttributes) return;
  const shown = workflowInfo().typedSearchAttributes.get(CAMPAIGN_STATUS);
  if (shown !== state.status) upsertSearchAttributes([{ key: CAMPAIGN_STATUS, value: state.status }]);
}
