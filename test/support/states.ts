import { expect, vi } from 'vitest';
import type { Answer } from './scripted-provider.ts';
import type { Campaign, Stage } from './stage.ts';

const HOUR_MS = 3_600_000;

/** A state in which a campaign can be met. */
export interface State {
  readonly name: string;
  /** Brings a campaign of four people into the state. */
  readonly arrange: (stage: Stage) => Promise<Campaign>;
  /** Lets go what `arrange` holds back; a command must be answered although it has not been called, unless `bounded`. */
  readonly release?: (stage: Stage) => Promise<void>;
  /** How many calls a pause then reports. */
  readonly live: number;
  readonly unknown: number;
  /** Whether a pause has to wait for a placement that is talking to the provider. */
  readonly talking?: true;
  /** Requests that have reached the provider when nothing more is placed. */
  readonly requests: number;
  /** Attempts that are made until everybody has been reached. */
  readonly attempts: number;
  /** What a resume brings it back to at once; active unless told. */
  readonly resumed?: 'scheduled';
}

const ENDS: Answer = { kind: 'ends', outcome: 'completed' };
export const PEOPLE = 4;

export async function reaches(campaign: Campaign, progress: object): Promise<void> {
  await vi.waitFor(async () => expect(await campaign.progress()).toMatchObject(progress), { timeout: 15_000 });
}

async function requested(stage: Stage, count: number): Promise<void> {
  await vi.waitFor(() => expect(stage.provider.requests).toHaveLength(count), { timeout: 15_000 });
}

/** An hour of the day, UTC, so many hours after `now`. */
function hour(now: number, ahead: number): string {
  return `${new Date(now + ahead * HOUR_MS).toISOString().slice(11, 13)}:00`;
}

/** Promises by which a script holds requests back. */
const gates = new WeakMap<Stage, () => void>();

/** Only time and the provider move these on. */
export const AT_REST: readonly State[] = [
  {
    name: 'scheduled',
    async arrange(stage) {
      const scheduled_at = new Date((await stage.time()) + 5 * HOUR_MS).toISOString();
      const campaign = await stage.start(PEOPLE, { schedule_type: 'scheduled', scheduled_at });
      await reaches(campaign, { status: 'scheduled', waiting_for: 'start' });
      return campaign;
    },
    live: 0,
    unknown: 0,
    requests: 0,
    attempts: PEOPLE,
    resumed: 'scheduled',
  },
  {
    name: 'waiting for a window',
    async arrange(stage) {
      const now = await stage.time();
      const campaign = await stage.start(PEOPLE, { timezone: 'UTC', start_time: hour(now, 3), end_time: hour(now, 5) });
      await reaches(campaign, { status: 'active', waiting_for: 'window' });
      return campaign;
    },
    live: 0,
    unknown: 0,
    requests: 0,
    attempts: PEOPLE,
  },
  {
    name: 'at the daily cap',
    async arrange(stage) {
      stage.provider.script = () => ENDS;
      const campaign = await stage.start(PEOPLE, { max_calls_per_day: 1 });
      await reaches(campaign, { waiting_for: 'daily_cap', in_flight: 0 });
      return campaign;
    },
    live: 0,
    unknown: 0,
    requests: 1,
    attempts: PEOPLE,
  },
  {
    name: 'with calls in flight',
    async arrange(stage) {
      const campaign = await stage.start(PEOPLE, { max_concurrent_calls: 2 });
      await requested(stage, 2);
      await reaches(campaign, { waiting_for: 'slot', in_flight: 2 });
      return campaign;
    },
    live: 2,
    unknown: 0,
    requests: 2,
    attempts: PEOPLE,
  },
  {
    name: 'while the provider asks for patience',
    async arrange(stage) {
      stage.provider.script = ({ at }) => {
        const first = stage.provider.requests[0]!.at;
        return at < first + HOUR_MS ? { kind: 'throttled', retryAfterMs: 2 * HOUR_MS } : ENDS;
      };
      const campaign = await stage.start(PEOPLE, { max_concurrent_calls: 1 });
      await reaches(campaign, { waiting_for: 'provider' });
      return campaign;
    },
    live: 0,
    unknown: 0,
    requests: 1,
    attempts: PEOPLE,
  },
  {
    name: 'waiting for a retry',
    async arrange(stage) {
      stage.provider.script = ({ attempt }) => (attempt === 1 ? { kind: 'ends', outcome: 'busy' } : ENDS);
      const campaign = await stage.start(PEOPLE, { max_retry_attempts: 1, retry_delay_minutes: 90 });
      await reaches(campaign, { waiting_for: 'retry', buckets: { retrying: PEOPLE } });
      return campaign;
    },
    live: 0,
    unknown: 0,
    requests: PEOPLE,
    attempts: 2 * PEOPLE,
  },
];

/** Placements are with a worker, or with the server that has not found one. */
export const PLACING: readonly State[] = [
  {
    name: 'with placements that no worker has taken up',
    async arrange(stage) {
      await stage.stopDials();
      const campaign = await stage.start(PEOPLE, { max_concurrent_calls: 2 });
      await reaches(campaign, { waiting_for: 'slot', in_flight: 2 });
      return campaign;
    },
    release: (stage) => stage.startDials(),
    live: 0,
    unknown: 0,
    requests: 0,
    attempts: PEOPLE,
  },
  {
    name: 'while placements talk to the provider',
    async arrange(stage) {
      const opened = new Promise<void>((resolve) => gates.set(stage, resolve));
      stage.provider.script = async () => {
        await opened;
        return { kind: 'accept' };
      };
      const campaign = await stage.start(PEOPLE, { max_concurrent_calls: 2 });
      await requested(stage, 2);
      return campaign;
    },
    async release(stage) {
      gates.get(stage)!();
    },
    live: 2,
    unknown: 0,
    requests: 2,
    attempts: PEOPLE,
    talking: true,
  },
  {
    name: 'while a placement waits for its second try',
    async arrange(stage) {
      stage.provider.script = ({ nth, callId }) => {
        if (nth > 1) return ENDS;
        // The request got through, and then the worker's own error ended the try.
        stage.provider.accept({ ...stage.provider.requests.find((request) => request.callId === callId)! });
        throw new Error('the worker stumbled');
      };
      const campaign = await stage.start(PEOPLE, { max_concurrent_calls: 1 });
      await requested(stage, 1);
      return campaign;
    },
    live: 1,
    unknown: 0,
    requests: 1,
    attempts: PEOPLE,
  },
];
