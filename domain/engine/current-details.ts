import { counted } from './counted.ts';
import { isGroupOpen, shownDay } from './calling-day.ts';
import { groupsWithWork } from './groups.ts';
import type { CampaignState, GivenCommand } from './campaign-state.ts';
import { isOver } from './commands.ts';
import type { Waiting } from './gates.ts';
import { hasWork } from './groups.ts';
import { type Estimate, estimate } from './pace.ts';
import { dayZoneOf } from './schedule-fields.ts';
import { liveBuckets } from './settling.ts';
import { BUCKETS, total } from './tally.ts';
import { inUtc, termsInWords } from './terms-in-words.ts';

/** A campaign in a few lines of Markdown, for an operator who sees only this. */
export function currentDetails(state: CampaignState, waiting: Waiting, now: number): string {
  const buckets = liveBuckets(state);
  const inFlight = Object.keys(state.inFlight).length;
  const day = shownDay(state);
  const lines = [
    `${statusInWords(state)}: ${reason(state, waiting)}`,
    '',
    // A list, because the Web UI sets the columns of a table without any space between them.
    `- Contacts: ${total(buckets)} (${BUCKETS.map((bucket) => `${buckets[bucket]} ${bucket.replace('_', ' ')}`).join(', ')})`,
    `- In flight: ${inFlight} of ${state.spec.max_concurrent_calls}`,
    `- Placed ${day ? `on ${day.date}: ${day.placed}` : 'today: 0'} of ${state.spec.max_calls_per_day ?? 'any number'}${dayZoneInWords(state)}`,
    ...groupsInWords(state, now),
    ...lastCall(state),
    ...finish(estimate(state, buckets, now)),
    ...provider(state),
    ...command(state),
    '',
    'Terms that hold now:',
    '',
    ...termsInWords(state.spec),
  ];
  return lines.join('\n');
}

/** With the reason of an end, unless the status tells it. */
function statusInWords({ status, ending }: CampaignState): string {
  if (ending === null || ending === status) return `**${status}**`;
  return `**${status}** (${isOver(status) ? 'ended' : 'ending'}: ${ending})`;
}

/** Only where the daily cap counts the days of another zone than that of the hours. */
function dayZoneInWords({ spec: { schedule, max_calls_per_day } }: CampaignState): string {
  const zone = dayZoneOf(schedule);
  return max_calls_per_day === null || zone === schedule.timezone ? '' : ` (days of ${zone})`;
}

/** How many openings are listed: the page must stay short. */
const OPENINGS_LISTED = 5;

/** Only where contacts have their own hours. */
function groupsInWords(state: CampaignState, now: number): string[] {
  if (state.groups.length === 1) return [];
  const waiting = groupsWithWork(state);
  const open = waiting.filter((group) => isGroupOpen(state, group, now));
  const next = waiting
    .flatMap(({ window }) => (window && window.opensAt > now ? [window] : []))
    .sort((a, b) => a.opensAt - b.opensAt)
    .slice(0, OPENINGS_LISTED)
    .map(({ opensAt, zones }) => `  - ${inUtc(opensAt)}${zones === undefined ? '' : ` (${zones})`}`);
  const told = `- Groups with their own hours: ${open.length} of ${waiting.length} with contacts left may be called now`;
  return next.length === 0 ? [told] : [`${told}; the next open at`, ...next];
}

function lastCall({ lastPlaced }: CampaignState): string[] {
  if (lastPlaced === null) return [];
  const attempt = lastPlaced.attempt === 1 ? '' : `, attempt ${lastPlaced.attempt}`;
  return [`- Last call placed: ${inUtc(lastPlaced.at)}, contact ${lastPlaced.seq}${attempt}`];
}

function finish(estimated: Estimate | null): string[] {
  if (estimated === null) return [];
  const pace = `at the present ${counted(estimated.perHour, 'contact')} an hour`;
  switch (estimated.kind) {
    case 'finishes':
      return [`- Estimated finish: ${inUtc(estimated.at)}, ${pace}`];
    case 'closes':
      return [
        `- Estimated finish: not before calling ends at ${inUtc(estimated.at)}; about ${counted(estimated.left, 'contact')} left then, ${pace}`,
      ];
    case 'daily_cap':
      return [
        `- Estimated finish: not under the cap of the day; at least ${counted(estimated.left, 'contact')} left then`,
      ];
  }
}

function provider({ breaker, connectionWait }: CampaignState): string[] {
  const shared = connectionWait?.trouble;
  if (shared) {
    const { reason, since, times } = shared;
    return [`- Provider: ${reason} on the whole connection, ${counted(times, 'time')} since ${inUtc(since)}`];
  }
  if (breaker === null) return [];
  const { reason, failures, since } = breaker;
  return [`- Provider: ${reason}, ${counted(failures, 'time')} in a row, trouble since ${inUtc(since)}`];
}

const TAKEN = { pause: 'Paused', resume: 'Resumed', cancel: 'Cancelled' } as const;
const BY = { update: 'a client of Temporal', signal: 'a signal', request: 'a cancellation request' } as const;

function command({ lastCommand: given }: CampaignState): string[] {
  return given === null ? [] : [`- ${TAKEN[given.command]}: ${inUtc(given.at)}, by ${giver(given)}`];
}

/** In a code span, because anybody may have written it. */
function giver({ by, way }: GivenCommand): string {
  const plain = (by ?? '').replaceAll(/[`\p{C}\p{Zl}\p{Zp}]/gu, '').trim();
  return plain === '' ? BY[way] : `\`${plain}\``;
}

function reason(state: CampaignState, waiting: Waiting): string {
  const until = waiting.until === null ? '' : ` until ${inUtc(waiting.until)}`;
  switch (waiting.for) {
    case 'stopped':
      return 'stopped by an administrator; places no calls until the stop is ended';
    case 'start':
      return `waits for its start${until}`;
    case 'window':
      return `outside calling hours${until}`;
    case 'daily_cap':
      return `the daily cap is reached; waits${until}`;
    case 'account':
      return waiting.until === null
        ? "its share of the account's calls in flight is in use; waits for calls to end"
        : `the account's calls of the day are placed; waits${until}`;
    case 'connection':
      return waiting.until === null
        ? "its share of the connection's calls in flight is in use; waits for calls to end"
        : `the connection's calls per second are in use; waits for its turn${until}`;
    case 'slot':
      return state.spec.max_concurrent_calls === 0
        ? 'the limit is 0 calls at a time; places no calls until it is raised'
        : 'all slots are in use; the next call starts when one ends';
    case 'number':
      return `the numbers of the contacts have had their calls; waits${until}`;
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

function waitsForContacts(state: CampaignState): boolean {
  return state.spec.open_ended === true && !hasWork(state) && Object.keys(state.inFlight).length === 0;
}

function idle(state: CampaignState): string {
  if (state.ending && !isOver(state.status)) return 'ending; live calls run to their end';
  switch (state.status) {
    case 'paused':
      return 'places no calls until it is resumed; live calls continue';
    case 'active':
      return waitsForContacts(state) ? 'open-ended; waits for contacts to be added' : 'placing calls';
    case 'scheduled':
    case 'completed':
    case 'failed':
    case 'cancelled':
      return 'nothing is left to do';
  }
}
