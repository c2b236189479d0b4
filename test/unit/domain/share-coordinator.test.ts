/** When the limit of a connection is divided again, by examples. */
import { describe, expect, it } from 'vitest';
import {
  coordinatorDetails,
  type CoordinatorState,
  newCoordinator,
  nextCoordinatorStep,
  type ShareStanding,
} from '../../../domain/engine/share-coordinator.ts';

const standing: ShareStanding = {
  limit: 10,
  held: 4,
  campaigns: 1,
  waiting: 0,
  withoutRun: 0,
  lookUpDue: false,
  shown: [],
};
const after = (changes: Partial<ShareStanding>, told = false): CoordinatorState => ({
  told,
  lookingUp: false,
  standing: { ...standing, ...changes },
  dividedAt: 1_000,
});

describe('the coordinator of a connection', () => {
  it('divides at once when it is new', () => {
    expect(nextCoordinatorStep(newCoordinator(), false, 0)).toEqual({ kind: 'divide' });
  });

  it.each([
    ['divides again after a report', after({}, true), { kind: 'divide' }],
    ['divides again after a report, although nobody held anything', after({ campaigns: 0 }, true), { kind: 'divide' }],
    ['rests while each campaign has what it needs', after({}), { kind: 'rest', until: 61_000 }],
    ['looks soon after calls whose end nobody reports', after({ withoutRun: 1 }), { kind: 'rest', until: 16_000 }],
    ['rests until the next turn has begun while campaigns wait', after({ waiting: 1 }), { kind: 'rest', until: 2_000 }],
    ['ends when no campaign is left', after({ campaigns: 0 }), { kind: 'end' }],
    [
      'looks soon after campaigns that have shares of a limit that was removed',
      after({ limit: null }),
      { kind: 'rest', until: 16_000 },
    ],
  ])('%s', (_, state, step) => {
    expect(nextCoordinatorStep(state, false, 1_500)).toEqual(step);
  });

  it('waits for a look-up before its run ends', () => {
    const state = { ...after({ campaigns: 0 }), lookingUp: true };
    expect(nextCoordinatorStep(state, true, 1_500)).toEqual({ kind: 'rest', until: 61_000 });
    expect(nextCoordinatorStep({ ...state, told: true }, true, 1_500)).toEqual({ kind: 'divide' });
  });

  it('divides again when it has rested', () => {
    expect(nextCoordinatorStep(after({}), false, 61_000)).toEqual({ kind: 'divide' });
  });

  it('continues as new once it has divided, also while reports keep coming: the next run divides at once', () => {
    expect(nextCoordinatorStep(newCoordinator(), true, 0)).toEqual({ kind: 'divide' });
    for (const told of [false, true]) {
      expect(nextCoordinatorStep(after({}, told), true, 1_500)).toEqual({ kind: 'continue_as_new' });
    }
  });

  it('shows the shares', () => {
    const shown = [{ campaignId: 'a', need: 9, share: 4, held: 5 }];
    const trouble = { reason: 'throttled', since: Date.UTC(2026, 2, 18, 12), times: 2 };
    expect(coordinatorDetails('clinic-us', after({ campaigns: 3, waiting: 2, withoutRun: 1, trouble, shown }))).toBe(
      [
        '**clinic-us**: 3 campaigns, 2 could use more',
        '',
        '- In flight at most: 4 of 10',
        '- 1 campaign without a workflow: calls run to their end',
        '- Trouble: throttled, 2 times since 2026-03-18 12:00:00 UTC',
        '',
        '| Campaign | Share | Needs | In flight at most |',
        '| --- | ---: | ---: | ---: |',
        '| a | 4 | 9 | 5 |',
        '',
        'And 2 other campaigns.',
      ].join('\n'),
    );
  });
});
