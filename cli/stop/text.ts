/** The answers of `stop` and `start` in words, for people. */
import type { StopScope } from '../../db/stops.ts';
import { counted } from '../../domain/engine/counted.ts';
import { table } from '../output.ts';
import type { Started } from './end-stop.ts';
import type { HungUp } from './hang-up.ts';
import { optionFor } from './selector.ts';
import type { Stopped } from './stop-calls.ts';

/** The scope in words, after "stopped". */
function scopeInWords(scope: StopScope): string {
  if (scope === 'all') return 'all campaigns';
  const [kind, ...name] = scope.split(':');
  return `the campaigns of ${kind} ${name.join(':')}`;
}

export function stoppedText({ hang_up: hungUp, ...stopped }: Stopped & { readonly hang_up?: HungUp }): string[] {
  const { scope, since, already, acknowledged, campaigns } = stopped;
  const live = campaigns.flatMap((campaign) => campaign.live);
  const unknown = campaigns.flatMap((campaign) => campaign.unknown);
  const rows = campaigns.map(({ id, status, live: calls, unknown: doubtful, account, connection, name }) => [
    id,
    status,
    `${calls.length}`,
    `${doubtful.length}`,
    account,
    connection,
    name,
  ]);
  return [
    `Stopped ${already ? 'already ' : ''}since ${since}: ${scopeInWords(scope)}.`,
    acknowledged
      ? `No further call is dialled until "ringfence start ${optionFor(scope)}".`
      : 'A dial that began before the stop has not ended, and may still be sent. Repeat the command.',
    ...(campaigns.length === 0 ? ['It covers no campaign now.'] : []),
    ...(rows.length === 0
      ? []
      : ['', ...table(['Id', 'Status', 'Live', 'May be live', 'Account', 'Connection', 'Name'], rows)]),
    ...(live.length === 0 ? [] : ['', `Live until they end: ${live.join(', ')}`]),
    ...(unknown.length === 0 ? [] : [`May be live: ${unknown.join(', ')}`]),
    ...(hungUp === undefined ? [] : ['', ...hungUpText(hungUp)]),
    ...notTold(stopped.not_told, 'They hold at their next dial.'),
  ];
}

function hungUpText({ ended, not_ended }: HungUp): string[] {
  return [
    `${counted(ended.length, 'call')} ended by the carrier${ended.length === 0 ? '.' : `: ${ended.join(', ')}`}`,
    ...not_ended.map(({ call_id, reason }) => `Not ended: ${call_id}: ${reason}`),
  ];
}

export function startedText({ scope, since, resumed, left, still_stopped, not_told }: Started): string[] {
  return [
    `The stop of ${scopeInWords(scope)} since ${since} has ended. ${counted(resumed.length, 'campaign')} ${resumed.length === 1 ? 'goes' : 'go'} on.`,
    ...resumed.map(({ id, name }) => `Goes on: ${id} ${name}`),
    ...left.map(({ id, name, status }) => `Stays ${status}: ${id} ${name}`),
    ...(still_stopped.length === 0 ? [] : [`Still stopped by another stop: ${still_stopped.join(', ')}`]),
    ...notTold(not_told, 'They look by themselves within a quarter of an hour.'),
  ];
}

function notTold(ids: readonly string[], then: string): string[] {
  return ids.length === 0 ? [] : ['', `Temporal could not be told about: ${ids.join(', ')}. ${then}`];
}
