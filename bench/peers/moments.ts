/** The three moments at which a worker is killed, the same for every peer, and the kill itself. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Child } from '../../scripts/child.ts';
import type { SimulatorProcess } from '../../scripts/start/processes.ts';
import { lives, readSituation, setRules, type Situation } from './provider.ts';

/**
 * - `replies`: the provider has accepted some calls and holds its replies back, so nobody here knows of them.
 * - `live`: no request is under way, calls go on; some of them end while there is no worker.
 * - `refilling`: half of the calls have ended together, and the worker dies while it fills their slots. Some requests
 *   have been accepted, some have left and are taken up by the provider after the worker's death, some have not left.
 */
export type Moment = 'replies' | 'live' | 'refilling';

export interface KillTerms {
  readonly slots: number;
  readonly callMs: number;
}

interface Cast {
  readonly provider: SimulatorProcess;
  readonly worker: Child;
  readonly gateway: Child;
}

/** So many placements are held at the most, or calls end while there is no worker. */
const SOME = 5;
/** Within the five seconds that a placement may take. */
const REPLY_HELD_MS = 4_000;
/** As long as a process needs to die and to come back. */
const REQUEST_HELD_MS = 1_500;
const LOOK_EVERY_MS = 5;
const GIVE_UP_MS = 60_000;

/** Waits for the moment and kills the worker. Returns when that was; the worker may be started again then. */
export async function killAt(moment: Moment, terms: KillTerms, cast: Cast): Promise<number> {
  switch (moment) {
    case 'replies':
      return killWhileRepliesAreHeld(terms, cast);
    case 'live':
      return killWhileCallsAreLive(terms, cast);
    case 'refilling':
      return killInTheMiddleOfRefilling(terms, cast);
    default:
      return moment satisfies never;
  }
}

async function killWhileRepliesAreHeld({ slots, callMs }: KillTerms, { provider, worker }: Cast): Promise<number> {
  const held = Math.min(SOME, slots);
  const fault = { kind: 'delay_reply', when: 'after', ms: REPLY_HELD_MS } as const;
  await setRules(provider, [{ fault, times: held }, ...lives(callMs)]);
  await until(provider, ({ pending }) => pending >= held);
  const at = await kill(worker);
  await setRules(provider, lives(callMs));
  return at;
}

async function killWhileCallsAreLive({ slots }: KillTerms, { provider, worker }: Cast): Promise<number> {
  await until(provider, ({ inFlight, pending }) => pending === 0 && inFlight >= slots * 0.8);
  const at = await kill(worker);
  const { ended } = await readSituation(provider);
  await until(provider, (now) => now.ended >= ended + Math.min(SOME, slots) || now.inFlight === 0);
  return at;
}

/** The gateway stands still until half of the calls have ended, so that their webhooks arrive together. */
async function killInTheMiddleOfRefilling({ slots, callMs }: KillTerms, cast: Cast): Promise<number> {
  const { provider, worker, gateway } = cast;
  await until(provider, ({ inFlight }) => inFlight >= slots * 0.8);
  process.kill(gateway.pid, 'SIGSTOP');
  const held = Math.min(SOME, Math.ceil(slots / 5));
  try {
    await until(provider, ({ inFlight, pending }) => pending === 0 && inFlight <= slots / 2);
    const fault = { kind: 'delay_reply', when: 'before', ms: REQUEST_HELD_MS } as const;
    await setRules(provider, [{ fault, times: held }, ...lives(callMs)]);
  } finally {
    process.kill(gateway.pid, 'SIGCONT');
  }
  const { accepted } = await readSituation(provider);
  await until(provider, (now) => now.pending >= held && now.accepted > accepted);
  const at = await kill(worker);
  await setRules(provider, lives(callMs));
  return at;
}

async function kill(worker: Child): Promise<number> {
  await worker.kill();
  return Date.now();
}

/** Waits for a situation at the provider. */
export async function until(
  provider: SimulatorProcess,
  holds: (situation: Situation) => boolean,
  giveUpMs = GIVE_UP_MS,
): Promise<void> {
  const deadline = performance.now() + giveUpMs;
  for (;;) {
    const situation = await readSituation(provider);
    if (holds(situation)) return;
    if (performance.now() > deadline) {
      throw new Error(`The moment did not come: ${JSON.stringify(situation)}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}
