/** What a program that follows a campaign is told over HTTP. */
import type { Campaign } from '../domain/api/campaign-responses.ts';
import { isInterrupted } from '../domain/api/interruption.ts';
import { isOver } from '../domain/engine/commands.ts';
import { type Buckets, BUCKETS } from '../domain/engine/tally.ts';
import type { CampaignProgress } from './campaign-control.ts';
import { RingfenceError } from './errors.ts';
import { isRepeatable, waiting } from './http/repeats.ts';

/** A campaign takes hours: the question comes less often the longer it goes on. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A campaign outlives its gateway: one that is being replaced is asked again. */
const SILENCE_MS = 5 * 60_000;

export function progressOf(campaign: Campaign): CampaignProgress {
  return {
    campaign_id: campaign.id,
    status: campaign.status,
    waiting_for: campaign.waiting_for,
    until: campaign.until,
    buckets: bucketsOf(campaign),
    in_flight: campaign.in_progress,
    max_concurrent_calls: campaign.max_concurrent_calls,
    placed_today: campaign.placed_today,
    max_calls_per_day: campaign.max_calls_per_day,
  };
}

function bucketsOf(campaign: Campaign): Buckets {
  return Object.fromEntries(BUCKETS.map((bucket) => [bucket, campaign[bucket]])) as Buckets;
}

/** Reads a campaign again and again until it has ended. @throws RingfenceError `wrong_state` if it is interrupted. */
export async function untilOver(read: () => Promise<Campaign>, signal: AbortSignal): Promise<Campaign> {
  let answeredAt = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const campaign = await read();
      answeredAt = performance.now();
      const { id, status, interrupted } = campaign;
      if (interrupted !== null) throw isInterrupted(id, interrupted);
      if (isOver(status)) return campaign;
    } catch (error) {
      const passes = error instanceof RingfenceError && isRepeatable(error);
      if (!passes || performance.now() - answeredAt >= SILENCE_MS) throw error;
    }
    await waiting.pause(pauseMs, signal);
  }
}
