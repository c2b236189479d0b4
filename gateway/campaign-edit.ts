/** `PATCH /batch-calls/{id}`: new terms for a campaign that runs. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CampaignClient } from '../client/campaign-client.ts';
import { readCampaign } from '../db/campaign-answers.ts';
import { findCommanded } from '../db/campaigns.ts';
import { CampaignAnswer } from '../domain/campaign-answer.ts';
import { ChangeCampaign, changedTerms } from '../domain/campaign-change.ts';
import { refuseOver } from '../domain/campaign-request.ts';
import { noCampaign } from './campaigns-routes.ts';
import { type EndedWorkflowOptions, refuseInterrupted, throwEnded } from './ended-workflow.ts';
import { answer, answerOf, refusals } from './envelope.ts';

export interface CampaignEditOptions extends EndedWorkflowOptions {
  readonly campaigns: Pick<CampaignClient, 'edit'>;
  readonly clock: () => number;
}

export const campaignEdit: FastifyPluginAsyncZod<CampaignEditOptions> = async (app, options) => {
  const { pool, campaigns, clock } = options;
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
      refuseInterrupted(id, present);
      const { terms, changed } = changedTerms(present.terms, request.body);
      if (changed.ends_at !== undefined) refuseOver(terms, clock());
      // Another change may be under way: the workflow lays each over the terms that the one before has left.
      await campaigns.edit(id, changed).catch((error: unknown) => throwEnded(options, account, id, error));
      const campaign = await readCampaign(pool, account, id, clock());
      if (!campaign) throw noCampaign();
      return answer(request, campaign);
    },
  );
};
