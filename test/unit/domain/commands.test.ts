/** What operators may tell a campaign in each status, and what time alone does to it, by examples. */
import { describe, expect, test } from 'vitest';
import {
  advance,
  applyCommand,
  type Command,
  isRepeat,
  newCampaign,
  refusal,
} from '../../../domain/engine/commands.ts';
import type { CampaignState, CampaignStatus, Ending } from '../../../domain/engine/campaign-state.ts';
import { at, campaignSpec, campaignState, NOON, type StatedCampaign } from '../../support/factories/campaign-state.ts';

const BEGUN = NOON;
const TO_BEGIN = at('15:00');

/** Gives the command as the campaign does: what is refused changes nothing. */
function give(state: CampaignState, command: Command): string | null {
  const refused = refusal(state, command);
  if (refused === null) applyCommand(state, command, NOON);
  return refused;
}

interface After {
  readonly status: CampaignStatus;
  readonly ending: Ending | null;
}

describe('a command that is taken', () => {
  test.each<[string, StatedCampaign, Command, After]>([
    [
      'pause: an active campaign places nothing more',
      { status: 'active' },
      'pause',
      { status: 'paused', ending: null },
    ],
    [
      'pause: a scheduled campaign will not begin by itself',
      { status: 'scheduled', beginsAt: TO_BEGIN },
      'pause',
      { status: 'paused', ending: null },
    ],
    [
      'resume: a paused campaign goes on',
      { status: 'paused', beginsAt: BEGUN },
      'resume',
      { status: 'active', ending: null },
    ],
    [
      'resume: one that was paused before its begin is scheduled again',
      { status: 'paused', beginsAt: TO_BEGIN },
      'resume',
      { status: 'scheduled', ending: null },
    ],
    [
      'cancel: an active campaign ends once its live calls have',
      { status: 'active' },
      'cancel',
      { status: 'active', ending: 'cancelled' },
    ],
    [
      'cancel: a scheduled campaign ends before it has begun',
      { status: 'scheduled', beginsAt: TO_BEGIN },
      'cancel',
      { status: 'scheduled', ending: 'cancelled' },
    ],
    [
      'cancel: a paused campaign ends likewise',
      { status: 'paused' },
      'cancel',
      { status: 'paused', ending: 'cancelled' },
    ],
  ])('%s', (_, stated, command, after) => {
    const state = campaignState(stated);
    expect(give(state, command)).toBeNull();
    expect(state).toMatchObject(after);
  });

  test('resume: a provider that was in trouble is tried at once, with one call', () => {
    const breaker = { reason: 'throttled', openUntil: at('13:00'), failures: 3 };
    const state = campaignState({ status: 'paused', breaker, slowStart: 1 });
    expect(give(state, 'resume')).toBeNull();
    expect(state).toMatchObject({ breaker: { openUntil: NOON }, slowStart: 1 });
  });
});

describe('a command that is refused', () => {
  const OVER = (status: string) => `The campaign is ${status}; it accepts no more commands.`;
  const ENDING = 'The campaign is ending; its live calls are being followed to their end.';

  test.each<[string, StatedCampaign, Command, string]>([
    ['pause: it is paused', { status: 'paused' }, 'pause', 'The campaign is already paused; resume it first.'],
    [
      'resume: it is active',
      { status: 'active' },
      'resume',
      'The campaign is active; only a paused one can be resumed.',
    ],
    [
      'resume: it has not begun',
      { status: 'scheduled', beginsAt: TO_BEGIN },
      'resume',
      'The campaign is scheduled; only a paused one can be resumed.',
    ],
    ['pause: it is being cancelled', { ending: 'cancelled' }, 'pause', ENDING],
    ['resume: it is being cancelled', { status: 'paused', ending: 'cancelled' }, 'resume', ENDING],
    ['cancel: it is being cancelled', { ending: 'cancelled' }, 'cancel', ENDING],
    ['cancel: it has expired', { ending: 'expired' }, 'cancel', ENDING],
    ['pause: it is completed', { status: 'completed' }, 'pause', OVER('completed')],
    ['resume: it is completed', { status: 'completed' }, 'resume', OVER('completed')],
    ['cancel: it is completed', { status: 'completed' }, 'cancel', OVER('completed')],
    ['cancel: it is cancelled', { status: 'cancelled', ending: 'cancelled' }, 'cancel', OVER('cancelled')],
    ['cancel: it has failed', { status: 'failed' }, 'cancel', OVER('failed')],
  ])('%s', (_, stated, command, message) => {
    const state = campaignState(stated);
    const before = structuredClone(state);
    expect(give(state, command)).toBe(message);
    expect(state).toEqual(before);
  });
});

describe('a command that comes twice', () => {
  test.each<[string, (string | null)[], boolean]>([
    ['under one id, as an update and as a signal, is taken once', ['a', 'a'], true],
    ['under one id is taken once also after other commands', ['a', 'b', 'c', 'a'], true],
    ['under two ids is two commands', ['a', 'b'], false],
    ['without an id, by hand, is two commands', [null, null], false],
    ['is forgotten after fifty others', ['a', ...others(50), 'a'], false],
    ['is remembered after forty-nine others', ['a', ...others(49), 'a'], true],
  ])('%s', (_, ids, repeated) => {
    const state = campaignState();
    expect(ids.map((id) => isRepeat(state, id)).at(-1)).toBe(repeated);
  });
});

function others(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `another ${index}`);
}

describe('time alone', () => {
  const ENDS = { ends_at: at('16:00') };

  test.each<[string, StatedCampaign, number, Partial<After>]>([
    ['begins a scheduled campaign', { status: 'scheduled', beginsAt: TO_BEGIN }, TO_BEGIN, { status: 'active' }],
    ['not a moment sooner', { status: 'scheduled', beginsAt: TO_BEGIN }, TO_BEGIN - 1, { status: 'scheduled' }],
    ['does not resume a paused one', { status: 'paused', beginsAt: TO_BEGIN }, TO_BEGIN, { status: 'paused' }],
    ['expires a campaign at ends_at', { spec: ENDS }, at('16:00'), { ending: 'expired' }],
    ['not a moment sooner than that', { spec: ENDS }, at('16:00') - 1, { ending: null }],
    ['expires a paused campaign too', { status: 'paused', spec: ENDS }, at('16:00'), { ending: 'expired' }],
    ['leaves a cancelled one cancelled', { spec: ENDS, ending: 'cancelled' }, at('16:00'), { ending: 'cancelled' }],
    ['leaves one alone that is over', { status: 'completed', spec: ENDS }, at('16:00'), { ending: null }],
  ])('%s', (_, stated, now, after) => {
    const state = campaignState(stated);
    advance(state, now);
    expect(state).toMatchObject(after);
  });
});

describe('a new campaign', () => {
  test.each<[string, number | null, CampaignStatus, number]>([
    ['is active where it starts at once', null, 'active', NOON],
    ['is scheduled until its start', TO_BEGIN, 'scheduled', TO_BEGIN],
    ['is active where its start has passed', at('10:00'), 'active', at('10:00')],
  ])('%s', (_, scheduled_at, status, beginsAt) => {
    expect(newCampaign(campaignSpec({ scheduled_at }), NOON)).toMatchObject({ status, beginsAt, ending: null });
  });
});
