import { draw } from '../../simulator/draw.ts';
import type { FaultPlan } from '../../simulator/faults.ts';
import type { z } from 'zod';

/** An unknown outcome makes a campaign hold for seconds: more of them and it would do little but wait. */
const SELDOM = 0.01;
const SOMETIMES = 0.05;
const OFTEN = 0.1;

/** What the provider does wrong during a run: a little of everything, and two short outages. */
export function faultPlan(seed: string, durationMs: number): z.input<typeof FaultPlan> {
  const outage = (name: string, from: number, to: number, lastsMs: number) => {
    const start = Math.round(durationMs * (from + draw(seed, 'outage', name) * (to - from)));
    return { from_ms: start, to_ms: start + lastsMs };
  };
  return {
    rules: [
      { probability: SELDOM, fault: { kind: 'throttle', retry_after: 1 } },
      { probability: SELDOM, fault: { kind: 'throttle' } },
      { probability: SELDOM, fault: { kind: 'server_error', status: 503, when: 'before' } },
      { probability: SELDOM, fault: { kind: 'server_error', status: 502, when: 'after' } },
      { probability: SELDOM, fault: { kind: 'drop_reply', when: 'before' } },
      { probability: SELDOM, fault: { kind: 'drop_reply', when: 'after' } },
      // Longer than the adapter waits.
      { probability: SELDOM, fault: { kind: 'delay_reply', ms: 3_000, when: 'after' } },
      { probability: SOMETIMES, fault: { kind: 'delay_reply', ms: 400, when: 'after' } },
      { probability: SELDOM, fault: { kind: 'delay_reply', ms: 700, when: 'before' } },
      { probability: SELDOM, fault: { kind: 'garbled_reply' } },
      { probability: SELDOM, fault: { kind: 'refuse' } },
      { match: { on: 'get' }, probability: OFTEN, fault: { kind: 'server_error' } },
      { match: { on: 'list' }, probability: OFTEN, fault: { kind: 'drop_reply', when: 'before' } },
      { probability: SELDOM, fault: { kind: 'lost_call' } },
      { probability: OFTEN, fault: { kind: 'event_duplicate', copies: 2 } },
      { probability: OFTEN, fault: { kind: 'event_reorder' } },
      { probability: SOMETIMES, fault: { kind: 'event_delay', events: ['call.ended'], ms: 4_000 } },
      { probability: SELDOM, fault: { kind: 'event_drop', events: ['call.ended'] } },
      { probability: SOMETIMES, fault: { kind: 'event_before_reply', events: ['call.started'] } },
      { probability: SOMETIMES, fault: { kind: 'event_before_reply', events: ['call.ended'] } },
      { probability: SOMETIMES, fault: { kind: 'event_wrong_signature', deliveries: 2 } },
      { probability: SELDOM, fault: { kind: 'event_too_old' } },
      { probability: SELDOM, fault: { kind: 'event_altered' } },
      { probability: SOMETIMES, fault: { kind: 'second_end', outcome: 'failed', ms: 300 } },
    ],
    outages: [
      { ...outage('refused', 0.3, 0.45, 4_000), how: '503' },
      { ...outage('dropped', 0.6, 0.75, 3_000), how: 'destroy' },
    ],
    // The end of a call is told under the provider's id alone: the reply and the event must find each other.
    poses: { echoes: draw(seed, 'echoes') < 0.5 },
  };
}
