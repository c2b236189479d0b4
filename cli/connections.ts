/** `connections`: the accounts at carriers. All but `show` need the connections file and its secrets, and neither database nor gateway. */
import { Command } from 'commander';
import type { Connection } from '../providers/connections/connection.ts';
import { type Json, show } from './api.ts';
import { addConnectionCall } from './connection-call.ts';
import { addConnectionShow } from './connection-show.ts';
import { addConnectionPreview, previewCall } from './connection-preview.ts';
import { addConnectionVerify } from './connection-verify.ts';
import type { Env } from './env.ts';
import { examples } from './help.ts';
import { lines, table } from './output.ts';

/** `check` makes a request for it, which is not sent: some settings are needed by requests alone. */
const FICTITIOUS_NUMBER = '+14155550123';

const MORE = `
These commands read the file that RINGFENCE_CONNECTIONS names or, without it, the variables TRUEDY_*. Only \`call\` sends something to a carrier,
and only \`show\` asks the gateway.
Workers and gateways read the same file when they start and on SIGHUP; GET /connections says what a gateway has read.`;

export function connectionsCommand(env: Env): Command {
  const connections = new Command('connections').addHelpText(
    'after',
    `${examples(
      'connections list',
      'connections show clinic-us',
      'connections check clinic-us',
      'connections preview clinic-us --to +14155550123 --agent agent_1',
      'connections verify clinic-us --headers headers.json --body body.bin',
    )}\n${MORE}`,
  );

  connections
    .command('list')
    .description('List the connections, without secrets.')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('connections list', 'connections list --json'))
    .action((flags: Json) =>
      show(
        flags,
        async () => {
          const { connectionsFromEnv } = await import('../providers/connections/connections.ts');
          return { connections: await Promise.all(connectionsFromEnv(env).map(asJson)) };
        },
        ({ connections }) =>
          table(
            ['Name', 'Provider', 'In flight', 'Per second', 'Countries', 'Number types', 'Missing secrets'],
            connections.map((each) => [
              each.name,
              each.provider,
              `${each.max_concurrent_calls ?? 'no limit'}`,
              `${each.calls_per_second ?? 'no limit'}`,
              each.countries?.join(',') ?? 'all',
              each.number_types.join(','),
              each.missing_secrets.join(',') || '-',
            ]),
          ),
      ),
    );

  connections
    .command('check')
    .description('Check the file, and the settings and secrets of one connection. Does not contact the carrier.')
    .argument('<name>', 'name of the connection')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('connections check clinic-us', 'connections check clinic-us --json'))
    .action((name: string, flags: Json) =>
      show(
        flags,
        async () => {
          const { connectionNamed, connectionsFromEnv } = await import('../providers/connections/connections.ts');
          const connection = connectionNamed(connectionsFromEnv(env), name);
          // Contacts are called from each of them, so a wrong one holds a campaign when its turn comes.
          const callers = connection.callerNumbers?.map((number) => ({ ...connection, callerNumbers: [number] }));
          for (const each of callers ?? [connection]) await previewCall(each, FICTITIOUS_NUMBER);
          return asJson(connection);
        },
        (each) => [
          ...lines([
            ['Connection', each.name],
            ['Provider', each.provider],
            ['Calls in flight', `${each.max_concurrent_calls ?? 'no limit'}`],
            ['Calls per second', `${each.calls_per_second ?? 'no limit'}`],
            ['Look-ups', `after ${each.look_up_after_seconds} s, at most ${each.look_ups_per_minute} a minute`],
            ['Countries', each.countries?.join(', ') ?? 'all'],
            ['Number types', each.number_types.join(', ')],
            ['Accounts', each.accounts?.join(', ') ?? 'all'],
            ['Agents', each.agents?.join(', ') ?? 'all'],
            ['Caller numbers', each.caller_numbers?.join(', ') ?? 'chosen by the carrier'],
            ['Webhooks', each.webhook_url ?? 'no webhook_base_url'],
          ]),
          '',
          'The settings and the secrets of this connection are complete.',
        ],
      ),
    );

  addConnectionShow(connections);
  addConnectionPreview(connections, env);
  addConnectionVerify(connections, env);
  addConnectionCall(connections, env);
  return connections;
}

async function asJson(connection: Connection) {
  const { allowedKinds } = await import('../domain/contacts/allowed-numbers.ts');
  return {
    name: connection.name,
    provider: connection.provider,
    max_concurrent_calls: connection.maxConcurrentCalls,
    calls_per_second: connection.callsPerSecond,
    look_up_after_seconds: connection.lookUpAfterMs / 1000,
    look_ups_per_minute: connection.lookUpsPerMinute,
    countries: connection.countries,
    number_types: allowedKinds(connection),
    accounts: connection.accounts,
    agents: connection.agents,
    caller_numbers: connection.callerNumbers,
    webhook_url: connection.webhookUrl,
    missing_secrets: connection.missingSecrets,
  };
}
