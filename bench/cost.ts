/**
 * `npm run bench -- cost`: runs one campaign on a real server, provider and database, and reads from its histories what
 * each call cost.
 */
import type { Client } from '@temporalio/client';
import { requestApi } from '../client/http-api.ts';
import { connectTemporal } from '../client/connection.ts';
import { CampaignAnswer } from '../domain/campaign-answer.ts';
import { workflowId } from '../domain/ids.ts';
import type { System } from '../scripts/start/system.ts';
import { importPeople } from './contacts.ts';
import { addHistory, noCost, totalActions, type HistoryCost } from './history-cost.ts';

export interface CostOptions {
  readonly calls: number;
  readonly concurrency: number;
}

export interface CostReport {
  readonly calls: number;
  readonly actions_per_call: number;
  readonly events_per_call: number;
  readonly workflow_tasks_per_call: number;
  readonly continue_as_new: number;
  readonly calls_per_second: number;
  readonly actions: HistoryCost['actions'];
}

export async function measureCost(system: System, { calls, concurrency }: CostOptions): Promise<CostReport> {
  const folderId = await importPeople(system.api, calls);
  await system.workerReady;
  const { data: campaign } = await requestApi(
    system.api,
    {
      method: 'POST',
      path: '/batch-calls',
      body: {
        name: `Cost of ${calls} calls`,
        agent_id: 'bench-agent',
        contact_source: 'folder',
        contact_folder_id: folderId,
        working_days: [1, 2, 3, 4, 5, 6, 7],
        max_concurrent_calls: concurrency,
      },
    },
    CampaignAnswer,
  );
  const temporal = await connectTemporal({ env: { ...process.env, ...system.temporalEnv } });
  try {
    const startedAt = Date.now();
    await temporal.workflow.getHandle(workflowId(campaign.id)).result();
    const seconds = (Date.now() - startedAt) / 1000;
    const cost = await readCost(temporal, workflowId(campaign.id));
    const placed = await placedCalls(system, campaign.id);
    const perCall = (count: number): number => Math.round((count / placed) * 1000) / 1000;
    return {
      calls: placed,
      actions_per_call: perCall(totalActions(cost)),
      events_per_call: perCall(cost.events),
      workflow_tasks_per_call: perCall(cost.workflowTasks),
      continue_as_new: cost.continueAsNew,
      calls_per_second: Math.round((placed / seconds) * 10) / 10,
      actions: cost.actions,
    };
  } finally {
    await temporal.connection.close();
  }
}

/** The provider's ledger says how many calls there were. */
async function placedCalls(system: System, campaignId: string): Promise<number> {
  const ledger = (await (await fetch(system.ledgerUrl)).json()) as { calls: { key: string | null }[] };
  return ledger.calls.filter(({ key }) => key?.startsWith(`${campaignId}.`)).length;
}

async function readCost(client: Client, id: string): Promise<HistoryCost> {
  const cost = noCost();
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${id}"` })) {
    const { events } = await client.workflow.getHandle(id, runId).fetchHistory();
    addHistory(cost, events ?? []);
  }
  return cost;
}
