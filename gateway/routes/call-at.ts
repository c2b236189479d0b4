/** `POST /batch-calls/{id}/contacts/{contact_id}/call-at`: a callback at a time. */
import type { FastifyBaseLogger } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { findCommanded } from '../../db/campaigns.ts';
import { inTransaction } from '../../db/pool.ts';
import { moveNextCall } from '../../db/roster-changes.ts';
import { CallAt, MovedCall } from '../../domain/api/added-contacts.ts';
import type { CampaignTerms } from '../../domain/api/campaign-request.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { Uuid } from '../../domain/engine/ids.ts';
import { answer, answerOf, refusals } from '../http/envelope.ts';
import { keepInTransaction } from '../http/idempotent-writes.ts';
import { type CampaignContactsOptions, contactsTeller } from './campaign-contacts.ts';
import { noCampaign } from './campaigns-routes.ts';
import { noContact } from './contact-calls.ts';

export const callAt: FastifyPluginAsyncZod<
  Pick<CampaignContactsOptions, 'pool' | 'notify'> & { readonly logger: FastifyBaseLogger }
> = async (app, { pool, ...means }) => {
  const tell = contactsTeller(means);

  app.post(
    '/batch-calls/:id/contacts/:contact_id/call-at',
    {
      schema: {
        summary: 'Move the next call of a contact to a time',
        tags: ['campaigns'],
        params: z.object({ id: Uuid, contact_id: Uuid }),
        body: CallAt,
        response: { 200: answerOf(MovedCall), ...refusals },
      },
    },
    async (request, reply) => {
      const { id, contact_id } = request.params;
      const campaign = await findCommanded(pool, request.caller.account, id);
      if (!campaign) throw noCampaign();
      const at = new Date(request.body.at);
      refuseAfterEnd(campaign.terms, at);
      const { change, data } = await inTransaction(pool, async (tx) => {
        const change = await moveNextCall(tx, id, contact_id, at);
        if (!change) throw noContact();
        const { bucket: call_status, attempt } = change;
        const data = { id, contact_id, call_status, attempt, not_before: at.toISOString() };
        await keepInTransaction(request, reply, tx, { status: 200, data });
        return { change, data };
      });
      await tell(id, change);
      return answer(request, data);
    },
  );
};

function refuseAfterEnd({ ends_at }: Pick<CampaignTerms, 'ends_at'>, at: Date): void {
  if (ends_at === null || at.getTime() < Date.parse(ends_at)) return;
  const message = "at is not before the campaign's ends_at, and the contact would not be called: give an earlier time";
  throw new RingfenceError('validation_error', message, { field: 'at' });
}
