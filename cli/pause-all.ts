/** `campaigns pause --all`: stops every campaign of the account. */
import type { Ringfence } from '../client/ringfence.ts';
import { counted } from '../domain/engine/counted.ts';
import { RingfenceError } from '../domain/engine/errors.ts';

interface Paused {
  readonly id: string;
  readonly live: readonly string[];
  readonly unknown: readonly string[];
}

/** A campaign that may still place calls. */
interface NotPaused {
  readonly id: string;
  readonly reason: string;
}

interface PausedAll {
  readonly paused: readonly Paused[];
  readonly not_paused: readonly NotPaused[];
}

const PAUSABLE = ['active', 'scheduled'] as const;
/** Pauses at the same time: a few, so that one that waits for its placements does not keep the others. */
const AT_ONCE = 10;
/** Campaigns may be created or resumed meanwhile: what is found then is paused as well. */
const ROUNDS = 3;

export async function pauseAll(ringfence: Ringfence): Promise<PausedAll> {
  const paused: Paused[] = [];
  let notPaused: NotPaused[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const known = new Set(paused.map(({ id }) => id));
    const ids = (await pausable(ringfence)).filter((id) => !known.has(id));
    if (ids.length === 0) return { paused, not_paused: [] };
    notPaused = [];
    const queue = ids.values();
    const pauseNext = async () => {
      for (const id of queue) {
        const outcome = await pause(ringfence, id);
        if (outcome === 'over') continue;
        if ('reason' in outcome) notPaused.push(outcome);
        else paused.push(outcome);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, pauseNext));
  }
  return { paused, not_paused: notPaused };
}

async function pausable({ campaigns }: Ringfence): Promise<string[]> {
  const ids: string[] = [];
  for (const status of PAUSABLE) for await (const { id } of campaigns.list({ status, limit: 100 })) ids.push(id);
  return ids;
}

async function pause({ campaigns }: Ringfence, id: string): Promise<Paused | NotPaused | 'over'> {
  try {
    const { acknowledged, ...answer } = await campaigns.pause(id);
    if (acknowledged && 'live' in answer) return { id, live: answer.live, unknown: answer.unknown };
    return { id, reason: 'no worker has acknowledged the pause' };
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    // It has ended, or somebody else has paused it, since the list was read.
    return error.code === 'wrong_state' || error.code === 'not_found' ? 'over' : { id, reason: error.message };
  }
}

export function pausedAllText({ paused, not_paused }: PausedAll): string[] {
  const live = paused.flatMap((campaign) => [...campaign.live, ...campaign.unknown]);
  return [
    `${counted(paused.length, 'campaign')} paused.`,
    ...(live.length === 0 ? [] : [`Live, or may be, until they end: ${live.join(', ')}`]),
    ...not_paused.map(({ id, reason }) => `Not paused: ${id}: ${reason}`),
  ];
}
