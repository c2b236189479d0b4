/** What the page of a campaign in the Web UI shows, by examples. */
import { describe, expect, test } from 'vitest';
import { applyEnded } from '../../../domain/engine/call-ends.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startPlacing } from '../../../domain/engine/starting-calls.ts';
import { createRun, type InboxMessage, processInbox } from '../../../domain/engine/campaign-run.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { currentDetails } from '../../../domain/engine/current-details.ts';
import { applyEdit } from '../../../domain/engine/editing.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import {
  callIdOf,
  callInFlight,
  CAMPAIGN_ID,
  campaignState,
  HOUR,
  MINUTE,
  NOON,
  recordedWindow,
} from '../../support/factories/campaign-state.ts';

const linesOf = (state: CampaignState): string[] => currentDetails(state, waitingAt(state, NOON), NOON).split('\n');

/** The state after messages at noon. */
function after(messages: readonly InboxMessage[], { cancelRequested = false } = {}): CampaignState {
  const run = createRun({
    campaignId: CAMPAIGN_ID,
    state: campaignState(),
    handlersFinished: () => true,
    hasRecords: true,
    cancelRequested,
  });
  run.inbox.push(...messages);
  processInbox(run, NOON, () => 0.5);
  return run.state;
}

function given(stated: Partial<Extract<InboxMessage, { kind: 'command' }>> = {}): InboxMessage {
  return { kind: 'command', command: 'pause', id: null, by: null, way: 'signal', done: () => {}, ...stated };
}

describe('the page of a campaign', () => {
  test('shows the terms that hold now', () => {
    const state = campaignState();
    const before = linesOf(state).slice(linesOf(state).indexOf('Terms that hold now:'));
    expect(before).toEqual([
      'Terms that hold now:',
      '',
      '- Hours: Mon-Fri 09:00-17:00 (UTC)',
      '- At most 10 calls at a time, any number a day',
      '- Retries: 1 for each contact',
    ]);
    const schedule = {
      timezone: 'Europe/Berlin',
      start_time: null,
      end_time: null,
      working_days: [1, 2, 3, 4, 5, 6, 7],
      blackout_dates: ['2026-12-25'],
    };
    const change = { schedule, max_calls_per_day: 80, ends_at: NOON + 24 * HOUR, retry: { budget: 0 } };
    applyEdit(state, { change, terms: {} }, null, NOON);
    expect(linesOf(state).slice(-4)).toEqual([
      '- Hours: every day the whole day (Europe/Berlin), except 1 date',
      '- Ends at: 2026-03-19 12:00:00 UTC',
      '- At most 10 calls at a time, 80 a day',
      '- Retries: 0 for each contact',
    ]);
  });

  test.each<[string, InboxMessage[], string]>([
    ['by a signal', [given()], '- Paused: 2026-03-18 12:00:00 UTC, by a signal'],
    ['by a program', [given({ way: 'update' })], '- Paused: 2026-03-18 12:00:00 UTC, by a client of Temporal'],
    ['by an API key', [given({ by: 'API key ops' })], '- Paused: 2026-03-18 12:00:00 UTC, by `API key ops`'],
    [
      'and resumed, by the last one',
      [given({ by: 'API key ops' }), given({ command: 'resume', by: 'API key night' })],
      '- Resumed: 2026-03-18 12:00:00 UTC, by `API key night`',
    ],
    [
      'by the first of two, because the second is refused',
      [given({ by: 'first' }), given({ by: 'second' })],
      '- Paused: 2026-03-18 12:00:00 UTC, by `first`',
    ],
    [
      'by the first way of two with one id',
      [given({ by: 'key', way: 'update', id: '1' }), given({ way: 'signal', id: '1' })],
      '- Paused: 2026-03-18 12:00:00 UTC, by `key`',
    ],
    [
      'by somebody whose name is no Markdown',
      [given({ by: 'a`b`\n# c' })],
      '- Paused: 2026-03-18 12:00:00 UTC, by `ab# c`',
    ],
    ['by somebody without a name', [given({ by: '``' })], '- Paused: 2026-03-18 12:00:00 UTC, by a signal'],
  ])('shows when it was paused %s', (_, messages, line) => {
    const lines = linesOf(after(messages));
    expect(lines).toContain(line);
    expect(lines.filter((each) => /Paused:|Resumed:/.test(each))).toHaveLength(1);
  });

  test('shows when it was cancelled by a request from the Web UI', () => {
    expect(linesOf(after([], { cancelRequested: true }))).toContain(
      '- Cancelled: 2026-03-18 12:00:00 UTC, by a cancellation request',
    );
  });

  test('shows the last call that the provider accepted', () => {
    const state = campaignState();
    expect(linesOf(state).join()).not.toContain('Last call');
    for (const seq of [7, 8]) startPlacing(state, callIdOf(seq, 2), { seq, attempt: 2 }, NOON);
    applyPlacement(state, callIdOf(7, 2), { kind: 'accepted', ended: null }, NOON, 0.5);
    applyPlacement(state, callIdOf(8, 2), { kind: 'blocked', reason: 'agent_not_found' }, NOON, 0.5);
    expect(linesOf(state)).toContain('- Last call placed: 2026-03-18 12:00:00 UTC, contact 7, attempt 2');
    const late = NOON + MINUTE;
    startPlacing(state, callIdOf(9), { seq: 9, attempt: 1 }, late);
    const ended = { event_id: 'e', outcome: 'busy', ended_at: late } as const;
    applyEnded(state, { ...ended, call_id: callIdOf(9) }, late);
    applyEnded(state, { ...ended, call_id: callIdOf(7, 2) }, late);
    // Its end came before the reply, and that of an earlier call after it.
    expect(linesOf(state)).toContain('- Last call placed: 2026-03-18 12:01:00 UTC, contact 9');
  });

  test.each<[string, Partial<CampaignState['roster']['buckets']>, string]>([
    ['', {}, '- Estimated finish: 2026-03-18 14:00:00 UTC, at the present 60 contacts an hour'],
    [
      ', and what the calling hours leave',
      { pending: 400 },
      '- Estimated finish: not before calling ends at 2026-03-18 16:59:50 UTC; about 100 contacts left then, at the present 60 contacts an hour',
    ],
  ])('shows the estimated finish%s', (_, changed, line) => {
    const buckets = { pending: 120, in_progress: 0, retrying: 0, completed: 60, failed: 0, skipped: 0, ...changed };
    const state = campaignState({
      pace: { since: NOON - HOUR, done: 0 },
      roster: { buckets },
      group: { moreToClaim: true },
    });
    expect(linesOf(state)).toContain(line);
  });

  test('shows the calls of the day also after the hours of a paused campaign were edited', () => {
    const state = campaignState({ status: 'paused', calls: [callInFlight()], spec: { max_calls_per_day: 80 } });
    expect(linesOf(state)).toContain('- Placed on 2026-03-18: 1 of 80');
    const schedule = { timezone: 'Asia/Tokyo' };
    const days = [
      { date: '2026-03-17', startsAt: NOON - 45 * HOUR, endsAt: NOON - 21 * HOUR, placed: 4 },
      { date: '2026-03-18', startsAt: NOON - 21 * HOUR, endsAt: NOON + 3 * HOUR, placed: 3 },
    ];
    applyEdit(state, { change: { schedule }, terms: {} }, { days, counted: [callIdOf(1)] }, NOON);
    expect(state.day).toBeNull();
    expect(linesOf(state)).toContain('- Placed on 2026-03-18: 3 of 80');
    expect(linesOf(campaignState({ day: null, placedByDay: {} }))).toContain('- Placed today: 0 of any number');
  });

  test('says that nothing is placed under a limit of 0, whatever ends', () => {
    const state = campaignState({ spec: { max_concurrent_calls: 0 }, group: { moreToClaim: true } });
    expect(linesOf(state)[0]).toBe('**active**: the limit is 0 calls at a time; places no calls until it is raised');
  });

  test.each<[Partial<CampaignState>, string]>([
    [{ status: 'active', ending: 'cancelled' }, '**active** (ending: cancelled): ending; live calls run to their end'],
    [{ status: 'cancelled', ending: 'cancelled' }, '**cancelled**: nothing is left to do'],
    [{ status: 'active', ending: 'expired' }, '**active** (ending: expired): ending; live calls run to their end'],
    [{ status: 'completed', ending: 'expired' }, '**completed** (ended: expired): nothing is left to do'],
    [{ status: 'completed' }, '**completed**: nothing is left to do'],
  ])('says whether a campaign is ending or over: %o', (stated, line) => {
    expect(linesOf(campaignState(stated))[0]).toBe(line);
  });

  test('shows trouble at the provider, and since when', () => {
    const breaker = { reason: 'blocked:http_402', openUntil: NOON + HOUR, failures: 2, since: NOON - HOUR, times: 2 };
    expect(linesOf(campaignState({ breaker }))).toContain(
      '- Provider: blocked:http_402, 2 times in a row, trouble since 2026-03-18 11:00:00 UTC',
    );
    const trouble = { reason: 'throttled', since: NOON - HOUR, times: 3 };
    expect(linesOf(campaignState({ connectionWait: { until: NOON + HOUR, dialled: 0, trouble } }))).toContain(
      '- Provider: throttled on the whole connection, 3 times since 2026-03-18 11:00:00 UTC',
    );
  });

  test('shows how many groups may be called now, and when the next ones open', () => {
    const [open] = campaignState({ group: { moreToClaim: true } }).groups;
    const window = recordedWindow({ opensAt: NOON + HOUR, zones: 'America/Los_Angeles' });
    const groups = [open!, { ...open!, no: 1, window }, { ...open!, no: 2, moreToClaim: false }];
    const lines = linesOf(campaignState({ groups }));
    expect(lines).toContain(
      '- Groups with their own hours: 1 of 2 with contacts left may be called now; the next open at',
    );
    expect(lines).toContain('  - 2026-03-18 13:00:00 UTC (America/Los_Angeles)');
  });
});
