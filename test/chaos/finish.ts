/** Brings every campaign to its end once nothing is disturbed any more: by itself, or else by cancelling it. */
import { setTimeout as pause } from 'node:timers/promises';
import { Campaign } from '../../domain/api/campaign-responses.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { type Api, ask } from './api.ts';
import { OVER } from './audit/times.ts';
import { type CampaignNotes, noteAnswer, noteOrder } from './notes.ts';

export interface Finishing {
  readonly api: Api;
  readonly provider: Simulator;
  /** After so long a call cannot be going on any more. */
  readonly longestCallMs: number;
  readonly campaigns: readonly CampaignNotes[];
  /** How long a campaign may take to end by itself. */
  readonly byItselfMs: number;
  /** For how long nothing more may be accepted once all are over. */
  readonly afterwardsMs: number;
  readonly say: (line: string) => void;
}

/** A campaign that has not ended, as it was last read. */
export interface Left {
  readonly notes: CampaignNotes;
  readonly answer: Campaign | null;
}

const EVERY_MS = 500;
/** A dial that died with its worker is given up after half a minute, and is lost when it can no longer be going on. */
const CANCELLED_WITHIN_MS = 75_000;
const EVENTS_WITHIN_MS = 30_000;
const AGAIN_AFTER_MS = 30_000;

/** @returns the campaigns that have not ended in time. */
export async function finish(finishing: Finishing): Promise<Left[]> {
  const { api, byItselfMs, afterwardsMs, longestCallMs, say } = finishing;
  const order = async (notes: CampaignNotes, kind: 'resume' | 'cancel' | 'restart') => {
    const noted = noteOrder(notes, kind, Date.now());
    const asked = await ask(api, 'POST', `/batch-calls/${notes.id}/${kind}`);
    noteAnswer(notes, noted, asked);
    return asked;
  };
  await ended(finishing, byItselfMs, async ({ notes, answer }) => {
    const status: string | undefined = answer?.status;
    if (status === 'paused') await order(notes, 'resume');
    if (status === 'interrupted') await order(notes, 'restart');
  });
  const cancelledAt = new Map<CampaignNotes, number>();
  const left = await ended(finishing, CANCELLED_WITHIN_MS + longestCallMs, async ({ notes, answer }) => {
    // Once it is taken it need not be given again, but who knows.
    if (Date.now() < (cancelledAt.get(notes) ?? 0) + AGAIN_AFTER_MS) return;
    cancelledAt.set(notes, Date.now());
    const { status } = await order(notes, 'cancel');
    const was = `it was ${answer?.status ?? 'not to be read'}, waiting for ${answer?.waiting_for ?? 'nothing'}`;
    say(`"${notes.label}" cancelled (${status ?? 'no answer'}): ${was}`);
  });
  await eventsDelivered(finishing.provider);
  await pause(afterwardsMs);
  return left;
}

/** Waits until all campaigns are over, and does `nudge` with each that is not. */
async function ended(
  { api, campaigns }: Finishing,
  withinMs: number,
  nudge: (left: Left) => Promise<void>,
): Promise<Left[]> {
  const deadline = Date.now() + withinMs;
  let going = [...campaigns];
  for (;;) {
    const left: Left[] = [];
    for (const notes of going) {
      const { status, data } = await ask(api, 'GET', `/batch-calls/${notes.id}`);
      const answer = status === 200 ? (Campaign.safeParse(data).data ?? null) : null;
      if (!answer || !OVER.includes(answer.status)) left.push({ notes, answer });
    }
    going = left.map(({ notes }) => notes);
    if (left.length === 0 || Date.now() > deadline) return left;
    await Promise.all(left.map(nudge));
    await pause(EVERY_MS);
  }
}

async function eventsDelivered(provider: Simulator): Promise<void> {
  const deadline = Date.now() + EVENTS_WITHIN_MS;
  const busy = () => provider.summary().in_flight > 0 || provider.summary().webhooks.pending > 0;
  while (busy() && Date.now() < deadline) await pause(EVERY_MS);
}
