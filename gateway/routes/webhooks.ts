/**
 * Where providers report. An event is answered with 2xx only when nothing more depends on its being sent again: it is
 * stored and, where it ends a call that is in flight, durable in Temporal. Everything that fails on the way answers 5xx,
 * the provider sends again, and the row that says what was signalled decides what is left to do.
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
  // A signature covers the raw bytes: nothing may be parsed and serialized again before it is verified.
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
      log.warn({ provider: provider.name, call: stored.contradicts }, 'an event names a call that it cannot be of');
    }
    if (event.kind !== 'ended' || event.outcome === null) return;
    // A call that is not known yet is being dialled at this moment, and the dial finds the event when its reply comes; or the
    // reply was lost, and a look-up does, or the sweep of lost calls.
    if (callId === null || campaignId === null || signalled) return;
    if (settled) {
      await correctLost(pool, callId);
      return;
    }
    // By the campaign's own schema: what it cannot read it would drop, and nobody would send it again.
    const news = EndedEvent.parse({
      event_id: event.eventId,
      call_id: callId,
      outcome: event.outcome,
      ended_at: event.occurredAt,
      ...(unconfirmed ? { unconfirmed } : {}),
    });
    const delivered = await delivery.deliver(campaignId, news);
    // What a closed workflow did not get stays unmarked, so that one started in its place finds it.
    if (delivered === 'accepted') await markSignalled(pool, provider.name, [event.eventId]);
  };

  app.post<{ Params: { provider: string } }>(
    '/webhooks/:provider',
    {
      bodyLimit: BODY_LIMIT,
      config: { takesAnyType: true },
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
      provider.verify(body, request.headers, clock());
      const { events, problems } = readEvents(provider, body);
      const raw = body.toString('utf8');
      for (const event of events) await takeIn(provider, event, raw, request.log);
      if (problems.length > 0) throw notTakenIn(provider, problems, request.log);
      return reply.code(200).send({ received: events.length });
    },
  );
};

/** The provider keeps the event and sends it again: an adapter that is mended in the meantime reads it then. */
function notTakenIn(provider: CallProvider, problems: readonly string[], log: FastifyBaseLogger): RingfenceError {
  log.error({ provider: provider.name, problems }, 'an event as the adapter read it cannot be taken in');
  const message = `An event cannot be taken in as the adapter of ${provider.name} reads it (${problems.join('; ')}): mend the adapter, and it is taken in when it comes again.`;
  return new RingfenceError('internal', message);
}
