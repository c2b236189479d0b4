/** One contact of a campaign and the events of one call, for support. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type CallEventRecord, type EventPlace, explainContact, listCallEvents } from '../../db/contact-explanation.ts';
import type { Pool } from '../../db/pool.ts';
import { CallEventResponse, ContactExplanation } from '../../domain/api/contact-explanation.ts';
import { isStorable } from '../../domain/contacts/contact.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { CallId, Uuid } from '../../domain/engine/ids.ts';
import { findCommanded } from '../../db/campaigns.ts';
import { noCampaign } from './campaigns-routes.ts';
import { answer, answerOf, list, listOf, refusals } from '../http/envelope.ts';
import { Microseconds, pageShape, readPage } from '../http/page.ts';

export interface ContactCallsOptions {
  readonly pool: Pool;
  readonly connections: Connections;
  readonly clock: () => number;
}

const EventPlace: z.ZodType<EventPlace> = z.strictObject({
  receivedAt: Microseconds,
  eventId: z.string().refine(isStorable),
  connection: z.string().refine(isStorable),
});

export const contactCalls: FastifyPluginAsyncZod<ContactCallsOptions> = async (app, { pool, connections, clock }) => {
  const withProvider = (event: CallEventRecord): CallEventResponse => ({
    ...event,
    provider: connections.get(event.connection)?.connection.provider ?? event.connection,
  });

  app.get(
    '/batch-calls/:id/contacts/:contact_id',
    {
      schema: {
        summary: 'Explain a contact of a campaign',
        description: "Returns the contact's calls, what prevents a call now, and when the contact may be called next.",
        tags: ['campaigns'],
        params: z.object({ id: Uuid, contact_id: Uuid }),
        response: { 200: answerOf(ContactExplanation), ...refusals },
      },
    },
    async (request) => {
      const { id, contact_id } = request.params;
      const ids = { campaignId: id, contactId: contact_id };
      const allowedBy = (name: string) => connections.get(name)?.connection ?? null;
      const explained = await explainContact(pool, request.caller.account, ids, { now: clock(), allowedBy });
      if (explained) return answer(request, explained);
      await requireCampaign(pool, request.caller.account, id);
      throw noContact();
    },
  );

  app.get(
    '/batch-calls/:id/calls/:call_id/events',
    {
      schema: {
        summary: 'List the webhooks of a call',
        tags: ['campaigns'],
        params: z.object({ id: Uuid, call_id: CallId }),
        querystring: z.strictObject(pageShape),
        response: { 200: listOf(CallEventResponse), ...refusals },
      },
    },
    async (request) => {
      const { id, call_id } = request.params;
      const ids = { campaignId: id, callId: call_id };
      const { account } = request.caller;
      const asked = readPage(['events of a call', account, id, call_id], request.query, EventPlace);
      const events = await listCallEvents(pool, account, ids, asked.page);
      if (events) return list(request, asked, { ...events, items: events.items.map(withProvider) });
      await requireCampaign(pool, account, id);
      const message =
        'The campaign has no such call: GET /batch-calls/{id}/contacts/{contact_id} lists those of a contact.';
      throw new RingfenceError('not_found', message, { field: 'call_id' });
    },
  );
};

export function noContact(): RingfenceError {
  const message = 'The campaign has no such contact: GET /batch-calls/{id}/contacts lists them.';
  return new RingfenceError('not_found', message, { field: 'contact_id' });
}

/** Distinguishes an unknown campaign from an unknown contact or call. @throws RingfenceError `not_found` */
async function requireCampaign(pool: Pool, account: string, id: string): Promise<void> {
  if (!(await findCommanded(pool, account, id))) throw noCampaign();
}
