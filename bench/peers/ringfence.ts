/** Ringfence beside its peers: its real worker and gateway, through its real API. */
import { API_ROOT } from '../../domain/api/api-root.ts';
import { join } from 'node:path';
import { Ringfence } from '../../client/index.ts';
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';
import { freePort } from '../../scripts/free-port.ts';
import { startGateway, startWorker } from '../../scripts/start/processes.ts';
import { importPeople } from '../contacts.ts';
import type { Ground, LaunchedPeer } from './peer.ts';

const KEY = 'rf_bench-peers-key';

export async function launchRingfence({ env, logs, slots }: Ground): Promise<LaunchedPeer> {
  const gateway = await startGateway({
    logFile: join(logs, 'gateway.log'),
    port: await freePort(),
    env: { ...env, RINGFENCE_API_KEY: KEY },
  });
  const ringfence = new Ringfence({ baseUrl: gateway.url + API_ROOT, apiKey: KEY });
  let id = '';
  return {
    gateway,
    gatewayUrl: gateway.url,
    startWorker: () => startWorker({ logFile: join(logs, 'worker.log'), env }),
    async enlist(people) {
      const body: CreateCampaignInput = {
        name: 'Beside its peers',
        agent_id: 'bench-agent',
        contact_source: 'folder',
        contact_folder_id: await importPeople(ringfence, people),
        working_days: [1, 2, 3, 4, 5, 6, 7],
        max_concurrent_calls: slots,
      };
      ({ id } = await ringfence.campaigns.create(body));
    },
    async unfinished() {
      const campaign = await ringfence.campaigns.get(id);
      return campaign.total_contacts - campaign.completed - campaign.failed - campaign.skipped;
    },
  };
}
