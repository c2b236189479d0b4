/** `PATCH /batch-calls/{id}`: changes the terms of a campaign. */
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CampaignEditing } from '../../client/temporal/edit-over-temporal.ts';
import { readCampaign } from '../../db/campaign-queries.ts';
import type { CommandedCampaign } from '../../db/campaigns.ts';
import { Campaign } from '../../domain/api/campaign-responses.ts';
import { campaignEdit as editOf, ChangeCampaign, changedTerms } from '../../domain/api/campaign-change.ts';
import { engineSpec } from '../../domain/api/campaign-request.ts';
import { refuseExpired } from '../../domain/api/campaign-terms.ts';
import { changesHours } from '../../domain/engine/calling-hours.ts';
import { newCampaign } from '../../domain/engine/commands.ts';
import { editRefusal } from '../../domain/engine/editing.ts';
import { refuseUnknownRegion } from '../../domain/windows/holidays.ts';
import { refuseWithoutRoom } from '../../domain/windows/room-to-dial.ts';
import { Uuid } from '../../domain/engine/ids.ts';
import { type CampaignRoutesOptions, dialMarginOf, noCampaign } from './campaigns-routes.ts';
import { type EndedWorkflowOptions, throwEnded } from './ended-workflow.ts';
import { answer, answerOf, refusals } from '../http/envelope.ts';
import { commandOptions } from '../http/idempotent-writes.ts';
import type { RecallCommand } from '../temporal/recall-command.ts';
import { ensureStarted, findOpen } from './open-campaign.ts';
import { refuseNeverOpen } from './refuse-never-open.ts';
import type { StartOptions } from './start-recorded.ts';

export interface CampaignEditOptions
  extends StartOptions, EndedWorkflowOptions, Pick<CampaignRoutesOptions, 'clock' | 'connections'> {
  readonly recallCommand: RecallCommand;
  readonly campaigns: CampaignEditing;
}

export const campaignEdit: FastifyPluginAsyncZod<CampaignEditOptions> = async (app, options) => {
  const { pool, campaigns, clock, connections, recallCommand } = options;

  const edit = async (request: FastifyRequest<{ Params: { id: string }; Body: ChangeCampaign }>): Promise<void> => {
    const { account } = request.caller;
    const { id } = request.params;
    const change = request.body;
    const present = await findOpen(pool, account, id);
    const terms = changedTerms(present.terms, change);
    if (change.ends_at !== undefined) refuseExpired(terms, clock());
    refuseUnknownRegion(change.holidays);
    if (changesHours(change)) refuseWithoutRoom(terms, dialMarginOf(connections, terms.connection));
    await refuseNeverOpen(pool, present, change, terms, clock());
    if (!present.started) refuseUnlessEditable(present, change, clock());
    await ensureStarted(options, present);
    // Another change may be under way. The workflow applies each to the result of the one before.
    await campaigns
      .edit(id, change, commandOptions(request))
      .catch((error: unknown) => throwEnded(options, account, id, error));
  };

  app.patch(
    '/batch-calls/:id',
    {
      schema: {
        summary: 'Change the terms of a campaign',
        description:
          'Changes limits, hours or the retry policy. The change takes effect between two placements, and calls under way continue. Returns the changed campaign.',
        tags: ['campaigns'],
        params: z.object({ id: Uuid }),
        body: ChangeCampaign,
        response: { 200: answerOf(Campaign), ...refusals },
      },
    },
    async (request) => {
      const { account } = request.caller;
      const { id } = request.params;
      const recalled = request.keyed?.isRepeat ? await recallCommand(id, request.keyed.commandId) : null;
      if (recalled === null) await edit(request);
      const campaign = await readCampaign(pool, account, id, clock());
      if (!campaign) throw noCampaign();
      return answer(request, campaign);
    },
  );
};

/**
 * Refuses a change that the workflow would refuse if it were started with these terms, so that such a change starts
 * none.
 */
function refuseUnlessEditable({ terms }: CommandedCampaign, change: ChangeCampaign, now: number): void {
  const refused = editRefusal(newCampaign(engineSpec(terms), now), editOf(change), now);
  if (refused) throw refused;
}
