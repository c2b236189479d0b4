import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { CampaignAnswer } from '../../domain/campaign-answer.ts';
import { CampaignStatus } from '../../domain/campaign-state.ts';
import { RingfenceError } from '../../domain/errors.ts';
import type { CampaignClient } from '../campaign-client.ts';
import type { Acknowledged } from '../command.ts';
import { type ApiOptions, requestApi } from '../http-api.ts';
import { campaignText, listText, pauseText, resumeText } from './campaign-text.ts';
import { wholeNumber } from './options.ts';

const EXAMPLES = `
Examples:
  $ npm run -s ringfence -- campaigns start campaign.json --idempotency-key reminders-2026-03
  $ npm run -s ringfence -- campaigns list --status active
  $ npm run -s ringfence -- campaigns pause 1f4baf16-1540-4d91-9696-7f34b2f2cb77

start, list and show ask the gateway: RINGFENCE_API_URL and RINGFENCE_API_KEY, or --url and --key.
pause and resume go to Temporal by its environment configuration (TEMPORAL_ADDRESS and so on), and need no gateway.

Exit codes: 0 done, 1 unexpected, 2 refused, 3 not found, 4 not possible in this status, 5 nobody answered.`;

const LOCAL_GATEWAY = 'http://127.0.0.1:8080/api/public/v1';

interface Json {
  readonly json?: true;
}
interface ApiFlags extends Json {
  readonly url: string;
  readonly key?: string;
}

/** `campaigns`: start campaigns, look at them, and stop them. Never needs the database. */
export function campaignsCommand(): Command {
  const campaigns = new Command('campaigns')
    .description('Start campaigns, look at them, pause and resume them.')
    .addHelpText('after', EXAMPLES);

  asking(campaigns, 'start', 'Create a campaign, which starts by itself.')
    .argument('<file>', 'JSON file with the body of POST /batch-calls, or - for standard input')
    .option('--idempotency-key <key>', 'a name for this campaign: repeating the command then starts no second one')
    .action((file: string, flags: ApiFlags & { idempotencyKey?: string }) =>
      show(
        flags,
        async () => {
          const headers = flags.idempotencyKey === undefined ? {} : { 'x-idempotency-key': flags.idempotencyKey };
          const request = { method: 'POST', path: '/batch-calls', body: await readJson(file), headers } as const;
          return (await requestApi(apiOf(flags), request, CampaignAnswer)).data;
        },
        campaignText,
      ),
    );

  asking(campaigns, 'list', 'List campaigns, newest first.')
    .addOption(new Option('--status <status>', 'only those in this status').choices(CampaignStatus.options))
    .option('--agent <id>', 'only those of this agent')
    .option('--limit <number>', 'how many, 1 to 100', wholeNumber(1, 100), 50)
    .action((flags: ApiFlags & { status?: string; agent?: string; limit: number }) =>
      show(
        flags,
        async () => {
          const query = new URLSearchParams({
            limit: String(flags.limit),
            ...(flags.status === undefined ? {} : { status: flags.status }),
            ...(flags.agent === undefined ? {} : { agent_id: flags.agent }),
          });
          const path = `/batch-calls?${query.toString()}`;
          const { data, pagination } = await requestApi(apiOf(flags), { method: 'GET', path }, z.array(CampaignAnswer));
          return { campaigns: data, total: pagination?.total ?? data.length };
        },
        listText,
      ),
    );

  asking(campaigns, 'show', 'Show one campaign: its status, what it waits for, its counts and its limits.')
    .argument('<id>', 'id of the campaign')
    .action((id: string, flags: ApiFlags) =>
      show(
        flags,
        async () => {
          const path = `/batch-calls/${encodeURIComponent(id)}`;
          return (await requestApi(apiOf(flags), { method: 'GET', path }, CampaignAnswer)).data;
        },
        campaignText,
      ),
    );

  commanding(
    campaigns,
    'pause',
    'Stop placing calls, and say which are, or may be, live.',
    (client, id) => client.pause(id),
    pauseText,
  );
  commanding(campaigns, 'resume', 'Let a paused campaign go on.', (client, id) => client.resume(id), resumeText);
  return campaigns;
}

/** A verb that asks the gateway. */
function asking(campaigns: Command, name: string, description: string): Command {
  return campaigns
    .command(name)
    .description(description)
    .addOption(new Option('--url <url>', "root of the gateway's API").env('RINGFENCE_API_URL').default(LOCAL_GATEWAY))
    .addOption(new Option('--key <key>', 'key of the API').env('RINGFENCE_API_KEY'))
    .option('--json', 'print JSON');
}

/** A verb that tells a campaign's workflow something. */
function commanding<T extends object>(
  campaigns: Command,
  name: string,
  description: string,
  tell: (client: CampaignClient, id: string) => Promise<Acknowledged<T>>,
  inWords: (acknowledgement: T) => string,
): void {
  campaigns
    .command(name)
    .description(description)
    .argument('<id>', 'id of the campaign')
    .option('--json', 'print JSON')
    .action((id: string, flags: Json) =>
      show(
        flags,
        async () => {
          const { CampaignClient } = await import('../campaign-client.ts');
          const client = await CampaignClient.connect();
          try {
            const outcome = await tell(client, id);
            if (outcome.acknowledged) return outcome;
          } finally {
            await client.close();
          }
          throw new RingfenceError(
            'temporal_unavailable',
            `No worker answered. The ${name} is kept and will be obeyed when one runs; nothing is promised until then.`,
          );
        },
        inWords,
      ),
    );
}

/** Prints what `ask` answers. With --json a refusal is printed as JSON too, before it ends the tool. */
async function show<T>({ json }: Json, ask: () => Promise<T>, inWords: (answer: T) => string): Promise<void> {
  try {
    const answer = await ask();
    console.log(json ? JSON.stringify(answer) : inWords(answer));
  } catch (error) {
    if (json && error instanceof RingfenceError) {
      const { code, message, details } = error;
      console.log(JSON.stringify({ error: { code, message, details } }));
    }
    throw error;
  }
}

function apiOf({ url, key }: ApiFlags): ApiOptions {
  if (key !== undefined && key !== '') return { baseUrl: url, key };
  throw new RingfenceError('misconfigured', 'There is no key: set RINGFENCE_API_KEY, or give --key.', {
    field: '--key',
  });
}

async function readJson(file: string): Promise<unknown> {
  let source: string;
  try {
    source = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RingfenceError('bad_request', `The file cannot be read: ${reason}.`, { cause: error });
  }
  try {
    return JSON.parse(source) as unknown;
  } catch (error) {
    // The parser's own message quotes a piece of the file, and with it of somebody's data.
    const message = 'The file is not JSON: check its quotes, commas and brackets.';
    throw new RingfenceError('bad_request', message, { cause: error });
  }
}
