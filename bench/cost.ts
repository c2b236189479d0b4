/**
 * `npm run bench -- cost`: runs one campaign on a real server, provider and database, and reads from its histories, from
 * the database's statistics and from the processes what each call cost.
 */
import type { Client } from '@temporalio/client';
import { connectTemporal } from '../client/temporal/connection.ts';
import { workflowId } from '../domain/engine/ids.ts';
import { createCampaign, untilOver } from './campaign.ts';
import { importPeople } from './contacts.ts';
import { addHistory, noCost, totalActions, type HistoryCost } from './history-cost.ts';
import { countStatements } from './statements.ts';
import { callsPerSecond, rounded } from './statistics.ts';
import { cpuPerCall, type CpuUse, cpuUse, type MeasuredSystem } from './system.ts';

export interface CostOptions {
  readonly calls: number;
  readonly concurrency: number;
}

export interface CostReport {
  readonly calls: number;
  readonly actions_per_call: number;
  readonly events_per_call: number;
  readonly history_bytes_per_call: number;
  readonly workflow_tasks_per_call: number;
  readonly continue_as_new: number;
  /** Of worker, gateway and this measurement, which reads the campaign's row twice a second. */
  readonly statements_per_call: number;
  readonly cpu_ms_per_call: CpuUse;
  readonly calls_per_second: number;
  readonly actions: HistoryCost['actions'];
}

export async function measureCost(system: MeasuredSystem, { calls, concurrency }: CostOptions): Promise<CostReport> {
  const folderId = await importPeople(system.ringfence, calls);
  await system.workerReady;
  const temporal = await connectTemporal({ env: { ...process.env, ...system.temporalEnv } });
  try {
    const cpuBefore = await cpuUse(system);
    const { value, statements } = await countStatements(system.databaseUrl, async () => {
      const { id } = await createCampaign(system, folderId, {
        name: `Cost of ${calls} calls`,
        max_concurrent_calls: concurrency,
      });
      return { id, placed: await untilOver(system, id) };
    });
    const cpuAfter = await cpuUse(system);
    const { id, placed } = value;
    const cost = await readCost(temporal, workflowId(id));
    const perCall = (count: number): number => rounded(count / placed.length);
    return {
      calls: placed.length,
      actions_per_call: perCall(totalActions(cost)),
      events_per_call: perCall(cost.events),
      history_bytes_per_call: Math.round(cost.bytes / placed.length),
      workflow_tasks_per_call: perCall(cost.workflowTasks),
      continue_as_new: cost.continueAsNew,
      statements_per_call: rounded(statements / placed.length, 1),
      cpu_ms_per_call: cpuPerCall(cpuBefore, cpuAfter, placed.length),
      calls_per_second: callsPerSecond(placed),
      actions: cost.actions,
    };
  } finally {
    await temporal.connection.close();
  }
}

async function readCost(client: Client, id: string): Promise<HistoryCost> {
  const cost = noCost();
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${id}"` })) {
    const handle = client.workflow.getHandle(id, runId);
    const { events } = await handle.fetchHistory();
    addHistory(cost, events ?? []);
    cost.bytes += (await handle.describe()).historySize ?? 0;
  }
  return cost;
}
