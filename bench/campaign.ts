/** One campaign of a measurement, from its creation to its end. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Campaign } from '../domain/api/campaign-responses.ts';
import type { CreateCampaignInput } from '../domain/api/campaign-request.ts';
import { isOver } from '../domain/engine/commands.ts';
import { type ProviderCall, readLedger } from '../scripts/start/ledger.ts';
import type { System } from '../scripts/start/system.ts';

/** What is measured is read from the provider's ledger: when the end is noticed does not matter. */
const POLL_MS = 500;

/** Creates a campaign that is open at any time and calls each contact of the folder once. */
export async function createCampaign(
  system: System,
  folderId: string,
  terms: Partial<CreateCampaignInput>,
): Promise<Campaign> {
  const body: CreateCampaignInput = {
    name: 'Measured',
    agent_id: 'bench-agent',
    contact_source: 'folder',
    contact_folder_id: folderId,
    working_days: [1, 2, 3, 4, 5, 6, 7],
    ...terms,
  };
  return system.ringfence.campaigns.create(body);
}

/** Resolves once the campaign, as the API shows it, is as it should be. */
export async function until(system: System, id: string, is: (campaign: Campaign) => boolean): Promise<void> {
  while (!is(await system.ringfence.campaigns.get(id))) await pause(POLL_MS);
}

/** Resolves with the provider's calls once the campaign has ended. */
export async function untilOver(system: System, id: string): Promise<ProviderCall[]> {
  await until(system, id, ({ status }) => isOver(status));
  return readLedger(system.ledgerUrl, id);
}

/** Ends a campaign that is not wanted any longer, and waits for it. */
export async function cancel(system: System, id: string): Promise<void> {
  await system.ringfence.campaigns.cancel(id);
  await until(system, id, ({ status }) => isOver(status));
}

/** Runs a campaign from its creation to its end, and returns the provider's calls. */
export async function runCampaign(
  system: System,
  folderId: string,
  terms: Partial<CreateCampaignInput>,
): Promise<ProviderCall[]> {
  const { id } = await createCampaign(system, folderId, terms);
  return untilOver(system, id);
}
