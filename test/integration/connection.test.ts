/** What Temporal's environment configuration does on the wire, seen by somebody who listens there. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp2Server, type IncomingHttpHeaders } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectTemporal } from '../../client/temporal/connection.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0).toReversed()) await close();
});

async function addressOf(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers nobody, and resolves with the first bytes that anybody sends. */
async function listener(): Promise<{ address: string; heard: Promise<Buffer> }> {
  const server = createServer();
  const heard = once(server, 'connection').then(async ([socket]) => {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return bytes;
  });
  return { address: await addressOf(server), heard };
}

/** Sets TEMPORAL_CONFIG_FILE to a file with this profile, and TEMPORAL_PROFILE to its name. */
async function useProfile(name: string, lines: readonly string[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ringfence-test-'));
  closing.push(() => rm(directory, { recursive: true }));
  const file = join(directory, 'temporal.toml');
  await writeFile(file, [`[profile.${name}]`, ...lines, ''].join('\n'));
  vi.stubEnv('TEMPORAL_CONFIG_FILE', file);
  vi.stubEnv('TEMPORAL_PROFILE', name);
}

const TLS_HANDSHAKE = 0x16;
/** Of a server that answers nobody: long enough for a busy machine to come to the first byte. */
const unanswered = { timeoutMs: 1_500 };

describe("Temporal's environment configuration", () => {
  it('a profile decides address and TLS, down to the name that the server is asked for', async () => {
    const { address, heard } = await listener();
    await useProfile('cloud', [
      `address = "${address}"`,
      'namespace = "calls.a1b2c"',
      '[profile.cloud.tls]',
      'server_name = "calls.a1b2c.tmprl.example"',
    ]);
    await expect(connectTemporal(unanswered)).rejects.toMatchObject({ code: 'temporal_unavailable' });
    const hello = await heard;
    expect(hello[0]).toBe(TLS_HANDSHAKE);
    expect(hello.includes('calls.a1b2c.tmprl.example')).toBe(true);
  });

  it('an API key makes TLS the way, unless it is switched off', async () => {
    const { address, heard } = await listener();
    const env = { TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: 'key-of-the-cloud' };
    await expect(connectTemporal({ env, ...unanswered })).rejects.toMatchObject({ code: 'temporal_unavailable' });
    expect((await heard)[0]).toBe(TLS_HANDSHAKE);
  });

  it('the API key and the namespace go with every request', async () => {
    const requests: IncomingHttpHeaders[] = [];
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      requests.push(headers);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '16' }, { endStream: true });
    });
    const address = await addressOf(server);
    await useProfile('plain', [
      `address = "${address}"`,
      'namespace = "calls.a1b2c"',
      'api_key = "key-of-the-cloud"',
      '[profile.plain.tls]',
      'disabled = true',
    ]);
    const client = await connectTemporal({ lazy: true });
    closing.push(() => client.connection.close());
    expect(client.options.namespace).toBe('calls.a1b2c');
    await expect(client.workflow.getHandle('any').describe()).rejects.toThrow();
    expect(requests[0]).toMatchObject({
      authorization: 'Bearer key-of-the-cloud',
      'temporal-namespace': 'calls.a1b2c',
    });
  });

  it('its client certificates are sent to the server, and the server’s certificate is verified', async () => {
    // Self-signed, for tests only, and good for a hundred years.
    const certificate = fileURLToPath(new URL('../cases/tls/certificate.pem', import.meta.url));
    const key = fileURLToPath(new URL('../cases/tls/key.pem', import.meta.url));
    const shown: string[] = [];
    const server = createTlsServer({
      cert: await readFile(certificate),
      key: await readFile(key),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    server.on('secureConnection', (socket) => {
      shown.push(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    const trusted = { TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificate, TEMPORAL_TLS_SERVER_NAME: 'temporal.example' };
    const own = { TEMPORAL_TLS_CLIENT_CERT_PATH: certificate, TEMPORAL_TLS_CLIENT_KEY_PATH: key };
    const TEMPORAL_ADDRESS = await addressOf(server);
    const attempt = (env: Readonly<Record<string, string>>) =>
      connectTemporal({ env: { TEMPORAL_ADDRESS, ...env }, ...unanswered }).catch(() => {});

    // Without its authority the server is not believed, so nothing is shown to it.
    const refusals = vi.fn();
    server.on('tlsClientError', refusals);
    await attempt({ ...own, TEMPORAL_TLS_SERVER_NAME: 'temporal.example' });
    expect(refusals).toHaveBeenCalled();
    expect(shown).toEqual([]);
    await attempt({ ...own, ...trusted });
    expect(new Set(shown)).toEqual(new Set(['temporal.example']));
  });
});

describe('a server that is away', () => {
  it('is tried again every few seconds, however long it has been away', async () => {
    const tries: number[] = [];
    const server = createServer((socket) => {
      tries.push(performance.now());
      socket.destroy();
    });
    const client = await connectTemporal({ env: { TEMPORAL_ADDRESS: await addressOf(server) }, lazy: true });
    closing.push(() => client.connection.close());
    // Each pause is longer than the one before, up to the longest, which by default comes to two minutes: the sixth is at least 8.4 s.
    while (tries.length < 7) {
      await client
        .withDeadline(Date.now() + 1_000, () => client.workflowService.getSystemInfo({}))
        .catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    }
    const pauses = tries.slice(1).map((at, index) => at - tries[index]!);
    expect(Math.max(...pauses)).toBeLessThan(8_000);
  }, 60_000);
});
