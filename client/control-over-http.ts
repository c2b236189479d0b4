/** Controls campaigns through the gateway alone. It reaches their workflows, and answers from the record where it need not. */
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import {
  Campaign,
  CancelResponse,
  NotYetResponse,
  PauseResponse,
  ResumeResponse,
} from '../domain/api/campaign-responses.ts';
import { isInterrupted } from '../domain/api/interruption.ts';
import { isOver } from '../domain/engine/commands.ts';
import type { ErrorCode } from '../domain/engine/error-codes.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { type Buckets, BUCKETS } from '../domain/engine/tally.ts';
import type { CampaignControl, CampaignProgress, CampaignResult } from './campaign-control.ts';
import { requestApi } from './http-api.ts';
import type { ApiOptions, CommandOptions } from './options.ts';

/** A campaign takes hours: the question comes less often the longer it goes on. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A campaign outlives its gateway: one that is being replaced is asked again. */
const SILENCE_MS = 5 * 60_000;
const PASSING = new Set<ErrorCode>(['api_unreachable', 'rate_limit_exceeded', 'database_unavailable']);

export function controlOverHttp(api: ApiOptions): CampaignControl {
  /** Sends a command without the id in its answer, which the caller knows. */
  const command = async <T extends object>(
    id: string,
    name: string,
    answer: z.ZodType<{ acknowledged: true; id: string } & T>,
    options: CommandOptions,
  ) => {
    refuseOptions(options);
    const request = { method: 'POST', path: `/batch-calls/${id}/${name}` } as const;
    const { data } = await requestApi(api, request, z.union([answer, NotYetResponse]));
    if (!data.acknowledged) return { acknowledged: false as const };
    const { id: _known, ...acknowledgement } = data;
    return acknowledgement;
  };
  const read = async (id: string): Promise<Campaign> =>
    (await requestApi(api, { method: 'GET', path: `/batch-calls/${id}` }, Campaign)).data;
  return {
    pause: (id, options) => command(id, 'pause', PauseResponse, options),
    resume: (id, options) => command(id, 'resume', ResumeResponse, options),
    cancel: (id, options) => command(id, 'cancel', CancelResponse, options),
    async edit(id, change, options) {
      refuseOptions(options);
      const request = { method: 'PATCH', path: `/batch-calls/${id}`, body: change } as const;
      const { status, waiting_for, until, as_of } = (await requestApi(api, request, Campaign)).data;
      return { status, waiting_for, until, edited_at: as_of };
    },
    progress: async (id) => progressOf(await read(id)),
    result: (id) => resultOf(() => read(id)),
  };
}

function refuseOptions(options: CommandOptions): void {
  for (const [field, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const message = `${field} needs a Temporal connection: leave it out, or give the client "temporal".`;
    throw new RingfenceError('misconfigured', message, { field });
  }
}

function progressOf(campaign: Campaign): CampaignProgress {
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

async function resultOf(read: () => Promise<Campaign>): Promise<CampaignResult> {
  let answeredAt = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const campaign = await read();
      answeredAt = performance.now();
      const { id, status, interrupted } = campaign;
      if (interrupted !== null) throw isInterrupted(id, interrupted);
      if (status !== 'interrupted' && isOver(status)) return { campaign_id: id, status, buckets: bucketsOf(campaign) };
    } catch (error) {
      const passes = error instanceof RingfenceError && PASSING.has(error.code);
      if (!passes || performance.now() - answeredAt >= SILENCE_MS) throw error;
    }
    await wait(pauseMs);
  }
}
