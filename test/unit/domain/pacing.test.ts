import { describe, expect, it } from 'vitest';
import { applyWindow, applyZoneData, type WindowAnswer } from '../../../domain/engine/calling-day.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../../domain/api/campaign-request.ts';
import type { PacingFacts, RecordedWindow } from '../../../domain/engine/campaign-state.ts';
import { newCampaign } from '../../../domain/engine/commands.ts';
import { stepOf, workOf } from '../../support/factories/steps.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const HOUR_MS = 3_600_000;

const FACTS: PacingFacts = {
  usualCallMs: 30_000,
  callLifetimeMs: 60_000,
  queueBoundMs: 0,
  cancelsQueued: false,
  graceMs: 60_000,
  dialMarginMs: 10_000,
  keyTtlMs: 600_000,
  callsPerSecond: null,
  searchAttributes: false,
};

/** A campaign with people to call, that has just begun. */
function begun() {
  const state = newCampaign(
    engineSpec(
      campaignTerms(
        CreateCampaign.parse({ name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+14155550100' }] }),
        'truedy',
      ),
    ),
    NOW,
  );
  state.groups[0]!.moreToClaim = true;
  return state;
}

describe('what a campaign waits for', () => {
  it('is not its hours while nobody knows yet which hold', () => {
    expect(waitingAt(begun(), NOW)).toEqual({ for: null, until: null });
  });

  it('is its hours once they are known to open later', () => {
    const state = begun();
    const opensAt = NOW + HOUR_MS;
    const closesAt = opensAt + HOUR_MS;
    const window = { opensAt, closesAt, nextDayOpensAt: null, zoneData: '2026f', holidayData: null };
    applyWindow(
      state,
      { groups: [{ group: 0, window }], day: { date: '2026-03-18', endsAt: closesAt }, facts: FACTS },
      NOW,
    );
    expect(waitingAt(state, NOW)).toEqual({ for: 'window', until: opensAt });
  });

  it('is its hours, nobody knows until when, once none were found', () => {
    const state = begun();
    applyWindow(state, { groups: [{ group: 0, window: null }], day: null, facts: FACTS }, NOW);
    expect(waitingAt(state, NOW)).toEqual({ for: 'window', until: null });
  });
});

/** A window of eight hours that opens so many hours from now. */
function windowIn(hours: number, zoneData = '2026f'): RecordedWindow {
  const opensAt = NOW + hours * HOUR_MS;
  return { opensAt, closesAt: opensAt + 8 * HOUR_MS, nextDayOpensAt: null, zoneData, holidayData: null };
}

/** The answer with this window, on a day that ends with it. */
function answerWith(window: RecordedWindow): WindowAnswer {
  return { groups: [{ group: 0, window }], day: { date: 'a day', endsAt: window.closesAt }, facts: FACTS };
}

function waitingFor(window: RecordedWindow) {
  const state = begun();
  applyWindow(state, answerWith(window), NOW);
  // The database knows.
  state.lastSync = {
    ...state.lastSync,
    status: 'active',
    waitingFor: 'window',
    until: window.opensAt,
    zoneData: window.zoneData,
  };
  return state;
}

describe('a window that was computed long before it opens', () => {
  it.each([
    ['25 hours before', 25, 23],
    ['three days before', 72, 70],
  ])('is asked for again two hours before it opens: %s', (_, hours, again) => {
    const state = waitingFor(windowIn(hours));
    const at = NOW + again * HOUR_MS;
    expect(workOf(state, NOW).wakeAt).toBe(at);
    expect(stepOf(state, at - 1).kind).toBe('work');
    expect(stepOf(state, at)).toMatchObject({ kind: 'ask_window', question: { groups: [{ group: 0, from: at }] } });

    // Answered once more, it is fresh enough to be kept, whatever it says.
    applyWindow(state, answerWith(windowIn(hours + 1, '2026g')), at);
    expect(workOf(state, at)).toMatchObject({
      waiting: { for: 'window', until: NOW + (hours + 1) * HOUR_MS },
      wakeAt: NOW + (hours + 1) * HOUR_MS,
    });
  });

  it.each([0, 1, 23, 24])('is kept when it opens in %d hours', (hours) => {
    const state = waitingFor(windowIn(hours));
    const { opensAt } = state.groups[0]!.window!;
    for (const at of [NOW, opensAt - 2 * HOUR_MS, opensAt - 1, opensAt, opensAt + HOUR_MS].filter((at) => at >= NOW)) {
      expect(stepOf(state, at).kind).toBe('work');
    }
  });

  it('is asked for again even when nobody woke up in time, before anything is placed', () => {
    const state = waitingFor(windowIn(72));
    state.ready = [{ seq: 1, attempt: 1 }];
    const late = NOW + 73 * HOUR_MS;
    expect(stepOf(state, late)).toMatchObject({ kind: 'ask_window', question: { groups: [{ group: 0, from: late }] } });
    state.status = 'paused';
    expect(stepOf(state, late).kind).toBe('work');
  });
});

describe('news of a release of the zone data', () => {
  it('makes a campaign ask for its window again where an older one gave it', () => {
    const state = waitingFor(windowIn(5));
    applyZoneData(state, '2026g');
    expect(state.groups[0]!.window).toBeNull();
    expect(stepOf(state, NOW)).toMatchObject({ kind: 'ask_window', question: { groups: [{ group: 0, from: NOW }] } });
  });

  it.each(['2026f', '2026e', '2025z'])('changes nothing where it is the same or older: %s', (version) => {
    const state = waitingFor(windowIn(5));
    const before = structuredClone(state);
    applyZoneData(state, version);
    expect(state).toEqual(before);
  });

  it('changes nothing where there is no window yet', () => {
    const state = begun();
    const before = structuredClone(state);
    applyZoneData(state, '2099a');
    expect(state).toEqual(before);
  });

  it('is written down once the window has been answered, also by a campaign that is paused', () => {
    const state = waitingFor(windowIn(5));
    expect(workOf(state, NOW).exchange).toBeNull();
    applyWindow(state, answerWith(windowIn(5, '2026g')), NOW);
    expect(workOf(state, NOW).exchange).not.toBeNull();

    state.status = 'paused';
    state.lastSync = { ...state.lastSync, status: 'paused', waitingFor: null, until: null, zoneData: '2026g' };
    expect(workOf(state, NOW).exchange).toBeNull();
    applyZoneData(state, '2026h');
    expect(workOf(state, NOW).exchange).toEqual({ want: 0 });
  });
});

describe('trouble at the provider', () => {
  it('is written down when it begins and when it is over, although the campaign waits for something else', () => {
    const state = waitingFor(windowIn(5));
    state.breaker = { reason: 'blocked:http_402', openUntil: NOW + HOUR_MS, failures: 1, since: NOW, times: 1 };
    expect(workOf(state, NOW).exchange).toEqual({ want: 0 });
    const { reason, since, times } = state.breaker;
    state.lastSync = { ...state.lastSync, trouble: { reason, since, times } };
    expect(workOf(state, NOW).exchange).toBeNull();
    state.breaker = null;
    expect(workOf(state, NOW).exchange).toEqual({ want: 0 });
  });
});
