/** Ringfence beside its peers: its real worker and gateway, through its real API. */
import { API_ROOT } from '../../domain/api/api-root.ts';
import { join } from 'node:path';
import { requestApi } from '../../client/http-api.ts';
import { Campaign } from '../../domain/api/campaign-responses.ts';
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
  const api = { baseUrl: gateway.url + API_ROOT, key: KEY };
  let path = '';
  return {
    gateway,
    gatewayUrl: gateway.url,
    startWorker: () => startWorker({ logFile: join(logs, 'worker.log'), env }),
    async enlist(people) {
      const body: CreateCampaignInput = {
        name: 'Beside its peers',
        agent_id: 'bench-agent',
        contact_source: 'folder',
        contact_folder_id: await importPeople(api, people),
        working_days: [1, 2, 3, 4, 5, 6, 7],
        max_concurrent_calls: slots,
      };
      const { data } = await requestApi(api, { method: 'POST', path: '/batch-calls', body }, Campaign);
      path = `/batch-calls/${data.id}`;
    },
    async unfinished() {
      const { data } = await requestApi(api, { method: 'GET', path }, Campaign);
      return data.total_contacts - data.completed - data.failed - data.skipped;
    },
  };
}
