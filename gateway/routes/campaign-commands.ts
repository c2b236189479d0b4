/** The commands of a campaign: `POST /batch-calls/{id}/pause`, `/resume`, `/cancel` and `/restart`. */
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CampaignControl } from '../../client/campaign-control.ts';
import type { Queryable } from '../../db/pool.ts';
import {
  CancelResponse,
  NotYetResponse,
  PauseResponse,
  RestartResponse,
  ResumeResponse,
} from '../../domain/api/campaign-responses.ts';
import { type Command, refusal } from '../../domain/engine/commands.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { Uuid } from '../../domain/engine/ids.ts';
import { type EndedWorkflowOptions, noteEnded, throwEnded } from './ended-workflow.ts';
import { answer, answerOf, refusals } from '../http/envelope.ts';
import { commandOptions, keepInTransaction } from '../http/idempotent-writes.ts';
import type { RecallCommand } from '../temporal/recall-command.ts';
import { ensureStarted, findOpen } from './open-campaign.ts';
import { type Cancelled, cancelInterrupted, restartInterrupted, type RestartOptions } from './restart-campaign.ts';
import type { StartOptions } from './start-recorded.ts';

export interface CampaignCommandsOptions extends StartOptions, RestartOptions, EndedWorkflowOptions {
  readonly recallCommand: RecallCommand;
  readonly campaigns: Pick<CampaignControl, 'pause' | 'resume' | 'cancel'>;
}

const Id = z.object({ id: Uuid });
const NotYet = answerOf(NotYetResponse);

export const campaignCommands: FastifyPluginAsyncZod<CampaignCommandsOptions> = async (app, options) => {
  const { pool, campaigns, recallCommand } = options;

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

  /** The acknowledgement that an earlier execution of the same request has got, and that did not reach its client. */
  const recall = async <T>(request: FastifyRequest<{ Params: { id: string } }>, acknowledgement: z.ZodType<T>) => {
    const { keyed, params } = request;
    const recalled = keyed?.isRepeat ? await recallCommand(params.id, keyed.commandId) : null;
    return recalled && acknowledgement.parse({ id: params.id, acknowledged: true, ...recalled });
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
      const recalled = await recall(request, PauseResponse);
      if (recalled) return reply.code(200).send(answer(request, recalled));
      const { id, status } = await prepare(request, 'pause');
      const outcome = await campaigns.pause(id, commandOptions(request)).catch(whenRefused(request, id));
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
      const recalled = await recall(request, ResumeResponse);
      if (recalled) return reply.code(200).send(answer(request, recalled));
      const { id, status } = await prepare(request, 'resume');
      const outcome = await campaigns.resume(id, commandOptions(request)).catch(whenRefused(request, id));
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
      const recalled = await recall(request, CancelResponse);
      if (recalled) return reply.code(200).send(answer(request, recalled));
      const keep = (tx: Queryable, cancelled: Cancelled) =>
        keepInTransaction(request, reply, tx, { status: 200, data: { id, ...cancelled } });
      const ending = await cancelInterrupted(options, account, id, keep);
      if (ending !== null) return reply.code(200).send(answer(request, { id, ...ending }));
      const { status } = await prepare(request, 'cancel');
      const outcome = await campaigns.cancel(id, commandOptions(request)).catch(async (error: unknown) => {
        await noteEnded(options, id, error);
        // Its workflow was ended from outside since the last check.
        const now = await cancelInterrupted(options, account, id, keep);
        return now ?? throwEnded(options, account, id, error);
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
      const askedAt = options.clock() - reply.elapsedTime;
      const restarted = await restartInterrupted(options, { account, id, askedAt }, (tx, data) =>
        keepInTransaction(request, reply, tx, { status: 200, data }),
      );
      return answer(request, restarted);
    },
  );
};
