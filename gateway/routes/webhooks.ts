/**
 * Webhooks of the providers. An event gets a 2xx only when nothing depends on its being sent again: it is stored and,
 * if it ends a call in flight, durable in Temporal. Any failure on the way is answered with 5xx, and the provider sends
 * the event again. The stored row records what was signalled, and so decides what is left to do.
 */
import type { FastifyBaseLogger, FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import type { EventDelivery } from '../temporal/event-delivery.ts';
import { markSignalled, storeEvent } from '../../db/call-events.ts';
import { correctLost } from '../../db/late-ends.ts';
import type { Pool } from '../../db/pool.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { EndedEvent } from '../../domain/engine/outcome.ts';
import { readEvents } from '../../providers/checked.ts';
import type { CallEvent, CallProvider } from '../../providers/port.ts';
import { refusals } from '../http/envelope.ts';

export interface WebhooksOptions {
  readonly pool: Pool;
  readonly providers: ReadonlyMap<string, CallProvider>;
  readonly delivery: Pick<EventDelivery, 'deliver'>;
  readonly clock: () => number;
}

const BODY_LIMIT = 256 * 1024;

export const webhooks: FastifyPluginAsync<WebhooksOptions> = async (app, { pool, providers, delivery, clock }) => {
  // A signature covers the raw bytes, so the body must not be parsed before it is verified.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const takeIn = async (
    provider: CallProvider,
    event: CallEvent,
    raw: string,
    log: FastifyBaseLogger,
  ): Promise<void> => {
    const stored = await storeEvent(pool, provider.name, event, raw);
    const { callId, campaignId, signalled, settled, unconfirmed } = stored;
    if (stored.contradicts !== null && stored.status === 'new') {
      log.warn({ provider: provider.name, call: stored.contradicts }, 'an event names a call that it cannot belong to');
    }
    if (event.kind !== 'ended' || event.outcome === null) return;
    // An unknown call is being dialled at this moment, and the dial finds the event when its reply arrives. Or the
    // reply was lost, and a look-up or the sweep of lost calls finds it.
    if (callId === null || campaignId === null || signalled) return;
    if (settled) {
      await correctLost(pool, callId);
      return;
    }
    // Validated by the campaign's own schema: it would drop an event that it cannot read, and nobody would send it
    // again.
    const news = EndedEvent.parse({
      event_id: event.eventId,
      call_id: callId,
      outcome: event.outcome,
      ended_at: event.occurredAt,
      ...(unconfirmed ? { unconfirmed } : {}),
    });
    const delivered = await delivery.deliver(campaignId, news);
    // An event that a closed workflow did not receive stays unmarked, so that the next workflow finds it.
    if (delivered === 'accepted') await markSignalled(pool, provider.name, [event.eventId]);
  };

  app.post<{ Params: { provider: string } }>(
    '/webhooks/:provider',
    {
      bodyLimit: BODY_LIMIT,
      config: { acceptsAnyType: true },
      schema: {
        summary: "Receive a provider's events",
        tags: ['webhooks'],
        response: { 200: z.object({ received: z.int().min(0) }), ...refusals },
      },
    },
    async (request, reply) => {
      const provider = providers.get(request.params.provider);
      if (!provider) {
        throw new RingfenceError('not_found', 'There is no provider with this name.', { field: 'provider' });
      }
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const webhook = { rawBody: body, headers: request.headers, url: null, now: clock() };
      provider.verify(webhook);
      const { events, problems } = readEvents(provider, webhook);
      const raw = body.toString('utf8');
      for (const event of events) await takeIn(provider, event, raw, request.log);
      if (problems.length > 0) throw notTakenIn(provider, problems, request.log);
      return reply.code(200).send({ received: events.length });
    },
  );
};

/** The provider keeps the event and sends it again, so a corrected adapter can read it then. */
function notTakenIn(provider: CallProvider, problems: readonly string[], log: FastifyBaseLogger): RingfenceError {
  log.error({ provider: provider.name, problems }, 'the adapter returned an invalid event');
  const message = `The adapter of ${provider.name} returned an invalid event (${problems.join('; ')}): correct the adapter, and the event is accepted when the provider sends it again.`;
  return new RingfenceError('internal', message);
}
