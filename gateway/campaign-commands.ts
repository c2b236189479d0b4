/** What a running campaign can be told: `POST /batch-calls/{id}/pause`, `/resume` and `/cancel`. */
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CampaignClient } from '../client/campaign-client.ts';
import { type CommandedCampaign, findCommanded, markWorkflowStarted } from '../db/campaigns.ts';
import { engineSpec } from '../domain/campaign-request.ts';
import { CampaignStatus } from '../domain/campaign-state.ts';
import { isOver } from '../domain/commands.ts';
import { RingfenceError } from '../domain/errors.ts';
import { type CampaignRoutesOptions, noCampaign } from './campaigns-routes.ts';
import { answer, answerOf, refusals } from './envelope.ts';

export interface CampaignCommandsOptions extends Omit<CampaignRoutesOptions, 'clock'> {
  readonly campaigns: Pick<CampaignClient, 'pause' | 'resume' | 'cancel'>;
}

const Id = z.object({ id: z.guid() });
const acknowledged = { id: z.guid(), acknowledged: z.literal(true), status: CampaignStatus };
const instant = z.iso.datetime();

/** Kept in Temporal and obeyed when a worker runs again. The status is the one on record, not what was asked for. */
const NotYet = answerOf(z.object({ id: z.guid(), acknowledged: z.literal(false), status: CampaignStatus }));

export const campaignCommands: FastifyPluginAsyncZod<CampaignCommandsOptions> = async (app, options) => {
  const { pool, startCampaign, campaigns } = options;

  /** Finds the campaign and sees to it that there is a workflow to talk to. */
  const prepare = async ({ caller }: FastifyRequest, id: string): Promise<CommandedCampaign> => {
    const campaign = await findCommanded(pool, caller.account, id);
    if (!campaign) throw noCampaign();
    if (isOver(campaign.status)) throw ended(campaign.status);
    if (!campaign.started) {
      await startCampaign(id, engineSpec(campaign.terms));
      await markWorkflowStarted(pool, id);
    }
    return campaign;
  };

  app.post(
    '/batch-calls/:id/pause',
    {
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
      const outcome = await campaigns.pause(id).catch(throwGone);
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
      const outcome = await campaigns.resume(id).catch(throwGone);
      if (outcome.acknowledged) return reply.code(200).send(answer(request, { id, ...outcome }));
      return reply.code(202).send(answer(request, { id, status, ...outcome }));
    },
  );

  app.post(
    '/batch-calls/:id/cancel',
    {
      schema: {
        summary: 'End a campaign; live calls are followed to their end',
        tags: ['campaigns'],
        params: Id,
        response: {
          200: answerOf(z.object({ ...acknowledged, cancel_requested_at: instant })),
          202: NotYet,
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { status } = await prepare(request, id);
      const outcome = await campaigns.cancel(id).catch(throwGone);
      if (outcome.acknowledged) return reply.code(200).send(answer(request, { id, ...outcome }));
      return reply.code(202).send(answer(request, { id, status, ...outcome }));
    },
  );
};

function ended(status: CampaignStatus): RingfenceError {
  return new RingfenceError('wrong_state', `The campaign is ${status}; it takes no more commands.`, {
    details: { status },
  });
}

/** The record is there, so what is missing is the workflow: somebody ended it by hand, long enough ago to be forgotten. */
function throwGone(error: unknown): never {
  if (error instanceof RingfenceError && error.code === 'not_found') {
    const message =
      'The workflow of this campaign is gone: start a workflow under the same id, and it takes up the record.';
    throw new RingfenceError('wrong_state', message, { cause: error });
  }
  throw error;
}
