/** `PATCH /batch-calls/{id}`: new terms for a campaign that runs. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CampaignClient } from '../client/campaign-client.ts';
import { readCampaign } from '../db/campaign-answers.ts';
import { findCommanded } from '../db/campaigns.ts';
import type { Pool } from '../db/pool.ts';
import { CampaignAnswer } from '../domain/campaign-answer.ts';
import { ChangeCampaign, changedTerms } from '../domain/campaign-change.ts';
import { refuseOver } from '../domain/campaign-request.ts';
import { noCampaign } from './campaigns-routes.ts';
import { answer, answerOf, refusals } from './envelope.ts';

export interface CampaignEditOptions {
  readonly pool: Pool;
  readonly campaigns: Pick<CampaignClient, 'edit'>;
  readonly clock: () => number;
}

export const campaignEdit: FastifyPluginAsyncZod<CampaignEditOptions> = async (app, { pool, campaigns, clock }) => {
  app.patch(
    '/batch-calls/:id',
    {
      schema: {
        summary: 'Change limits, hours or the retry policy',
        description:
          'Takes effect between two calls; what is under way goes on. The answer is the campaign as changed.',
        tags: ['campaigns'],
        params: z.object({ id: z.guid() }),
        body: ChangeCampaign,
        response: { 200: answerOf(CampaignAnswer), ...refusals },
      },
    },
    async (request) => {
      const { account } = request.caller;
      const { id } = request.params;
      const present = await findCommanded(pool, account, id);
      if (!present) throw noCampaign();
      const { terms, changed } = changedTerms(present.terms, request.body);
      if (changed.ends_at !== undefined) refuseOver(terms, clock());
      // Another change may be under way: the workflow lays each over the terms that the one before has left.
      await campaigns.edit(id, changed);
      const campaign = await readCampaign(pool, account, id, clock());
      if (!campaign) throw noCampaign();
      return answer(request, campaign);
    },
  );
};
