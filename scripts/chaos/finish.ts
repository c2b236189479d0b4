/** Brings every campaign to its end once nothing is killed any more: by itself, or else by cancelling it. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiOptions } from '../../client/http-api.ts';
import { CampaignAnswer } from '../../domain/campaign-answer.ts';
import { isOver } from '../../domain/commands.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { ask } from './api.ts';
import { type CampaignNotes, noteResume } from './notes.ts';

export interface Finishing {
  readonly api: ApiOptions;
  readonly provider: Simulator;
  readonly campaigns: readonly CampaignNotes[];
  /** How long a campaign may take to end by itself. */
  readonly byItselfMs: number;
  readonly say: (line: string) => void;
}

const EVERY_MS = 500;
/** A dial that died with its worker is given up after half a minute, and is lost half a minute later at the latest. */
const CANCELLED_WITHIN_MS = 150_000;
const EVENTS_WITHIN_MS = 30_000;

/** @returns the campaigns that have not ended in time, as they were last read. */
export async function finish(finishing: Finishing): Promise<CampaignAnswer[]> {
  const { byItselfMs, say } = finishing;
  await ended(finishing, byItselfMs, async (campaign, notes) => {
    if (campaign.status !== 'paused') return;
    noteResume(notes, Date.now());
    await ask(finishing.api, 'POST', `/batch-calls/${campaign.id}/resume`);
  });
  const left = await ended(finishing, CANCELLED_WITHIN_MS, async (campaign, notes) => {
    const { status } = await ask(finishing.api, 'POST', `/batch-calls/${campaign.id}/cancel`);
    if (status === 200 || status === 202) {
      say(`"${notes.label}" cancelled: it was ${campaign.status}, waiting for ${campaign.waiting_for ?? 'nothing'}`);
    }
  });
  await eventsDelivered(finishing.provider);
  return left;
}

/** Waits until all campaigns are over, and does `nudge` with each that is not. */
async function ended(
  { api, campaigns }: Finishing,
  withinMs: number,
  nudge: (campaign: CampaignAnswer, notes: CampaignNotes) => Promise<void>,
): Promise<CampaignAnswer[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const { status, data } = await ask(api, 'GET', '/batch-calls?limit=100');
    const left =
      status === 200
        ? z
            .array(CampaignAnswer)
            .parse(data)
            .filter((campaign) => !isOver(campaign.status))
        : null;
    if (left?.length === 0) return left;
    if (left && Date.now() > deadline) return left;
    const nudged = (left ?? []).map(async (campaign) => {
      const notes = campaigns.find(({ id }) => id === campaign.id);
      if (notes) await nudge(campaign, notes);
    });
    await Promise.all(nudged);
    await pause(EVERY_MS);
  }
}

async function eventsDelivered(provider: Simulator): Promise<void> {
  const deadline = Date.now() + EVENTS_WITHIN_MS;
  const busy = () => provider.summary().in_flight > 0 || provider.summary().webhooks.pending > 0;
  while (busy() && Date.now() < deadline) await pause(EVERY_MS);
}
