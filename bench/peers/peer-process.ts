/**
 * What the processes of all peers have in common, so that they differ by their library only: one main file with two
 * roles, Ringfence's own adapter for the provider, and a small HTTP gateway. The gateway takes contacts, takes the
 * provider's signed webhooks and hands on those that end a call, and tells how many contacts are not through.
 */
import { setTimeout as pause } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Outcome } from '../../domain/engine/outcome.ts';
import { providerFromEnv } from '../../providers/from-env.ts';
import type { CallProvider } from '../../providers/port.ts';
import { PeerSettings } from './settings.ts';

export const Contacts = z.array(z.object({ call_id: z.string(), phone_number: z.string() }));
/** Each is to be called once, under its own id: that is the idempotency key, and comes back in the webhooks. */
export type Contact = z.infer<typeof Contacts>[number];

export interface PeerGateway {
  /** Makes the contacts known and begins to call them. */
  enlist(contacts: readonly Contact[]): Promise<void>;
  /** May come more than once, and before the reply to the placement. Rejects to have it sent again. */
  callEnded(callId: string, outcome: Outcome): Promise<void>;
  /** Contacts that are not through by the peer's own record. */
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

export interface PeerWorker {
  close(): Promise<void>;
}

export interface PeerRoles {
  gateway(settings: PeerSettings): Promise<PeerGateway>;
  worker(settings: PeerSettings, provider: CallProvider): Promise<PeerWorker>;
}

const BODY_LIMIT = 64 * 1024 * 1024;

/** Runs one role of a peer until SIGTERM. */
export async function runPeer(env: NodeJS.ProcessEnv, roles: PeerRoles): Promise<void> {
  const settings = PeerSettings.parse(env);
  const provider = providerFromEnv(env);
  const close: (() => Promise<void>)[] = [];
  if (settings.PEER_ROLE === 'worker') {
    const worker = await roles.worker(settings, provider);
    close.push(() => worker.close());
    console.log(JSON.stringify({ ready: true }));
  } else {
    const gateway = await roles.gateway(settings);
    const app = buildApp(gateway, provider);
    const address = await app.listen({ port: settings.PEER_PORT, host: '127.0.0.1' });
    close.push(
      () => app.close(),
      () => gateway.close(),
    );
    console.log(JSON.stringify({ ready: true, address }));
  }
  process.once('SIGTERM', () => {
    void (async () => {
      for (const step of [...close, () => provider.close()]) await step();
    })();
  });
}

function buildApp(gateway: PeerGateway, provider: CallProvider): FastifyInstance {
  const app = fastify({ forceCloseConnections: true, bodyLimit: BODY_LIMIT });
  app.post('/contacts', async (request, reply) => {
    await gateway.enlist(Contacts.parse(request.body));
    return reply.code(201).send();
  });
  app.get('/unfinished', async () => ({ unfinished: await gateway.unfinished() }));
  void app.register(async (webhooks) => {
    // The signature is made over bytes.
    webhooks.removeAllContentTypeParsers();
    webhooks.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    webhooks.post('/webhooks/truedy', async (request) => {
      const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const webhook = { rawBody, headers: request.headers, url: null, now: Date.now() };
      provider.verify(webhook);
      for (const { kind, callId, outcome } of provider.parse(webhook)) {
        if (kind === 'ended' && callId !== null) await gateway.callEnded(callId, outcome ?? 'completed');
      }
      return {};
    });
  });
  return app;
}

/**
 * Places a contact's call. A repeat carries the same key and the same bytes, so the provider answers as it did before.
 *
 * @returns the provider's id of the call, or null when it refused this number for good.
 * @throws Error on everything else, for the library to try again.
 */
export async function placeCall(
  provider: CallProvider,
  { call_id, phone_number }: Contact,
): Promise<{ readonly providerCallId: string | null }> {
  const frozen = provider.freeze({
    callId: call_id,
    agentId: 'bench-agent',
    phoneNumber: phone_number,
    extension: null,
    fromNumberId: null,
    firstName: null,
    lastName: null,
    email: null,
    customFields: {},
  });
  const result = await provider.place(frozen, call_id, Number.POSITIVE_INFINITY);
  if (result.kind === 'accepted') return { providerCallId: result.providerCallId };
  if (result.kind === 'rejected') return { providerCallId: null };
  if (result.kind === 'throttled') await pause(result.retryAfterMs ?? 1_000);
  throw new Error(`The call was not placed: ${result.kind}.`);
}
