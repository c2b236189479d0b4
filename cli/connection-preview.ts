/** `connections preview`: the request that would place a call. Nothing is sent. */
import type { Command } from 'commander';
import { RingfenceError } from '../domain/engine/errors.ts';
import { callId } from '../domain/engine/ids.ts';
import type { Connection } from '../providers/connections/connection.ts';
import type { CallToPlace, PreviewedRequest } from '../providers/port.ts';
import { type Json, show } from './api.ts';
import type { Env } from './env.ts';
import { examples } from './help.ts';

/** The first call of a campaign that cannot exist. */
const PREVIEWED_CALL = callId({ campaignId: '00000000-0000-4000-8000-000000000000', seq: 1, attempt: 1 });
/** Stands in the request where neither the command nor the connection names an agent. */
const NO_AGENT = 'AGENT_ID';

interface Flags extends Json {
  readonly to: string;
  readonly agent?: string;
}

export function addConnectionPreview(connections: Command, env: Env): void {
  connections
    .command('preview')
    .description('Print the request that would place a call, with *** in place of secrets. Sends nothing.')
    .argument('<name>', 'name of the connection')
    .requiredOption('--to <number>', 'number to call, such as +14155550123')
    .option('--agent <id>', `agent of the call (default: the first of the connection, otherwise ${NO_AGENT})`)
    .option('--json', 'print JSON. A body that is JSON is printed as such, any other as text')
    .addHelpText(
      'after',
      examples(
        'connections preview clinic-us --to +14155550123',
        'connections preview retell --to +14155550123 --agent agent_1 --json',
      ),
    )
    .action((name: string, flags: Flags) => show(flags, () => preview(env, name, flags), asText));
}

async function preview(env: Env, name: string, { to, agent }: Flags): Promise<Printed> {
  const connection = await connectionFor(env, name, to);
  return withJsonBody(await previewCall(connection, to, agentOf(connection, agent)));
}

/** The connection of this name, if it allows calls to the number. */
export async function connectionFor(env: Env, name: string, to: string): Promise<Connection> {
  const [{ connectionNamed, connectionsFromEnv }, { assertAllowed }, { E164 }] = await Promise.all([
    import('../providers/connections/connections.ts'),
    import('../domain/contacts/allowed-numbers.ts'),
    import('../domain/contacts/phone.ts'),
  ]);
  const connection = connectionNamed(connectionsFromEnv(env), name);
  if (!E164.test(to)) {
    const message = '--to must be one number with + and country code, digits only, such as +14155550123.';
    throw new RingfenceError('validation_error', message, { field: '--to' });
  }
  assertAllowed([connection], to, '--to');
  return connection;
}

/** @throws RingfenceError for everything that would keep the connection from placing this call */
export async function previewCall(
  connection: Connection,
  to: string,
  agentId = agentOf(connection, undefined),
): Promise<PreviewedRequest> {
  const provider = connection.open();
  try {
    const frozen = provider.freeze(singleCall(connection, PREVIEWED_CALL, to, agentId));
    return provider.preview(frozen, PREVIEWED_CALL);
  } finally {
    await provider.close();
  }
}

/** A call outside of any campaign, to somebody of whom only the number is known. */
export function singleCall(connection: Connection, id: string, to: string, agentId: string): CallToPlace {
  return {
    callId: id,
    agentId,
    phoneNumber: to,
    extension: null,
    fromNumberId: connection.callerNumbers?.[0] ?? null,
    firstName: null,
    lastName: null,
    email: null,
    customFields: {},
  };
}

export function agentOf({ name, agents }: Connection, asked: string | undefined): string {
  if (asked === undefined) return agents?.[0] ?? NO_AGENT;
  if (agents === null || agents.includes(asked)) return asked;
  const message = `The connection ${name} does not allow this agent: its agents are ${agents.join(', ')}.`;
  throw new RingfenceError('validation_error', message, { field: '--agent' });
}

interface Printed extends Omit<PreviewedRequest, 'body'> {
  readonly body: unknown;
}

function withJsonBody(request: PreviewedRequest): Printed {
  const isJson = Object.entries(request.headers).some(
    ([header, value]) => header.toLowerCase() === 'content-type' && value.startsWith('application/json'),
  );
  return isJson ? { ...request, body: JSON.parse(request.body) as unknown } : request;
}

function asText({ method, url, headers, body }: Printed): string[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body, null, 2);
  return [
    `${method} ${url}`,
    ...Object.entries(headers).map(([header, value]) => `${header}: ${value}`),
    '',
    ...text.split('\n'),
  ];
}
