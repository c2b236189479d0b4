/**
 * The description of the API (OpenAPI, as the gateway serves it) as a page of Markdown for people:
 * `node --import tsx scripts/write-api-docs.ts` writes docs/api.md.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { openPool } from '../db/pool.ts';
import { OpenConnections } from '../providers/connections/open-connections.ts';
import { buildGateway } from '../gateway/app.ts';
import { apiPage } from './api-docs/page.ts';

/** Asks a gateway that is never started for its own description. */
export async function readDescription(): Promise<unknown> {
  const pool = openPool('postgres://127.0.0.1:1/never-asked', { max: 1 });
  const unused = () => Promise.reject(new Error('a description carries nothing out'));
  const app = await buildGateway({
    pool,
    logger: pino({ level: 'silent' }),
    connections: new OpenConnections([]),
    campaigns: { pause: unused, resume: unused, cancel: unused, edit: unused },
    startCampaign: unused,
    restartWorkflow: unused,
    readWorkflowStatus: unused,
    wakeCoordinators: unused,
    recallCommand: unused,
    notify: { ofContacts: unused },
    delivery: { deliver: unused },
    pingTemporal: unused,
    clock: Date.now,
  });
  await app.ready();
  const description = app.swagger();
  await app.close();
  await pool.end();
  return description;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/api.md', import.meta.url), apiPage(await readDescription()));
}
