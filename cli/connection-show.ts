/** `connections show`: what happens on a connection now, from the gateway. */
import type { Command } from 'commander';
import type { ConnectionDetails } from '../domain/api/connection-response.ts';
import { counted } from '../domain/engine/counted.ts';
import { type ApiFlags, gatewayCommand, ringfenceOf, show } from './api.ts';
import { examples } from './help.ts';
import { lines, table } from './output.ts';

export function addConnectionShow(connections: Command): void {
  gatewayCommand(
    connections,
    'show',
    'Show what happens on a connection: calls in flight, shares, rate, circuit breaker, stop.',
  )
    .argument('<name>', 'name of the connection')
    .addHelpText('after', examples('connections show clinic-us', 'connections show clinic-us --json'))
    .action((name: string, flags: ApiFlags) =>
      show(flags, async () => (await ringfenceOf(flags)).connections.get(name), detailsText),
    );
}

function detailsText(connection: ConnectionDetails): string[] {
  const { campaigns, other_campaigns: others, max_concurrent_calls: limit } = connection;
  const rows = campaigns.map(({ id, in_flight, share, need, name }) => [
    id,
    `${in_flight}`,
    `${share ?? '-'}`,
    `${need ?? '-'}`,
    name,
  ]);
  return [
    ...lines([
      ['connection', `${connection.name} (${connection.provider})`],
      ['in flight', `${connection.in_flight} of ${limit ?? 'any number'}`],
      ['rate', rateText(connection)],
      ['breaker', breakerText(connection.breaker)],
      ['stopped', connection.stopped === null ? 'no' : stopText(connection.stopped)],
      ['as of', connection.as_of],
    ]),
    ...(rows.length === 0 ? [] : ['', ...table(['Campaign', 'In flight', 'Share', 'Needs', 'Name'], rows)]),
    ...(others.campaigns === 0 ? [] : [`And ${counted(others.campaigns, 'other campaign')}: ${othersText(others)}`]),
  ];
}

function rateText({
  calls_per_second: rate,
  placed_last_minute: placed,
  next_call_at: next,
}: ConnectionDetails): string {
  const most = rate === null ? 'no limit' : `at most ${rate} a second`;
  return `${most}; ${placed} placed in the last minute${next === null ? '' : `; next free at ${next}`}`;
}

function breakerText({
  state,
  reason,
  since,
  times,
  open_until: until,
  at_once: atOnce,
}: ConnectionDetails['breaker']) {
  if (state === 'closed') return 'closed';
  const now = state === 'open' ? `open until ${until}` : `half open, ${counted(atOnce ?? 0, 'dial')} at a time`;
  return `${now}: ${reason}, ${counted(times, 'time')} since ${since}`;
}

function stopText({ scope, since }: NonNullable<ConnectionDetails['stopped']>): string {
  const what = { all: 'all campaigns', account: 'the campaigns of the account', connection: 'the connection' }[scope];
  return `${what}, since ${since}`;
}

function othersText({ in_flight, share, need }: ConnectionDetails['other_campaigns']): string {
  return `${in_flight} in flight${share === null ? '' : `, share ${share}, need ${need}`}`;
}
