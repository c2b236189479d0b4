/** Calls of a campaign without a workflow: when they are looked up again, and until when they hold a slot. */
import { expect, it } from 'vitest';
import { afterLookUp, deadlineOf, type LeftCall } from '../../../domain/dialling/left-calls.ts';
import type { LookUpFinding } from '../../../domain/engine/placement.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Half an hour on the line, a minute in the queue, and a minute of grace. */
const FACTS = { callLifetimeMs: 31 * MINUTE, queueBoundMs: MINUTE, graceMs: MINUTE };
const SENT = 100 * MINUTE;
const DEADLINE = SENT + 32 * MINUTE;

const call = (stated: Partial<LeftCall> = {}): LeftCall => ({
  firstSentAt: SENT,
  deadlineAt: DEADLINE,
  accepted: true,
  lookUps: 0,
  ...stated,
});
const live: LookUpFinding = { kind: 'live', queued: false };
const queued: LookUpFinding = { kind: 'live', queued: true };
const unknown: LookUpFinding = { kind: 'unknown', mayRepeat: true };

it('has the deadline that the provider was told, and a grace period', () => {
  expect(deadlineOf(FACTS, SENT)).toBe(DEADLINE);
});

it.each<[string, LeftCall, LookUpFinding, number, ReturnType<typeof afterLookUp>]>([
  [
    'a live call is looked up again soon',
    call(),
    live,
    SENT + 3 * MINUTE,
    { deadlineAt: DEADLINE, lookUpAt: SENT + 3 * MINUTE + 15 * SECOND, lookUps: 1 },
  ],
  [
    'after a pause that doubles',
    call({ lookUps: 2 }),
    live,
    SENT + 5 * MINUTE,
    { deadlineAt: DEADLINE, lookUpAt: SENT + 6 * MINUTE, lookUps: 3 },
  ],
  [
    'up to five minutes',
    call({ lookUps: 12 }),
    live,
    SENT + 10 * MINUTE,
    { deadlineAt: DEADLINE, lookUpAt: SENT + 15 * MINUTE, lookUps: 13 },
  ],
  [
    'and at its deadline at the latest',
    call({ lookUps: 12 }),
    live,
    SENT + 30 * MINUTE,
    { deadlineAt: DEADLINE, lookUpAt: DEADLINE, lookUps: 13 },
  ],
  [
    'but before its time in the queue is over, it is looked up at its end',
    call({ lookUps: 12 }),
    queued,
    SENT + MINUTE / 2,
    { deadlineAt: DEADLINE, lookUpAt: SENT + MINUTE, lookUps: 13 },
  ],
  [
    'a call of unknown outcome keeps its deadline',
    call({ accepted: false }),
    unknown,
    SENT + MINUTE,
    { deadlineAt: DEADLINE, lookUpAt: SENT + MINUTE + 15 * SECOND, lookUps: 1 },
  ],
  [
    'a call that is first found may have begun just now',
    call({ accepted: false }),
    live,
    SENT + MINUTE,
    { deadlineAt: DEADLINE + MINUTE, lookUpAt: SENT + MINUTE + 15 * SECOND, lookUps: 1 },
  ],
  [
    'a call in the queue has not begun',
    call(),
    queued,
    SENT + 5 * MINUTE,
    { deadlineAt: SENT + 5 * MINUTE + 31 * MINUTE, lookUpAt: SENT + 5 * MINUTE + 15 * SECOND, lookUps: 1 },
  ],
  [
    'and is waited for no longer than the queue may take',
    call({ deadlineAt: SENT + 60 * MINUTE }),
    queued,
    SENT + 50 * MINUTE,
    { deadlineAt: SENT + 64 * MINUTE, lookUpAt: SENT + 50 * MINUTE + 15 * SECOND, lookUps: 1 },
  ],
  [
    'a look-up without budget is none',
    call(),
    { kind: 'deferred', retryAfterMs: 20 * SECOND },
    SENT + MINUTE,
    { deadlineAt: DEADLINE, lookUpAt: SENT + MINUTE + 20 * SECOND, lookUps: 0 },
  ],
  [
    'nor is one without an answer',
    call({ lookUps: 5 }),
    { kind: 'unasked' },
    SENT + MINUTE,
    { deadlineAt: DEADLINE, lookUpAt: SENT + MINUTE + 15 * SECOND, lookUps: 5 },
  ],
])('%s', (_, left, finding, now, expected) => {
  expect(afterLookUp(left, finding, FACTS, now)).toEqual(expected);
});
