import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { Campaign } from '../../domain/api/campaign-responses.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';
import { captureCli, closing, out, runCli } from '../support/harness/cli.ts';

captureCli();

const NOBODY = '00000000-0000-4000-8000-000000000000';
const SOON = ['--every', '0.1'];

const watch = (...args: string[]) => runCli('campaigns', 'watch', ...args, ...SOON);

async function startHarness(timeScale: number): Promise<SystemHarness> {
  const harness = await SystemHarness.start({ simulator: { timeScale } });
  closing.push(() => harness.close());
  vi.stubEnv('RINGFENCE_API_URL', harness.apiUrl + API_ROOT);
  vi.stubEnv('RINGFENCE_API_KEY', 'harness-write-key-1');
  return harness;
}

/** A terminal for both streams, and what is seen on it. */
function terminal(): { shown: string } {
  const screen = { shown: '' };
  const write = (chunk: Buffer, _: unknown, done: () => void) => {
    screen.shown += chunk.toString();
    done();
  };
  for (const stream of ['stdout', 'stderr'] as const) {
    const output = Object.assign(new Writable({ write }), { isTTY: true, columns: 200 });
    vi.spyOn(process, stream, 'get').mockReturnValue(output as unknown as typeof process.stdout);
  }
  return screen;
}

describe('campaigns watch', () => {
  it('tells each change in a line until the campaign has completed', async () => {
    const harness = await startHarness(1_000);
    const id = await harness.startCampaign(20, { max_concurrent_calls: 4 });
    expect(await watch(id)).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(new Set(lines.map((line) => line.replace(/^\S+ +/, ''))).size).toBe(lines.length);
    expect(lines.at(-1)).toMatch(/^\S+Z {2}completed \| 20\/20 done \| \d+ completed, \d+ failed, 0 skipped \|/);

    expect(await watch(id, '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id, status: 'completed', total_contacts: 20 });
    const screen = terminal();
    expect(await watch(id)).toBe(0);
    expect(out).toBe('');
    expect(screen.shown).toContain('completed | 20/20 done');
  });

  it('ends with another code when the campaign ends otherwise, and when there is none', async () => {
    const harness = await startHarness(1);
    const later = { schedule_type: 'scheduled', scheduled_at: '2099-01-01T00:00:00Z' } as const;
    const id = await harness.startCampaign(3, later);
    const watching = watch(id, '--json');
    await vi.waitFor(() => expect(out).toContain('"status":"scheduled"'));
    await harness.campaigns.cancel(id);
    expect(await watching).toBe(6);
    expect(await watch(NOBODY)).toBe(3);
    expect(await watch(id, '--url', 'http://127.0.0.1:1')).toBe(5);
  });

  it('goes on when the gateway is away for a moment', async () => {
    const harness = await startHarness(1_000);
    const id = await harness.startCampaign(1);
    await harness.result(id);
    const completed = (await harness.api('GET', `/batch-calls/${id}`)).data as Campaign;
    const answers = [{ ...completed, status: 'active' }, null, null, completed];
    const server = createServer((request, response) => {
      const data = answers.shift();
      if (data) response.end(JSON.stringify({ data, meta: { request_id: 'r', ts: completed.as_of } }));
      else request.socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(
      async () => server.closeAllConnections(),
      async () => server.close(),
    );
    expect(await watch(id, '--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)).toBe(0);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/[ |]+/)[1]),
    ).toEqual(['active', 'completed']);
    expect(answers).toEqual([]);
  });
});
