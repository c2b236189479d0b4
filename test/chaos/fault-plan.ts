import type { z } from 'zod';
import { type CarrierName, type FaultPlan, LACKS } from '../../simulator/faults.ts';
import { type Chance, chanceOf } from './chance.ts';

type Plan = z.input<typeof FaultPlan>;
type Rule = NonNullable<Plan['rules']>[number];

/** How often each is drawn at most. An unknown outcome makes a campaign hold: more of them and it would do little else. */
const SELDOM = 0.03;
const SOMETIMES = 0.1;
const OFTEN = 0.25;
/** In so many runs the provider answers every request: what goes wrong then is nobody's fault but ours. */
const FLAWLESS = 0.25;
const YEAR_S = 31_536_000;
const LIFETIME_MS = 75 * YEAR_S * 1000;

/** No list is documented as complete at once. */
const LONGEST_LIST_LAG_MS = 20_000;

/** How the provider is made, which is the same for a whole run. */
export function posesOf(carrier: CarrierName, seed: string): NonNullable<Plan['poses']> {
  const chance = chanceOf(seed, 'poses');
  const eventIds = chance.whether(0.8, 'event ids');
  const lags = chance.whether(0.5, 'lists lag');
  const listLagMs = lags ? Math.round(chance.size(100, LONGEST_LIST_LAG_MS, 'list lag')) : 0;
  switch (carrier) {
    case 'truedy':
      return {
        // The end of a call is told under the provider's id alone: the reply and the event must find each other.
        echoes: chance.whether(0.6, 'echoes'),
        event_ids: eventIds,
        spelling: chance.oneOf(['ended', 'completed'] as const, 'spelling'),
      };
    case 'twilio':
      return {
        event_ids: eventIds,
        list_lag_ms: listLagMs,
        signed_url: chance.oneOf(['as_called', 'without_port', 'with_overrides'] as const, 'signed url'),
      };
    case 'retell':
      return { list_lag_ms: listLagMs };
  }
}

/** What the provider does wrong in one storm: of everything a little or nothing at all, as the seed will have it. */
export function faultPlan(carrier: CarrierName, seed: string, storm: number, durationMs: number): Plan {
  const chance = chanceOf(seed, 'provider', storm);
  const flawless = chanceOf(seed, 'provider').whether(FLAWLESS, 'flawless');
  const rules = [...(flawless ? [] : requestRules(chance)), ...callRules(carrier, chance)];
  return {
    rules: rules.filter(({ fault }) => !LACKS[carrier].some((kind) => kind === fault.kind)),
    outages: flawless ? [] : outages(chance, durationMs),
    poses: posesOf(carrier, seed),
  };
}

function requestRules(chance: Chance): Rule[] {
  const some = (most: number, name: string) => most * chance.unit(name) ** 2;
  return [
    {
      probability: some(SELDOM, 'throttle'),
      fault: { kind: 'throttle', retry_after: Math.round(chance.size(1, 20, 'retry after')) },
    },
    {
      probability: some(SELDOM / 5, 'long throttle'),
      times: 1,
      fault: { kind: 'throttle', retry_after: Math.round(chance.size(1, YEAR_S, 'long retry after')) },
    },
    { probability: some(SELDOM, 'bare throttle'), fault: { kind: 'throttle' } },
    { probability: some(SELDOM, '503'), fault: { kind: 'server_error', status: 503, when: 'before' } },
    { probability: some(SELDOM, '502'), fault: { kind: 'server_error', status: 502, when: 'after' } },
    { probability: some(SELDOM, 'drop before'), fault: { kind: 'drop_reply', when: 'before' } },
    { probability: some(SOMETIMES, 'drop after'), fault: { kind: 'drop_reply', when: 'after' } },
    {
      probability: some(SOMETIMES, 'delay after'),
      fault: { kind: 'delay_reply', ms: Math.round(chance.size(50, 5_000, 'delay after')), when: 'after' },
    },
    {
      probability: some(SOMETIMES, 'delay before'),
      fault: { kind: 'delay_reply', ms: Math.round(chance.size(50, 1_500, 'delay before')), when: 'before' },
    },
    { probability: some(SELDOM, 'garbled'), fault: { kind: 'garbled_reply' } },
    { probability: some(SELDOM, 'refuse'), fault: { kind: 'refuse' } },
    { match: { on: 'get' }, probability: some(OFTEN, 'get'), fault: { kind: 'server_error' } },
    { match: { on: 'list' }, probability: some(OFTEN, 'list'), fault: { kind: 'drop_reply', when: 'before' } },
  ];
}

function callRules(carrier: CarrierName, chance: Chance): Rule[] {
  const some = (most: number, name: string) => most * chance.unit(name) ** 2;
  const shifted = (name: string): Rule => ({
    probability: some(SOMETIMES, name),
    fault: {
      kind: 'event_time',
      shift_ms: Math.round(chance.size(1_000, LIFETIME_MS, name) * (chance.whether(0.5, name, 'back') ? -1 : 1)),
      form: chance.oneOf(['iso', 'seconds', 'fraction'] as const, name, 'form'),
    },
  });
  return [
    { probability: some(SELDOM, 'lost'), fault: { kind: 'lost_call' } },
    { probability: some(SELDOM, 'stuck'), fault: { kind: 'stuck' } },
    { probability: some(OFTEN, 'duplicate'), fault: { kind: 'event_duplicate', copies: 2 } },
    { probability: some(OFTEN, 'reorder'), fault: { kind: 'event_reorder' } },
    {
      probability: some(SOMETIMES, 'late'),
      fault: { kind: 'event_delay', events: ['call.ended'], ms: Math.round(chance.size(100, 30_000, 'late by')) },
    },
    { probability: some(SELDOM, 'dropped'), fault: { kind: 'event_drop', events: ['call.ended'] } },
    { probability: some(SOMETIMES, 'started'), fault: { kind: 'event_before_reply', events: ['call.started'] } },
    { probability: some(SOMETIMES, 'ended'), fault: { kind: 'event_before_reply', events: ['call.ended'] } },
    { probability: some(SOMETIMES, 'forged'), fault: { kind: 'event_wrong_signature', deliveries: 2 } },
    { probability: some(SELDOM, 'old'), fault: { kind: 'event_too_old' } },
    { probability: some(SELDOM, 'altered'), fault: { kind: 'event_altered' } },
    {
      probability: some(SOMETIMES, 'second end'),
      // Twilio sends `completed` after other ends as well.
      fault: { kind: 'second_end', outcome: carrier === 'twilio' ? 'completed' : 'failed', ms: 300 },
    },
    { probability: some(OFTEN, 'no echo'), fault: { kind: 'event_no_echo' } },
    shifted('shifted'),
    shifted('shifted again'),
    {
      probability: some(SOMETIMES, 'odd id'),
      fault: { kind: 'event_id', length: Math.round(chance.size(16, 5_000, 'id length')) },
    },
    {
      probability: some(SOMETIMES, 'stray'),
      fault: {
        kind: 'stray_end',
        outcome: chance.oneOf(['completed', 'no_answer', 'busy', 'declined', 'failed'] as const, 'stray outcome'),
        ms: Math.round(chance.size(10, 2_000, 'stray after')),
        of: chance.oneOf(['nobody', 'another'] as const, 'stray of'),
      },
    },
  ];
}

function outages(chance: Chance, durationMs: number): NonNullable<Plan['outages']> {
  return (['503', 'destroy', 'account'] as const)
    .filter((name) => chance.whether(name === 'account' ? 0.2 : 0.6, 'outage', name))
    .map((name) => {
      const from = Math.round(chance.between(0.1, 0.8, 'outage', name, 'from') * durationMs);
      const lasts = Math.round(chance.size(500, Math.max(600, durationMs / 8), 'outage', name, 'lasts'));
      const how = name === 'account' ? chance.oneOf(['401', '402', '403'] as const, 'which') : name;
      return { from_ms: from, to_ms: from + lasts, how };
    });
}
