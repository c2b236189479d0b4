import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDevServer } from '../../scripts/dev-server.ts';
import { obtainTemporalCli } from '../../scripts/temporal-binaries.ts';
import { nextId, nextTaskQueue } from '../support/factories/ids.ts';
import { watchForLeaks } from '../support/probes/leaks.ts';
import { isRunning } from '../support/probes/processes.ts';
import { OBTAIN } from '../support/setup/shared.ts';

const directory = mkdtempSync(join(tmpdir(), 'ringfence-dev-server-'));
const noLeaks = watchForLeaks();
let executable: string;

beforeAll(async () => {
  executable = (await obtainTemporalCli(OBTAIN)).path;
});

afterAll(async () => {
  await noLeaks();
  rmSync(directory, { recursive: true, force: true });
});

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

test('a killed server comes back on the same port with its workflows', async () => {
  const options = { executable, dbFilename: join(directory, 'temporal.db'), logFile: join(directory, 'temporal.log') };
  const workflowId = nextId('survivor');
  const first = await startDevServer({ ...options, port: 0 });
  let second: typeof first | undefined;
  try {
    await withClient(first.address, (client) =>
      client.workflow.start('anything', { workflowId, taskQueue: nextTaskQueue() }),
    );
    await first.kill();
    expect(isRunning(first.pid)).toBe(false);

    second = await startDevServer({ ...options, port: Number(first.address.split(':')[1]) });
    expect(second.address).toBe(first.address);
    const description = await withClient(second.address, (client) => client.workflow.getHandle(workflowId).describe());
    expect(description.status.name).toBe('RUNNING');
  } finally {
    await first.stop();
    await second?.stop();
  }
  expect(isRunning(second.pid)).toBe(false);
});

test('two servers that want the same port get one each, and a Web UI only where it is asked for', async () => {
  const options = { executable, logFile: join(directory, 'side-by-side.log') };
  const one = await startDevServer({ ...options, port: 0 });
  const other = await startDevServer({ ...options, port: Number(one.address.split(':')[1]), uiPort: 0 });
  try {
    expect(other.address).not.toBe(one.address);
    expect(one.uiUrl).toBeNull();
    expect((await fetch(other.uiUrl!)).status).toBe(200);
  } finally {
    await Promise.all([one.stop(), other.stop()]);
  }
});
