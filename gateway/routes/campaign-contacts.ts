/** `POST /batch-calls/{id}/contacts` and `DELETE /batch-calls/{id}/contacts/{contact_id}`: people come and go. */
import type { FastifyBaseLogger } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { findCommanded } from '../../db/campaigns.ts';
import { inTransaction, type Pool } from '../../db/pool.ts';
import { addContacts, type Newcomers, type RosterChange, removeContact } from '../../db/roster-changes.ts';
import { AddContacts, AddContactsHead, AddedContacts, RemovedContact } from '../../domain/api/added-contacts.ts';
import { Uuid } from '../../domain/engine/ids.ts';
import { chooseConnection } from '../../providers/connections/choose.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import { readingContacts } from '../http/contacts-body.ts';
import { answer, answerOf, refusals } from '../http/envelope.ts';
import { keepInTransaction } from '../http/idempotent-writes.ts';
import { acceptJsonInRuns } from '../http/json-body.ts';
import type { NotifyCampaign } from '../temporal/notify-campaign.ts';
import { type ContactBodies, noCampaign } from './campaigns-routes.ts';
import { noContact } from './contact-calls.ts';
import { knownContacts, statedContacts, withoutDuplicates } from './create-campaign.ts';

export interface CampaignContactsOptions {
  readonly pool: Pool;
  readonly connections: Connections;
  readonly notify: Pick<NotifyCampaign, 'ofContacts'>;
}

export const campaignContacts: FastifyPluginAsyncZod<
  CampaignContactsOptions & ContactBodies & { readonly logger: FastifyBaseLogger }
> = async (app, { pool, connections, notify, logger, bodyLimit }) => {
  acceptJsonInRuns(app);

  const tell = contactsTeller({ notify, logger });

  app.post(
    '/batch-calls/:id/contacts',
    {
      bodyLimit,
      preValidation: readingContacts(AddContactsHead),
      schema: {
        summary: 'Add contacts to a campaign',
        tags: ['campaigns'],
        params: z.object({ id: Uuid }),
        body: AddContacts,
        response: { 200: answerOf(AddedContacts), ...refusals },
      },
    },
    async (request, reply) => {
      const { account } = request.caller;
      const { id } = request.params;
      const { contacts, contact_ids } = request.body;
      const campaign = await findCommanded(pool, account, id);
      if (!campaign) throw noCampaign();
      const { connection } = chooseConnection(connections, account, campaign.terms.connection);
      const stated = await statedContacts({ contacts }, [connection]);
      const { change, data } = await inTransaction(pool, async (tx) => {
        const stored = await knownContacts(tx, account, contact_ids, [connection]);
        const { total, ...change } = await addContacts(tx, { account, id }, { stored, stated }, newcomers);
        const already_there = contacts.length + contact_ids.length - change.added;
        const data = { id, added: change.added, already_there, total_contacts: total };
        await keepInTransaction(request, reply, tx, { status: 200, data });
        return { change, data };
      });
      await tell(id, change);
      return answer(request, data);
    },
  );

  app.delete(
    '/batch-calls/:id/contacts/:contact_id',
    {
      schema: {
        summary: 'Take a contact out of a campaign',
        tags: ['campaigns'],
        params: z.object({ id: Uuid, contact_id: Uuid }),
        response: { 200: answerOf(RemovedContact), ...refusals },
      },
    },
    async (request, reply) => {
      const { id, contact_id } = request.params;
      if (!(await findCommanded(pool, request.caller.account, id))) throw noCampaign();
      const data = { id, contact_id, call_status: 'skipped' as const, reason: 'removed' as const };
      const removal = await inTransaction(pool, async (tx) => {
        const removal = await removeContact(tx, id, contact_id);
        if (removal.kind === 'not_found') throw noContact();
        await keepInTransaction(request, reply, tx, { status: 200, data });
        return removal;
      });
      if (removal.kind === 'removed') await tell(id, removal);
      return answer(request, data);
    },
  );
};

/** A signal that is lost is repaired by the sweeper, so no response depends on it. */
export function contactsTeller({
  notify,
  logger,
}: Pick<CampaignContactsOptions, 'notify'> & { readonly logger: FastifyBaseLogger }) {
  return async (id: string, change: RosterChange): Promise<void> => {
    if (!change.tell) return;
    await notify
      .ofContacts(id)
      .catch(() => logger.warn({ campaign: id }, 'the contacts of a campaign have changed, and it is not told yet'));
  };
}

function newcomers({ stored, stated }: Newcomers, known: Parameters<typeof withoutDuplicates>[1]): Newcomers {
  const ofFolders = withoutDuplicates(stored, known);
  return { stored: ofFolders, stated: withoutDuplicates(withoutDuplicates(stated, known), ofFolders) };
}
