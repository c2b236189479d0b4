/** The commands of a campaign: `POST /batch-calls/{id}/pause`, `/resume`, `/cancel` and `/restart`. */
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CampaignControl } from '../../client/campaign-control.ts';
import {
  CancelResponse,
  NotYetResponse,
  PauseResponse,
  RestartResponse,
  ResumeResponse,
} from '../../domain/api/campaign-responses.ts';
import type { CampaignStatus } from '../../domain/engine/campaign-state.ts';
import { type Command, refusal } from '../../domain/engine/commands.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { Uuid } from '../../domain/engine/ids.ts';
import { type EndedWorkflowOptions, noteEnded, throwEnded } from './ended-workflow.ts';
import { answer, answerOf, refusals } from '../http/envelope.ts';
import { ensureStarted, findOpen } from './open-campaign.ts';
import { cancelInterrupted, restartInterrupted, type RestartOptions } from './restart-campaign.ts';
import type { StartOptions } from './start-recorded.ts';

export interface CampaignCommandsOptions extends StartOptions, RestartOptions, EndedWorkflowOptions {
  readonly campaigns: Pick<CampaignControl, 'pause' | 'resume' | 'cancel'>;
}

const Id = z.object({ id: Uuid });
const NotYet = answerOf(NotYetResponse);

export const campaignCommands: FastifyPluginAsyncZod<CampaignCommandsOptions> = async (app, options) => {
  const { pool, campaigns, clock } = options;

  /**
   * Finds the campaign and makes sure that it has a workflow. If it has none yet, the record alone decides whether the
   * command is refused, because the workflow would begin with it. A refused command starts nothing.
   */
  const prepare = async (request: FastifyRequest<{ Params: { id: string } }>, command: Command) => {
    const campaign = await findOpen(pool, request.caller.account, request.params.id);
    const refused = campaign.started ? null : refusal(campaign, command);
    if (refused !== null) {
      throw new RingfenceError('wrong_state', refused, { details: { status: campaign.status } });
    }
    await ensureStarted(options, campaign);
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
        summary: 'Pause a campaign',
        tags: ['campaigns'],
        params: Id,
        response: {
          200: answerOf(PauseResponse),
          202: NotYet,
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { id, status } = await prepare(request, 'pause');
      const outcome = await campaigns.pause(id).catch(whenRefused(request, id));
      if (outcome.acknowledged) return reply.code(200).send(answer(request, { id, ...outcome }));
      return reply.code(202).send(answer(request, { id, status, ...outcome }));
    },
  );

  app.post(
    '/batch-calls/:id/resume',
    {
      schema: {
        summary: 'Resume a paused campaign',
        tags: ['campaigns'],
        params: Id,
        response: { 200: answerOf(ResumeResponse), 202: NotYet, ...refusals },
      },
    },
    async (request, reply) => {
      const { id, status } = await prepare(request, 'resume');
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
        summary: 'Cancel a campaign',
        tags: ['campaigns'],
        params: Id,
        response: {
          200: answerOf(CancelResponse),
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
      const { status } = await prepare(request, 'cancel');
      const outcome = await campaigns.cancel(id).catch(async (error: unknown) => {
        await noteEnded(options, id, error);
        // Its workflow was ended from outside since the last check.
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
        summary: 'Restart an interrupted campaign',
        tags: ['campaigns'],
        params: Id,
        response: {
          200: answerOf(RestartResponse),
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

/** The record says that the campaign must end, so no run of it places a call: that is what a cancel promises. */
function cancelled(status: CampaignStatus, now: number) {
  return { acknowledged: true as const, status, cancel_requested_at: new Date(now).toISOString() };
}
