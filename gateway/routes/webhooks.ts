/**
 * Webhooks of the providers. An event gets a 2xx only when nothing depends on its being sent again: it is stored and,
 * if it ends a call in flight, durable in Temporal. Any failure on the way is answered with 5xx, and the provider sends
 * the event again. The stored row records what was signalled, and so decides what is left to do.
 */
import type { FastifyBaseLogger, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { EventDelivery } from '../temporal/event-delivery.ts';
import { markSignalled, storeEvent } from '../../db/call-events.ts';
import { correctLost } from '../../db/late-ends.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { EndedEvent } from '../../domain/engine/outcome.ts';
import { readEvents } from '../../providers/checked.ts';
import type { Connections, OpenConnection } from '../../providers/connections/open-connections.ts';
import type { CallEvent } from '../../providers/port.ts';
import { BODY_LIMITS } from '../http/body-limits.ts';
import { refusals } from '../http/envelope.ts';
import { queueLargeRequests } from '../http/large-requests.ts';
import { type SlowClientLimits, slowClientLimits } from '../http/slow-client-limits.ts';
import { type EndedWorkflowOptions, noteEndOfLeftCall } from './ended-workflow.ts';

export interface WebhooksOptions extends Omit<EndedWorkflowOptions, 'logger'> {
  readonly connections: Connections;
  readonly delivery: Pick<EventDelivery, 'deliver'>;
  readonly clock: () => number;
  readonly slowClients?: Partial<SlowClientLimits>;
}

interface Params {
  readonly connection: string;
}

export const webhooks: FastifyPluginAsync<WebhooksOptions> = async (app, options) => {
  const { pool, connections, delivery, clock } = options;
  // A signature covers the raw bytes, so the body must not be parsed before it is verified.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const opened = ({ params }: Pick<FastifyRequest, 'params'>): OpenConnection => {
    const open = connections.get((params as Params).connection);
    if (open) return open;
    throw new RingfenceError('not_found', 'There is no connection with this name.', { field: 'connection' });
  };
  // Nothing is read for a connection that is not there. The signature identifies the sender only after the body was read.
  app.addHook('onRequest', async (request) => void opened(request));
  const nameOf = (request: FastifyRequest): string => opened(request).connection.name;
  queueLargeRequests(app, BODY_LIMITS.smallWebhook, slowClientLimits(options.slowClients), nameOf);

  const takeIn = async (connection: string, event: CallEvent, raw: string, log: FastifyBaseLogger): Promise<void> => {
    const stored = await storeEvent(pool, connection, event, raw);
    const { callId, campaignId, signalled, settled, unconfirmed } = stored;
    if (stored.contradicts !== null && stored.status === 'new') {
      log.warn({ connection, call: stored.contradicts }, 'an event names a call that it cannot belong to');
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
      account_fault: event.accountFault,
      ...(unconfirmed ? { unconfirmed } : {}),
    });
    const delivered = await delivery.deliver(campaignId, news);
    // An event that a closed workflow did not receive stays unmarked, so that the next workflow finds it.
    if (delivered === 'accepted') await markSignalled(pool, connection, [event.eventId]);
    else await noteEndOfLeftCall({ ...options, logger: log }, campaignId);
  };

  app.post<{ Params: Params }>(
    '/webhooks/:connection',
    {
      bodyLimit: BODY_LIMITS.webhook,
      config: { acceptsAnyType: true },
      schema: {
        summary: "Receive a connection's events",
        tags: ['webhooks'],
        response: { 200: z.object({ received: z.int().min(0) }), ...refusals },
      },
    },
    async (request, reply) => {
      const { connection, provider } = opened(request);
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const webhook = {
        rawBody: body,
        headers: request.headers,
        url: publicUrl(connection.webhookUrl, request.raw.url),
        now: clock(),
      };
      provider.verify(webhook);
      const { events, problems } = readEvents(provider, webhook);
      const raw = body.toString('utf8');
      for (const event of events) await takeIn(connection.name, event, raw, request.log);
      if (problems.length > 0) throw notTakenIn(connection.name, problems, request.log);
      return reply.code(200).send({ received: events.length });
    },
  );
};

/** The carrier signs the public URL with the query that it sent, byte for byte. */
function publicUrl(webhookUrl: string | null, sent: string | undefined): string | null {
  if (webhookUrl === null) return null;
  const query = sent?.indexOf('?') ?? -1;
  return query === -1 ? webhookUrl : webhookUrl + sent!.slice(query);
}

/** The provider keeps the event and sends it again, so a corrected adapter can read it then. */
function notTakenIn(connection: string, problems: readonly string[], log: FastifyBaseLogger): RingfenceError {
  log.error({ connection, problems }, 'the adapter returned an invalid event');
  const message = `The adapter of ${connection} returned an invalid event (${problems.join('; ')}): correct the adapter, and the event is accepted when the provider sends it again.`;
  return new RingfenceError('internal', message);
}
