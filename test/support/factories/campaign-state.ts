/**
 * Campaigns for examples: active, at noon of a working day, in the middle of their calling hours, with nobody in flight and
 * nothing that the database does not know. An example states what differs.
 */
import { idOf } from '../../../domain/engine/starting-calls.ts';
import { placedToday, zoneDataOf } from '../../../domain/engine/calling-day.ts';
import type { EngineSpec } from '../../../domain/engine/campaign-spec.ts';
import type {
  CampaignState,
  GroupState,
  InFlightCall,
  PacingFacts,
  RecordedDay,
  RecordedWindow,
} from '../../../domain/engine/campaign-state.ts';
import { troubleOf } from '../../../domain/engine/circuit-breaker.ts';
import { newCampaign } from '../../../domain/engine/commands.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import { newGroup } from '../../../domain/engine/groups.ts';
import { scheduleOf } from './schedules.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export const CAMPAIGN_ID = '00000000-0000-4000-8000-000000000001';
/** The civil day on which the examples play, a Wednesday. */
export const TODAY = '2026-03-18';
/** When an example begins unless it says otherwise. The zone is UTC. */
export const NOON = at('12:00');

/** An instant of the day on which the examples play. */
export function at(time: string, day = TODAY): number {
  return Date.parse(`${day}T${time}Z`);
}

/** Terms of a campaign: Monday to Friday from 9 to 17, ten calls at a time, one retry after half an hour. */
export function campaignSpec(stated: Partial<EngineSpec> = {}): EngineSpec {
  return {
    name: 'Reminders',
    agent_id: 'agent-1',
    connection: 'truedy',
    schedule: scheduleOf({ start_time: '09:00', end_time: '17:00' }),
    scheduled_at: null,
    ends_at: null,
    max_concurrent_calls: 10,
    max_calls_per_day: null,
    retry: { budget: 1, delayMinutes: [30], on: ['no_answer', 'busy'] },
    ...stated,
  };
}

/** The calling window of the day, from 9 to 17. */
export function recordedWindow(stated: Partial<RecordedWindow> = {}): RecordedWindow {
  return {
    opensAt: at('09:00'),
    closesAt: at('17:00'),
    nextDayOpensAt: at('09:00', '2026-03-19'),
    zoneData: '2026f',
    holidayData: null,
    ...stated,
  };
}

/** The day on which the examples play. */
export function recordedDay(stated: Partial<RecordedDay> = {}): RecordedDay {
  return { date: TODAY, endsAt: at('24:00'), ...stated };
}

/**
 * A provider without a queue, whose requests need ten seconds at most, whose calls usually last three minutes and half an hour
 * at most, and that keeps keys for ten minutes.
 */
export function pacingFacts(stated: Partial<PacingFacts> = {}): PacingFacts {
  return {
    dialMarginMs: 10 * SECOND,
    usualCallMs: 3 * MINUTE,
    callLifetimeMs: 30 * MINUTE,
    graceMs: MINUTE,
    queueBoundMs: 0,
    cancelsQueued: false,
    keyTtlMs: 10 * MINUTE,
    callsPerSecond: null,
    searchAttributes: false,
    ...stated,
  };
}

/** The id of a call of the example's campaign. */
export function callIdOf(seq: number, attempt = 1): string {
  return idOf(CAMPAIGN_ID, { seq, attempt });
}

/** A call to the first contact that was sent at noon and is live; in another phase, as it would be then. */
export function callInFlight(stated: Partial<InFlightCall> = {}): InFlightCall {
  const { phase = 'live', sentAt = NOON } = stated;
  const { usualCallMs, callLifetimeMs, graceMs } = pacingFacts();
  const checkAt = { placing: null, live: sentAt + usualCallMs, unknown: sentAt }[phase];
  return {
    seq: 1,
    attempt: 1,
    phase,
    placement: 1,
    unconfirmed: false,
    day: TODAY,
    notAfter: at('17:00') - pacingFacts().dialMarginMs,
    sentAt,
    checkAt,
    deadlineAt: sentAt + callLifetimeMs + graceMs,
    checks: 0,
    mayRepeat: false,
    synced: phase !== 'placing',
    ...stated,
  };
}

export type StatedCampaign = Partial<Omit<CampaignState, 'spec' | 'inFlight' | 'roster'>> & {
  readonly spec?: Partial<EngineSpec>;
  readonly calls?: readonly InFlightCall[];
  readonly roster?: Partial<CampaignState['roster']>;
  /** The only group, in its hours and with nobody in the roster where nothing else is stated. */
  readonly group?: Partial<GroupState>;
};

export function campaignState({ spec, calls = [], roster, group, ...stated }: StatedCampaign = {}): CampaignState {
  const created = newCampaign(campaignSpec(spec), NOON);
  const state: CampaignState = {
    ...created,
    facts: pacingFacts(),
    groups: [{ ...newGroup(0), window: recordedWindow(), windowAnsweredAt: at('09:00'), ...group }],
    day: recordedDay(),
    placements: calls.length,
    placedByDay: { [TODAY]: calls.length },
    inFlight: Object.fromEntries(calls.map((call) => [idOf(CAMPAIGN_ID, call), call])),
    ...stated,
    roster: { ...created.roster, ...roster },
  };
  if (!stated.lastSync) state.lastSync = syncOf(state);
  return state;
}

/** What the database knows after an exchange at noon. */
function syncOf(state: CampaignState): CampaignState['lastSync'] {
  const { status, ending } = state;
  const { for: waitingFor, until } = waitingAt(state, NOON);
  return {
    status,
    ending,
    waitingFor,
    until,
    placed: placedToday(state),
    zoneData: zoneDataOf(state),
    trouble: troubleOf(state),
  };
}
