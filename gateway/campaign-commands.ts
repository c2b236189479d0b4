/** What a campaign can be told: `POST /batch-calls/{id}/pause`, `/resume`, `/cancel` and `/restart`. */
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CampaignClient } from '../client/campaign-client.ts';
import { type CommandedCampaign, findCommanded, markWorkflowStarted } from '../db/campaigns.ts';
import { CancelAnswer, RestartAnswer } from '../domain/campaign-answer.ts';
import { engineSpec } from '../domain/campaign-request.ts';
import { CampaignStatus } from '../domain/campaign-state.ts';
import { isOver } from '../domain/commands.ts';
import { RingfenceError } from '../domain/errors.ts';
import { RecordedStatus } from '../domain/interruption.ts';
import { type CampaignRoutesOptions, noCampaign } from './campaigns-routes.ts';
import { type EndedWorkflowOptions, noteEnded, refuseInterrupted, throwEnded } from './ended-workflow.ts';
import { answer, answerOf, refusals } from './envelope.ts';
import { cancelInterrupted, restartInterrupted, type RestartOptions } from './restart-campaign.ts';

export interface CampaignCommandsOptions
  extends Pick<CampaignRoutesOptions, 'pool' | 'startCampaign' | 'clock'>, RestartOptions, EndedWorkflowOptions {
  readonly campaigns: Pick<CampaignClient, 'pause' | 'resume' | 'cancel'>;
}

const Id = z.object({ id: z.guid() });
const acknowledged = { id: z.guid(), acknowledged: z.literal(true), status: CampaignStatus };
const instant = z.iso.datetime();

/** Kept in Temporal and obeyed when a worker runs again. The status is the one on record, not what was asked for. */
const NotYet = answerOf(z.object({ id: z.guid(), acknowledged: z.literal(false), status: RecordedStatus }));

export const campaignCommands: FastifyPluginAsyncZod<CampaignCommandsOptions> = async (app, options) => {
  const { pool, startCampaign, campaigns, clock } = options;

  /** Finds the campaign and sees to it that there is a workflow to talk to. */
  const prepare = async ({ caller }: FastifyRequest, id: string): Promise<CommandedCampaign> => {
    const campaign = await findCommanded(pool, caller.account, id);
    if (!campaign) throw noCampaign();
    if (isOver(campaign.status)) throw ended(campaign.status);
    refuseInterrupted(id, campaign);
    if (!campaign.started) {
      await startCampaign(id, engineSpec(campaign.terms));
      await markWorkflowStarted(pool, id);
    }
    return campaign;
  };

  const whenRefused =
    ({ caller }: FastifyRequest, id: string) =>
    (error: unknown): Promise<never> =>
      throwEnded(options, caller.account, id, error);

  app.post(
    '/batch-calls/:id/pause',
    {
      config: { stopsCalls: true },
      schema: {
        summary: 'Stop placing calls',
        tags: ['campaigns'],
        params: Id,
        response: {
          200: answerOf(
            z.object({
              ...acknowledged,
              paused_at: instant,
              live: z.array(z.string()).readonly(),
              unknown: z.array(z.string()).readonly(),
            }),
          ),
          202: NotYet,
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { status } = await prepare(request, id);
      const outcome = await campaigns.pause(id).catch(whenRefused(request, id));
      if (outcome.acknowledged) return reply.code(200).send(answer(request, { id, ...outcome }));
      return reply.code(202).send(answer(request, { id, status, ...outcome }));
    },
  );

  app.post(
    '/batch-calls/:id/resume',
    {
      schema: {
        summary: 'Let a paused campaign go on',
        tags: ['campaigns'],
        params: Id,
        response: { 200: answerOf(z.object({ ...acknowledged, resumed_at: instant })), 202: NotYet, ...refusals },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { status } = await prepare(request, id);
      const outcome = await campaigns.resume(id).catch(whenRefused(request, id));
      if (outcome.acknowledged) return reply.code(200).send(answer(request, { id, ...outcome }));
      return reply.code(202).send(answer(request, { id, status, ...outcome }));
    },
  );

  app.post(
    '/batch-calls/:id/cancel',
    {
      config: { stopsCalls: true },
      schema: {
        summary: 'End a campaign; live calls are followed to their end',
        tags: ['campaigns'],
        params: Id,
        response: {
          200: answerOf(CancelAnswer),
          202: NotYet,
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { account } = request.caller;
      const ending = await cancelInterrupted(options, account, id);
      if (ending !== null) return reply.code(200).send(answer(request, { id, ...cancelled(ending, clock()) }));
      const { status } = await prepare(request, id);
      const outcome = await campaigns.cancel(id).catch(async (error: unknown) => {
        await noteEnded(options, id, error);
        // Its workflow was ended from outside since it was last looked at.
        const now = await cancelInterrupted(options, account, id);
        if (now === null) return throwEnded(options, account, id, error);
        return cancelled(now, clock());
      });
      if (outcome.acknowledged) return reply.code(200).send(answer(request, { id, ...outcome }));
      return reply.code(202).send(answer(request, { id, status, ...outcome }));
    },
  );

  app.post(
    '/batch-calls/:id/restart',
    {
      schema: {
        summary: 'Let an interrupted campaign go on',
        tags: ['campaigns'],
        params: Id,
        response: {
          200: answerOf(RestartAnswer),
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { account } = request.caller;
      const askedAt = clock() - reply.elapsedTime;
      const status = await restartInterrupted(options, { account, id, askedAt });
      return answer(request, { id, status, restarted_at: new Date(clock()).toISOString() });
    },
  );
};

/** The record says that the campaign is to end, so no run of it calls anybody: that is what a cancel promises. */
function cancelled(status: CampaignStatus, now: number) {
  return { acknowledged: true as const, status, cancel_requested_at: new Date(now).toISOString() };
}

function ended(status: RecordedStatus): RingfenceError {
  return new RingfenceError('wrong_state', `The campaign is ${status}; it takes no more commands.`, {
    details: { status },
  });
}
