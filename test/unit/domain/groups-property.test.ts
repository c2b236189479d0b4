/** A campaign of several groups on a virtual clock: whom it calls, and when, judged by the plain definition of the hours. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyWindow, type WindowQuestion } from '../../../domain/engine/calling-day.ts';
import { applyEnded } from '../../../domain/engine/call-ends.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startDials } from '../../../domain/engine/starting-calls.ts';
import { createRun } from '../../../domain/engine/campaign-run.ts';
import type { CampaignState, ReadyContact } from '../../../domain/engine/campaign-state.ts';
import { newCampaign } from '../../../domain/engine/commands.ts';
import type { GroupWork } from '../../../domain/engine/roster.ts';
import { dayZoneOf, type EngineSchedule } from '../../../domain/engine/schedule-fields.ts';
import { applyExchange, exchangeRequest } from '../../../domain/engine/settling.ts';
import { takeTurn } from '../../../domain/engine/turn.ts';
import { groupWindowAt } from '../../../domain/windows/group-hours.ts';
import { civilDay, isInside } from '../../../domain/windows/windows.ts';
import { CAMPAIGN_ID, campaignSpec, pacingFacts } from '../../support/factories/campaign-state.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const FACTS = pacingFacts();
const MINUTE = 60_000;
const ZONES = ['America/Los_Angeles', 'America/New_York', 'Europe/London', 'Asia/Kolkata', 'Pacific/Auckland', 'UTC'];

interface Drawn {
  /** The zones of each group. */
  readonly groups: readonly (readonly string[])[];
  /** The group of each contact. */
  readonly contacts: readonly number[];
  readonly schedule: EngineSchedule;
  readonly cap: number | null;
  readonly startsAt: number;
}

/** A roster of contacts that are called once. */
class Roster {
  readonly waiting: ReadyContact[];
  readonly called: { readonly group: number; readonly at: number; readonly day: string }[] = [];

  constructor(contacts: readonly number[]) {
    this.waiting = contacts.map((group, index) => ({ seq: index + 1, attempt: 1, ...(group > 0 ? { group } : {}) }));
  }

  claim(open: readonly number[], want: number): ReadyContact[] {
    const claimed = this.waiting.filter(({ group = 0 }) => open.includes(group)).slice(0, want);
    for (const contact of claimed) this.waiting.splice(this.waiting.indexOf(contact), 1);
    return claimed;
  }

  work(): GroupWork[] {
    const groups = new Set(this.waiting.map(({ group = 0 }) => group));
    return [...groups].map((group) => ({ group, more: true, dueAt: null }));
  }
}

function answer(state: CampaignState, { groups, schedule }: Drawn, question: WindowQuestion, now: number): void {
  const answers = question.groups.map(({ group, from }) => ({
    group,
    window: groupWindowAt(schedule, { zones: groups[group]! }, [], from),
  }));
  const earliest = Math.min(question.opensAt ?? Infinity, ...answers.flatMap(({ window }) => window?.opensAt ?? []));
  const day = earliest < Infinity ? civilDay(dayZoneOf(schedule), earliest) : null;
  applyWindow(state, { groups: answers, day, facts: FACTS }, now);
}

const LONGEST_RUN_MS = 10 * 24 * 60 * MINUTE;
const TURN_MS = 20_000;

/** How long the hours of the group are open while the campaign runs. */
function openTime({ schedule, startsAt }: Drawn, zones: readonly string[]): number {
  const end = startsAt + LONGEST_RUN_MS;
  let open = 0;
  for (let window = groupWindowAt(schedule, { zones }, [], startsAt); window && window.opensAt < end;) {
    open += Math.min(window.closesAt, end) - Math.max(window.opensAt, startsAt);
    window = groupWindowAt(schedule, { zones }, [], window.closesAt);
  }
  return open;
}

/** Runs the campaign to its end, or for ten days. Each call ends at once. */
function run(drawn: Drawn): { roster: Roster; status: string } {
  const spec = campaignSpec({ schedule: drawn.schedule, max_concurrent_calls: 2, max_calls_per_day: drawn.cap });
  const state = newCampaign(spec, drawn.startsAt);
  const roster = new Roster(drawn.contacts);
  const campaign = createRun({ campaignId: CAMPAIGN_ID, state, handlersFinished: () => true, hasRecords: true });
  const buckets = { ...state.roster.buckets, pending: drawn.contacts.length };
  const reply = (claimed: readonly ReadyContact[]) =>
    ({ kind: 'exchanged', claimed, retriesEndedUpTo: null, events: [], buckets, groups: roster.work() }) as const;
  applyExchange(
    state,
    exchangeRequest(state, CAMPAIGN_ID, { want: 0 }, campaign.waiting, null, drawn.startsAt),
    reply([]),
    drawn.startsAt,
  );
  let now = drawn.startsAt;
  for (let turns = 0; turns < 5_000 && now < drawn.startsAt + LONGEST_RUN_MS; turns++) {
    const step = takeTurn(campaign, { continueAsNewSuggested: false, events: 0 }, now, () => 0.5);
    if (step.kind === 'ask_window') answer(state, drawn, step.question, now);
    else if (step.kind !== 'work') return { roster, status: step.kind };
    else {
      for (const contact of step.place) {
        const [id] = startDials(state, CAMPAIGN_ID, { place: [contact], repeat: [] }, now);
        roster.called.push({ group: contact.group ?? 0, at: now, day: state.inFlight[id!]!.day });
        applyPlacement(state, id!, { kind: 'accepted', ended: null }, now, 0.5);
        const end = { call_id: id!, event_id: id!, outcome: 'completed', ended_at: now } as const;
        applyEnded(state, end, now);
      }
      if (step.exchange) {
        const request = exchangeRequest(state, CAMPAIGN_ID, step.exchange, step.waiting, null, now);
        for (const { seq, attempt, group } of request.released) {
          roster.waiting.push({ seq, attempt, ...(group === undefined ? {} : { group }) });
        }
        roster.waiting.sort((a, b) => a.seq - b.seq);
        applyExchange(state, request, reply(roster.claim(request.open, request.want)), now);
      } else if (step.place.length === 0) {
        if (step.wakeAt === null) return { roster, status: 'asleep' };
        now = step.wakeAt;
      } else now += TURN_MS;
    }
  }
  return { roster, status: 'unfinished' };
}

const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    groups: fc.array(fc.uniqueArray(fc.constantFrom(...ZONES), { minLength: 1, maxLength: 2 }), {
      minLength: 2,
      maxLength: 5,
    }),
    start: fc.integer({ min: 0, max: 23 }),
    length: fc.integer({ min: 2, max: 20 }),
    days: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 3 }),
    cap: fc.option(fc.integer({ min: 2, max: 30 })),
    // Around both changes of the clock in the northern hemisphere.
    startsAt: fc
      .constantFrom('2026-03-07', '2026-10-31', '2026-06-10')
      .chain((day) => fc.nat(24 * 60).map((minutes) => Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE)),
    draws: fc.array(fc.nat(), { minLength: 1, maxLength: 80 }),
  })
  .map(({ groups, start, length, days, cap, startsAt, draws }) => {
    const hour = (of: number) => `${String(of % 24).padStart(2, '0')}:00`;
    const schedule = scheduleOf({
      timezone: 'contact',
      start_time: hour(start),
      end_time: hour(start + length),
      working_days: days,
    });
    return { groups, contacts: draws.map((draw) => draw % groups.length), schedule, cap, startsAt };
  });

describe('a campaign of several groups', () => {
  it('calls everybody who can be called, each while all of the zones are open, and no more a day than its cap', () => {
    fc.assert(
      fc.property(drawn, (campaign) => {
        const { roster, status } = run(campaign);
        const perDay = new Map<string, number>();
        for (const { group, at, day } of roster.called) {
          for (const timezone of campaign.groups[group]!) {
            expect(
              isInside({ ...campaign.schedule, timezone }, at),
              `${timezone} at ${new Date(at).toISOString()}`,
            ).toBe(true);
          }
          expect(new Date(at).toISOString().slice(0, 10)).toBe(day);
          perDay.set(day, (perDay.get(day) ?? 0) + 1);
        }
        if (campaign.cap !== null) expect(Math.max(0, ...perDay.values())).toBeLessThanOrEqual(campaign.cap);
        if (status === 'finish') expect(roster.called).toHaveLength(campaign.contacts.length);
        if (campaign.cap !== null) return;
        // A turn in which a group with work is open calls somebody, so this much time is enough for everybody.
        const enough = (campaign.contacts.length + 1) * TURN_MS;
        const left = campaign.groups.filter(
          (zones, group) =>
            openTime(campaign, zones) >= enough && roster.waiting.some((contact) => (contact.group ?? 0) === group),
        );
        expect(left).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
