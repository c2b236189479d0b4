/** What scenarios are made of: waits for a condition, and the steps that more than one of them takes. */
import { setTimeout as pause } from 'node:timers/promises';
import { campaignEdit, type ChangeCampaignInput, readChange } from '../../../domain/api/campaign-change.ts';
import type { Answer } from '../../support/fakes/scripted-provider.ts';
import type { Campaign, WorkflowHarness, WorkflowHarnessOptions } from '../../support/harness/workflow-harness.ts';
import { type CampaignProgress, editUpdate, pauseAndWait, resumeUpdate } from '../../../workflows/messages.ts';

export const ENDS: Answer = { kind: 'ends', outcome: 'completed' };
export const ACCEPT: Answer = { kind: 'accept' };

/** `skipping` servers let hours pass at once; `restless` ones suggest a new run every few dozen events. */
export type ServerKind = 'real' | 'skipping' | 'restless';

/** Lets time pass on the server. */
export type Sleep = (ms: number) => Promise<void>;

export interface Scenario {
  readonly name: string;
  readonly server: ServerKind;
  readonly options?: Pick<WorkflowHarnessOptions, 'cancels' | 'facts' | 'failing' | 'graceMs' | 'limits'>;
  /** Runs the campaign to its end. */
  readonly run: (harness: WorkflowHarness, sleep: Sleep) => Promise<Campaign>;
}

export async function endedWith(campaign: Campaign): Promise<Campaign> {
  await until(campaign, async ({ status }) => {
    await endLive(campaign);
    return status === 'completed' || status === 'cancelled';
  });
  // Ended by the server's own cancel request, a workflow has no result.
  await campaign.handle.result().catch(() => {});
  return campaign;
}

export async function endLive(campaign: Campaign): Promise<void> {
  const live = campaign.harness.provider.live();
  if (live.length > 0) await campaign.end(live);
}

/** Waits until so many calls are live and nothing is being placed. */
export async function live(campaign: Campaign, count: number): Promise<void> {
  await until(campaign, ({ in_flight }) => in_flight === count && campaign.harness.provider.live().length === count);
}

/** Several times what the longest wait takes on a busy machine. */
const WAIT_LIMIT_MS = 90_000;

export async function until(
  campaign: Campaign,
  come: (progress: CampaignProgress) => boolean | Promise<boolean>,
): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const progress = await campaign.progress();
    if (await come(progress)) return;
    if (performance.now() > startedAt + WAIT_LIMIT_MS) {
      throw new Error(`The campaign did not get on from here: ${JSON.stringify(progress)}`);
    }
    await pause(20);
  }
}

export async function edit(campaign: Campaign, stated: ChangeCampaignInput): Promise<void> {
  await campaign.handle.executeUpdate(editUpdate, { args: [campaignEdit(readChange(stated))] });
}

/**
 * Has the campaign take a turn at this moment, in which it decides again. A signal that nobody knows is counted and changes
 * nothing else.
 */
export async function takeTurn(campaign: Campaign): Promise<void> {
  const { malformed_signals: before } = await campaign.progress();
  await campaign.handle.signal('takeTurn');
  await until(campaign, ({ malformed_signals }) => malformed_signals > before);
}

let edits = 0;

/**
 * Has the campaign take two turns that each leave a command in the history, by edits that change nothing for it. A replay
 * takes a command that comes too early for the next one of its kind: only one of another kind between the two tells them
 * apart.
 */
export async function takeRecordedTurns(campaign: Campaign): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) {
    edits += 1;
    await edit(campaign, { retry_delay_minutes: 1_000 + edits });
  }
}

/**
 * Pauses a campaign while no worker has taken its first placements, so that each is cancelled by a separate command, and lets
 * it run to its end afterwards.
 */
export async function cancelPlacements(
  harness: WorkflowHarness,
  { people, slots, placing }: { readonly people: number; readonly slots: number; readonly placing: number },
): Promise<Campaign> {
  await harness.stopDials();
  const campaign = await harness.start(people, { max_concurrent_calls: slots });
  await until(campaign, ({ in_flight }) => in_flight === placing);
  await campaign.handle.executeUpdate(pauseAndWait);
  await until(campaign, ({ in_flight }) => in_flight === 0);
  await harness.startDials();
  harness.provider.script = () => ENDS;
  await campaign.handle.executeUpdate(resumeUpdate);
  return endedWith(campaign);
}
