import { expect, vi } from 'vitest';
import type { Answer } from '../fakes/scripted-provider.ts';
import type { Campaign, WorkflowHarness } from '../harness/workflow-harness.ts';

const HOUR_MS = 3_600_000;

/** A state in which a campaign can be met. */
export interface State {
  readonly name: string;
  /** Brings a campaign of four people into the state. */
  readonly arrange: (harness: WorkflowHarness) => Promise<Campaign>;
  /** Lets go what `arrange` holds back; a command must be answered although it has not been called, unless `bounded`. */
  readonly release?: (harness: WorkflowHarness) => Promise<void>;
  /** How many calls a pause then reports. */
  readonly live: number;
  readonly unknown: number;
  /** Whether a pause has to wait for a placement that is talking to the provider. */
  readonly talking?: true;
  /** Requests that have reached the provider when nothing more is placed. */
  readonly requests: number;
  /** Attempts that are made until everybody has been reached. */
  readonly attempts: number;
  /** The status right after a resume. Default: active. */
  readonly resumed?: 'scheduled';
}

const ENDS: Answer = { kind: 'ends', outcome: 'completed' };
export const PEOPLE = 4;

export async function reaches(campaign: Campaign, progress: object): Promise<void> {
  await vi.waitFor(async () => expect(await campaign.progress()).toMatchObject(progress));
}

async function requested(harness: WorkflowHarness, count: number): Promise<void> {
  await vi.waitFor(() => expect(harness.provider.requests).toHaveLength(count));
}

/** An hour of the day, UTC, so many hours after `now`. */
function hour(now: number, ahead: number): string {
  return `${new Date(now + ahead * HOUR_MS).toISOString().slice(11, 13)}:00`;
}

/** Promises by which a script holds requests back. */
const gates = new WeakMap<WorkflowHarness, () => void>();

/** Only time and the provider move these on. */
export const AT_REST: readonly State[] = [
  {
    name: 'scheduled',
    async arrange(harness) {
      const scheduled_at = new Date((await harness.time()) + 5 * HOUR_MS).toISOString();
      const campaign = await harness.start(PEOPLE, { schedule_type: 'scheduled', scheduled_at });
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
    async arrange(harness) {
      const now = await harness.time();
      const campaign = await harness.start(PEOPLE, {
        timezone: 'UTC',
        start_time: hour(now, 3),
        end_time: hour(now, 5),
      });
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
    async arrange(harness) {
      harness.provider.script = () => ENDS;
      const campaign = await harness.start(PEOPLE, { max_calls_per_day: 1 });
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
    async arrange(harness) {
      const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 2 });
      await requested(harness, 2);
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
    async arrange(harness) {
      harness.provider.script = ({ at }) => {
        const first = harness.provider.requests[0]!.at;
        return at < first + HOUR_MS ? { kind: 'throttled', retryAfterMs: 2 * HOUR_MS } : ENDS;
      };
      const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 1 });
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
    async arrange(harness) {
      harness.provider.script = ({ attempt }) => (attempt === 1 ? { kind: 'ends', outcome: 'busy' } : ENDS);
      const campaign = await harness.start(PEOPLE, { max_retry_attempts: 1, retry_delay_minutes: 90 });
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
    async arrange(harness) {
      await harness.stopDials();
      const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 2 });
      await reaches(campaign, { waiting_for: 'slot', in_flight: 2 });
      return campaign;
    },
    release: (harness) => harness.startDials(),
    live: 0,
    unknown: 0,
    requests: 0,
    attempts: PEOPLE,
  },
  {
    name: 'while placements talk to the provider',
    async arrange(harness) {
      const opened = new Promise<void>((resolve) => gates.set(harness, resolve));
      harness.provider.script = async () => {
        await opened;
        return { kind: 'accept' };
      };
      const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 2 });
      await requested(harness, 2);
      return campaign;
    },
    async release(harness) {
      gates.get(harness)!();
    },
    live: 2,
    unknown: 0,
    requests: 2,
    attempts: PEOPLE,
    talking: true,
  },
  {
    name: 'while a placement waits for its second try',
    async arrange(harness) {
      harness.provider.script = ({ nth, callId }) => {
        if (nth > 1) return ENDS;
        // The request got through, and then the worker's own error ended the try.
        harness.provider.accept({ ...harness.provider.requests.find((request) => request.callId === callId)! });
        throw new Error('the worker stumbled');
      };
      const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 1 });
      await requested(harness, 1);
      // Otherwise the second try could come before the command that a test gives now.
      await harness.stopDials();
      return campaign;
    },
    release: (harness) => harness.startDials(),
    live: 1,
    unknown: 0,
    requests: 1,
    attempts: PEOPLE,
  },
];
