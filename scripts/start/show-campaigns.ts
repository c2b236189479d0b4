import { randomUUID } from 'node:crypto';
import { counted } from '../../domain/engine/counted.ts';
import type { Campaign } from '../../domain/api/campaign-responses.ts';
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import type { Verdict } from './comparison.ts';
import { curlOf } from './curl.ts';
import { importExample, officeHoursCampaign, openCampaign } from './demo.ts';
import { compareWithLedger, comparisonTable, followToEnd } from './follow.ts';
import { ProgressDisplay, waitsFor } from './progress.ts';
import type { System } from './system.ts';

/** Starts both campaigns over HTTP, tells where they can be looked at, and follows the one that is open to its end. */
export async function showCampaigns(system: System, signal: AbortSignal): Promise<Verdict> {
  const { api, ringfence, gatewayUrl, ledgerUrl } = system;
  const { folderId, told } = await importExample(ringfence);
  signal.throwIfAborted();
  console.log(`Contacts    examples/contacts.csv: ${told}`);
  await system.workerReady;
  signal.throwIfAborted();
  console.log('Worker      runs\n');

  const open = await create(system, openCampaign(folderId));
  const officeHours = await create(system, officeHoursCampaign(folderId));
  console.log(`API               ${api.baseUrl}`);
  console.log(`API description   ${gatewayUrl}/openapi.json`);
  console.log(`Provider's ledger ${ledgerUrl}\n`);
  console.log(`${exportsOf(system)}\n`);

  const { id } = open;
  const display = new ProgressDisplay(process.stdout);
  const onFirstCall = () => display.end(`First call after ${process.uptime().toFixed(1)} s.`);
  const ended = await followToEnd({ ringfence, ledgerUrl, campaignId: id, display, signal, onFirstCall });
  const comparison = await compareWithLedger(ringfence, ledgerUrl, ended);
  console.log(`\n${comparisonTable(comparison)}\n`);
  const asleep = await ringfence.campaigns.get(officeHours.id);
  console.log(`"${asleep.name}": ${waitsFor(asleep)}; ${counted(asleep.placed_today, 'call')} placed today.`);
  return comparison.verdict;
}

/** What a shell needs to know for the command line and the examples. */
function exportsOf({ api, temporalEnv }: System): string {
  const { TEMPORAL_ADDRESS: temporal } = temporalEnv;
  return [
    `export RINGFENCE_API_URL=${api.baseUrl}`,
    `export RINGFENCE_API_KEY=${api.apiKey}`,
    ...(temporal === undefined ? [] : [`export TEMPORAL_ADDRESS=${temporal}`]),
  ].join('\n');
}

async function create(system: System, body: CreateCampaignInput): Promise<Campaign> {
  const { api, ringfence } = system;
  const idempotencyKey = `start-${randomUUID()}`;
  const campaign = await ringfence.campaigns.create(body, { idempotencyKey });
  console.log(`"${campaign.name}", ${counted(campaign.total_contacts, 'contact')}: ${webPage(system, campaign.id)}`);
  const headers = { 'X-Idempotency-Key': idempotencyKey };
  console.log(`${curlOf(api, { method: 'POST', path: '/batch-calls', headers, body })}\n`);
  return campaign;
}

function webPage({ webUi, namespace }: System, campaignId: string): string {
  const id = workflowId(campaignId);
  return webUi === null ? `workflow ${id}` : `${webUi}/namespaces/${namespace}/workflows/${id}`;
}
