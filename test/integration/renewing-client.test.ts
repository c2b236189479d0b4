/** The gateway's connection to Temporal: what it says of the server, also where the network falls silent at the first moment. */
import type { Client } from '@temporalio/client';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { renewingClient } from '../../gateway/temporal/renewing-client.ts';
import { temporalPinger } from '../../gateway/temporal/temporal-pinger.ts';
import { startTcpProxy, type TcpProxy } from '../../scripts/tcp-proxy.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A way to the real server that lets connections be made and no word through; what was on it then is forgotten for good. */
async function mutedAtFirst(): Promise<{ network: TcpProxy; connect: () => Promise<Client> }> {
  const network = await startTcpProxy({ target: Number(inject('temporalAddress').split(':')[1]) });
  closing.push(() => network.close());
  network.silence();
  const env = { TEMPORAL_ADDRESS: `127.0.0.1:${network.port}` };
  return { network, connect: () => connectTemporal({ lazy: true, env }) };
}

async function forgetTheFirst(network: TcpProxy, client: Client): Promise<void> {
  const first = asked(client);
  await vi.waitFor(() => expect(network.connections).toBeGreaterThan(0));
  network.forget();
  network.restore();
  expect(await first).toBe(false);
}

const asked = (client: Client, withinMs = 1_000): Promise<boolean> =>
  client
    .withDeadline(Date.now() + withinMs, () => client.workflowService.getSystemInfo({}))
    .then(
      () => true,
      () => false,
    );

describe('a connection on which the server never says a word', () => {
  it('is waited for by the gRPC client, whatever the server does meanwhile', async () => {
    const { network, connect } = await mutedAtFirst();
    const client = await connect();
    closing.push(() => client.connection.close());
    await forgetTheFirst(network, client);
    for (let time = 0; time < 3; time += 1) expect(await asked(client)).toBe(false);
  });

  it('is given up by the gateway for another one', async () => {
    const { network, connect } = await mutedAtFirst();
    const warn = vi.fn();
    const renewing = await renewingClient({ connect, logger: { warn }, everyMs: 200, silentForMs: 3_000 });
    closing.push(() => renewing.close());
    await forgetTheFirst(network, renewing.client);
    await vi.waitFor(async () => expect(await asked(renewing.client)).toBe(true));
    expect(warn).toHaveBeenCalledWith('Temporal has been silent for a while: connecting to it again');
  });

  it('is not given up while the server answers on it', async () => {
    const { network, connect } = await mutedAtFirst();
    network.restore();
    const warn = vi.fn();
    const connects = vi.fn(connect);
    const renewing = await renewingClient({ connect: connects, logger: { warn }, everyMs: 50, silentForMs: 0 });
    closing.push(() => renewing.close());
    for (let time = 0; time < 20; time += 1) expect(await asked(renewing.client, 30_000)).toBe(true);
    expect(connects).toHaveBeenCalledTimes(1);
  });
});

describe('a deadline', () => {
  it('holds whatever connection the requests go over', async () => {
    // As over a connection that the SDK has no deadline for.
    const silent = { withDeadline: (_: number, act: () => Promise<unknown>) => act(), connection: { close() {} } };
    const connects = () => Promise.resolve(silent as unknown as Client);
    const renewing = await renewingClient({ connect: connects, logger: { warn: vi.fn() }, everyMs: 60_000 });
    closing.push(() => renewing.close());

    const never = renewing.client.withDeadline(Date.now() + 50, () => new Promise<never>(() => {}));

    await expect(never).rejects.toThrow('did not answer in time');
    await expect(renewing.client.withDeadline(Date.now() + 50, () => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});

describe('the question whether Temporal can serve', () => {
  const ping = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
    const client = await connectTemporal({ lazy: true, env });
    closing.push(() => client.connection.close());
    return temporalPinger(client)().then(
      () => 'yes',
      (error: unknown) => error,
    );
  };

  it('is answered by the server, for the namespace', async () => {
    const TEMPORAL_ADDRESS = inject('temporalAddress');
    expect(await ping({ TEMPORAL_ADDRESS })).toBe('yes');
    expect(await ping({ TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: 'of-nobody' })).toMatchObject({
      code: 'temporal_unavailable',
      message: expect.stringContaining('no namespace "of-nobody": correct TEMPORAL_NAMESPACE'),
    });
    expect(await ping({ TEMPORAL_ADDRESS: '127.0.0.1:1' })).not.toBe('yes');
  });

  it('does not need the permission to ask for the namespace', async () => {
    const refused = Object.assign(new Error('no'), { code: 7, details: 'no', metadata: {} });
    const workflowService = { describeNamespace: vi.fn().mockRejectedValue(refused), getSystemInfo: vi.fn() };
    const client = {
      options: { namespace: 'any' },
      workflowService,
      withDeadline: (_: number, act: () => unknown) => act(),
    };
    await expect(temporalPinger(client as unknown as Client)()).resolves.toBeUndefined();
    expect(workflowService.getSystemInfo).toHaveBeenCalled();
  });
});
