import { counted } from './counted.ts';
import { placedToday } from './calling-day.ts';
import type { CampaignState } from './campaign-state.ts';
import type { Waiting } from './gates.ts';
import { hoursInWords } from './hours-text.ts';
import { dayZoneOf } from './schedule-fields.ts';
import { liveBuckets } from './settling.ts';
import { BUCKETS, total } from './tally.ts';

/** A campaign in a few lines of Markdown, for an operator who sees only this. */
export function currentDetails(state: CampaignState, waiting: Waiting): string {
  const buckets = liveBuckets(state);
  const inFlight = Object.keys(state.inFlight).length;
  const lines = [
    `**${state.status}**${state.ending ? ` (ending: ${state.ending})` : ''}: ${reason(state, waiting)}`,
    '',
    // A list, because the Web UI sets the columns of a table without any space between them.
    `- Contacts: ${total(buckets)} (${BUCKETS.map((bucket) => `${buckets[bucket]} ${bucket.replace('_', ' ')}`).join(', ')})`,
    `- In flight: ${inFlight} of ${state.spec.max_concurrent_calls}`,
    `- Placed ${state.day ? `on ${state.day.date}` : 'today'}: ${placedToday(state)} of ${state.spec.max_calls_per_day ?? 'any number'}${dayZoneInWords(state)}`,
    `- Hours: ${hoursInWords(state.spec.schedule)}`,
  ];
  if (state.breaker)
    lines.push(`- Provider: ${state.breaker.reason}, ${counted(state.breaker.failures, 'time')} in a row`);
  return lines.join('\n');
}

/** Only where the daily cap counts the days of another zone than that of the hours. */
function dayZoneInWords({ spec: { schedule, max_calls_per_day } }: CampaignState): string {
  const zone = dayZoneOf(schedule);
  return max_calls_per_day === null || zone === schedule.timezone ? '' : ` (days of ${zone})`;
}

function reason(state: CampaignState, waiting: Waiting): string {
  const until = waiting.until === null ? '' : ` until ${readable(waiting.until, state.spec.schedule.timezone)}`;
  switch (waiting.for) {
    case 'start':
      return `waits for its start${until}`;
    case 'window':
      return `outside calling hours${until}`;
    case 'daily_cap':
      return `the daily cap is reached; waits${until}`;
    case 'connection':
      return `the connection's calls per second are in use; waits for its turn${until}`;
    case 'slot':
      return 'all slots are in use; the next call starts when one ends';
    case 'retry':
      return `waits for the next retry${until}`;
    case 'provider':
      return `the provider has trouble; waits${until}`;
    case 'system':
      return `Ringfence's database or machines are slow; waits${until}`;
    case null:
      return idle(state);
  }
}

function idle(state: CampaignState): string {
  if (state.ending) return 'ending; live calls run to their end';
  switch (state.status) {
    case 'paused':
      return 'places no calls until it is resumed; live calls continue';
    case 'active':
      return 'placing calls';
    case 'scheduled':
    case 'completed':
    case 'failed':
    case 'cancelled':
      return 'nothing is left to do';
  }
}

/** An instant as UTC, to the second, because the output must not depend on the zone data of the worker. */
function readable(instant: number, timezone: string): string {
  return `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')} UTC (hours are in ${timezone})`;
}
