/** `connections verify`: what a connection makes of one webhook. */
import type { IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { z } from 'zod';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { CallProvider, ReceivedWebhook } from '../providers/port.ts';
import type { Json } from './api.ts';
import type { Env } from './env.ts';
import { EXIT, Finished } from './exit-codes.ts';
import { examples } from './help.ts';
import { instant } from './options.ts';
import { table } from './output.ts';
import { openSource, readJson } from './source.ts';
import { printJson, printText } from './terminal.ts';

const MORE = `
"valid" speaks of signature and age alone. The events of a valid webhook follow. A body that cannot be read gives no events, and "unreadable"
says why. An invalid webhook exits with code 2, and "reason" is invalid_signature or stale_signature.`;

interface Flags extends Json {
  readonly headers: string;
  readonly body: string;
  readonly url?: string;
  readonly at?: number;
}

interface VerifiedEvent {
  readonly event_id: string;
  readonly provider_call_id: string | null;
  readonly call_id: string | null;
  readonly kind: string;
  readonly outcome: string | null;
}
type Verdict =
  | { readonly valid: true; readonly events: readonly VerifiedEvent[]; readonly unreadable?: string }
  | { readonly valid: false; readonly reason: string };

export function addConnectionVerify(connections: Command, env: Env): void {
  connections
    .command('verify')
    .description('Check the signature of a webhook, and print its events.')
    .argument('<name>', 'name of the connection')
    .requiredOption('--headers <file>', 'JSON object of header names and values, or - for standard input')
    .requiredOption('--body <file>', 'body exactly as it arrived, or - for standard input')
    .option('--url <url>', 'URL at which it arrived, query included (default: the webhook URL of the connection)')
    .option('--at <instant>', 'instant of its arrival, with Z or an offset (default: now)', instant)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${examples(
        'connections verify clinic-us --headers headers.json --body body.txt',
        'connections verify retell --headers headers.json --body body.json --at 2026-11-28T09:30:00Z --json',
      )}\n${MORE}`,
    )
    .action(async (name: string, flags: Flags) => {
      const verdict = await verify(env, name, flags);
      if (flags.json) printJson(verdict);
      else printText(asText(verdict));
      if (!verdict.valid) throw new Finished(EXIT.refused);
    });
}

async function verify(env: Env, name: string, flags: Flags): Promise<Verdict> {
  if (flags.headers === '-' && flags.body === '-') {
    const message = 'Standard input is one file: pass a file for --headers or for --body.';
    throw new RingfenceError('bad_request', message, { field: '--headers' });
  }
  if (flags.url !== undefined && !URL.canParse(flags.url)) {
    const message = '--url must be the whole URL, such as https://calls.example.com/webhooks/clinic-us?x=1.';
    throw new RingfenceError('bad_request', message, { field: '--url' });
  }
  const { connectionNamed, connectionsFromEnv } = await import('../providers/connections/connections.ts');
  const connection = connectionNamed(connectionsFromEnv(env), name);
  const provider = connection.open();
  try {
    const { open } = await openSource(flags.body, '--body');
    return await judge(provider, {
      rawBody: await buffer(open()),
      headers: readHeaders(await readJson(flags.headers, '--headers')),
      url: flags.url ?? connection.webhookUrl,
      now: flags.at ?? Date.now(),
    });
  } finally {
    await provider.close();
  }
}

/** Values such as the length of the body may be numbers. */
const Value = z.union([z.string(), z.number().transform(String)]);
const Headers = z.record(z.string(), z.union([Value, z.array(Value)]));

/** Headers as Node.js gives them: names in lower case, and values of one name joined by commas. */
function readHeaders(given: unknown): IncomingHttpHeaders {
  const read = Headers.safeParse(given);
  if (!read.success) {
    const message = 'The headers must be one JSON object of names and values, each value a text or a list of texts.';
    throw new RingfenceError('bad_request', message, { field: '--headers' });
  }
  const headers = new Map<string, string[]>();
  for (const [header, value] of Object.entries(read.data)) {
    const known = headers.get(header.toLowerCase()) ?? [];
    headers.set(header.toLowerCase(), known.concat(value));
  }
  return Object.fromEntries([...headers].map(([header, values]) => [header, values.join(', ')]));
}

async function judge(provider: CallProvider, webhook: ReceivedWebhook): Promise<Verdict> {
  try {
    provider.verify(webhook);
  } catch (error) {
    const isVerdict =
      error instanceof RingfenceError && (error.code === 'invalid_signature' || error.code === 'stale_signature');
    if (isVerdict) return { valid: false, reason: error.code };
    throw error;
  }
  const { readEvents } = await import('../providers/checked.ts');
  try {
    const { events, problems } = readEvents(provider, webhook);
    return {
      valid: true,
      events: events.map((event) => ({
        event_id: event.eventId,
        provider_call_id: event.providerCallId,
        call_id: event.callId,
        kind: event.kind,
        outcome: event.outcome,
      })),
      ...(problems.length === 0 ? {} : { unreadable: problems.join('; ') }),
    };
  } catch (error) {
    if (error instanceof RingfenceError) return { valid: true, events: [], unreadable: error.message };
    throw error;
  }
}

function asText(verdict: Verdict): string[] {
  if (!verdict.valid) return [`Not valid: ${verdict.reason}.`];
  const rows = verdict.events.map((event) => [
    event.event_id,
    event.provider_call_id ?? '-',
    event.call_id ?? '-',
    event.kind,
    event.outcome ?? '-',
  ]);
  return [
    'The signature is valid.',
    ...(rows.length === 0
      ? ['No events of calls.']
      : table(['Event', "Carrier's call", 'Call', 'Kind', 'Outcome'], rows)),
    ...(verdict.unreadable === undefined ? [] : [`Unreadable: ${verdict.unreadable}`]),
  ];
}
