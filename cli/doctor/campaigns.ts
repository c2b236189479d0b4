/** The doctor's question about campaigns: does each have its workflow. */
import type { listInterrupted } from '../../db/interruptions.ts';
import { reasonInWords } from '../../domain/api/interruption.ts';
import { Ringfence } from '../../client/ringfence.ts';
import { withDatabase } from '../database.ts';
import type { Env } from '../env.ts';
import { type Finding, skipped, trouble, well } from './finding.ts';

const check = 'campaigns';
/** More are counted, and not named. */
const NAMED = 5;

/** Asks the database where it is known, which has the campaigns of all accounts, else the gateway. */
export async function checkCampaigns(
  api: { readonly url: string; readonly key?: string },
  env: Env,
): Promise<Finding[]> {
  try {
    if (env.DATABASE_URL) return [judge(await fromDatabase(env))];
    if (api.key) return [judge(await fromGateway(api.url, api.key))];
    return [skipped(check, 'neither DATABASE_URL nor RINGFENCE_API_KEY is set')];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // What could not be asked has a separate finding.
    return [skipped(check, 'not checked: the server does not answer')];
  }
}

type Interrupted = Awaited<ReturnType<typeof listInterrupted>>;

async function fromDatabase(env: Env): Promise<Interrupted> {
  const { listInterrupted } = await import('../../db/interruptions.ts');
  return withDatabase(env, (db) => listInterrupted(db, NAMED));
}

async function fromGateway(baseUrl: string, apiKey: string): Promise<Interrupted> {
  const { campaigns: asked } = new Ringfence({ baseUrl, apiKey, maxRetries: 0 });
  const { data, pagination } = await asked.list({ status: 'interrupted', limit: NAMED });
  const campaigns = data.flatMap(({ id, interrupted }) => (interrupted ? [{ id, ...interrupted }] : []));
  return { campaigns, total: pagination.total };
}

/** What the gateway warns of when it finds few of the workflows that should run. */
export function wrongTemporal(facts: Finding['facts']): Finding {
  return trouble(
    check,
    'Temporal does not know most of the running workflows: it is a different server than before, or its data was deleted',
    'Set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE of gateways and workers to the server that they had. While most workflows are missing no campaign is marked as interrupted.',
    facts,
  );
}

function judge({ campaigns, total }: Interrupted): Finding {
  if (total === 0) return well(check, 'none is interrupted');
  const named = campaigns.map((campaign) => `${campaign.id} (${reasonInWords(campaign)})`).join(', ');
  const more = total > campaigns.length ? ` and ${total - campaigns.length} more` : '';
  return trouble(
    check,
    `interrupted: ${named}${more}`,
    'Find out who or what ended them; then "campaigns restart ID" lets one go on, and "campaigns cancel ID" ends it.',
    { total, campaigns },
  );
}
