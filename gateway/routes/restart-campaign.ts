/** Restarts an interrupted campaign, to continue it or to end it. */
import type { RestartCampaign, Restarted, RestartTerms } from '../temporal/start-workflow.ts';
import { lockForRestart, noteCancel, noteRestart } from '../../db/interruptions.ts';
import { type AtEnd, inTransaction } from '../../db/pool.ts';
import type { RestartResponse } from '../../domain/api/campaign-responses.ts';
import { type CampaignTerms, engineSpec } from '../../domain/api/campaign-request.ts';
import type { CancelAcknowledgement } from '../../domain/engine/answers.ts';
import { isOver } from '../../domain/engine/commands.ts';
import { isBehindItsWorkflow, isInterrupted, type RecordedStatus } from '../../domain/api/interruption.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { isStartRefused, neverStarted, restartRefused } from '../../domain/api/failed-start.ts';
import { noCampaign } from './campaigns-routes.ts';
import type { EndedWorkflowOptions } from './ended-workflow.ts';
import { reconcileOne } from '../background/reconciler.ts';

export interface RestartOptions extends EndedWorkflowOptions {
  readonly restartWorkflow: RestartCampaign;
  readonly clock: () => number;
}

interface Asked {
  readonly account: string;
  readonly id: string;
  readonly askedAt: number;
}

/**
 * Starts another run, which adopts the records and continues. Of several simultaneous requests one starts it, and all
 * get the same response: the campaign's row is locked meanwhile, and Temporal allows only one run of a workflow.
 *
 * @param askedAt when the request arrived, in epoch milliseconds
 * @param atEnd called in the transaction that restarts it; not if another request has restarted it
 * @throws RingfenceError `not_found`, `temporal_unavailable`, `start_refused`, and `wrong_state` unless the campaign is
 *   interrupted
 */
export async function restartInterrupted(
  options: RestartOptions,
  asked: Asked,
  atEnd: AtEnd<RestartResponse>,
): Promise<RestartResponse> {
  const { id } = asked;
  const first = await tryRestart(options, asked, atEnd);
  if (first.restarted) return first.restarted;
  // Its workflow may have ended since the last check.
  if (!isOver(first.status)) await reconcileOne(options, id);
  const { restarted, status } = isOver(first.status) ? first : await tryRestart(options, asked, atEnd);
  if (restarted) return restarted;
  throw new RingfenceError('wrong_state', `The campaign is ${status}; only an interrupted one can be restarted.`, {
    details: { status },
  });
}

async function tryRestart(
  { pool, restartWorkflow, clock }: RestartOptions,
  { account, id, askedAt }: Asked,
  atEnd: AtEnd<RestartResponse>,
): Promise<{ readonly restarted: RestartResponse | null; readonly status: RecordedStatus }> {
  return inTransaction(pool, async (tx) => {
    const campaign = await lockForRestart(tx, account, id);
    if (!campaign) throw noCampaign();
    const { status, was, reason, code, failure, restartedAt } = campaign;
    if (failure !== null) throw neverStarted(failure);
    if (status !== 'interrupted') {
      const byAnother = restartedAt !== null && restartedAt >= askedAt;
      return { restarted: byAnother ? restartResponse(id, status, restartedAt) : null, status };
    }
    if (isBehindItsWorkflow(reason)) throw behind(id, { reason: reason ?? 'completed', code });
    const goesOnAs = was ?? 'active';
    const outcome = await restart(restartWorkflow, campaign.terms, id, { status: goesOnAs, afterItsEnd: false });
    if (outcome === 'ended') throw behind(id, { reason: 'completed', code: null });
    const now = clock();
    await noteRestart(tx, id, now);
    const restarted = restartResponse(id, goesOnAs, now);
    await atEnd(tx, restarted);
    return { restarted, status: goesOnAs };
  });
}

function restartResponse(id: string, status: RecordedStatus, restartedAt: number): RestartResponse {
  return { id, status, restarted_at: new Date(restartedAt).toISOString() };
}

/** The record says that the campaign must end, so no run of it places a call: that is what a cancel promises. */
export interface Cancelled extends CancelAcknowledgement {
  readonly acknowledged: true;
}

/**
 * Starts a run of an interrupted campaign that follows its live calls and skips everyone else. The cancel is recorded
 * first, and stays recorded if Temporal does not answer: no later run places a call.
 *
 * @param atEnd called in the transaction that restarts it
 * @returns null if the campaign is not interrupted, so that its workflow can execute the command
 * @throws RingfenceError `temporal_unavailable`, `start_refused`
 */
export async function cancelInterrupted(
  { pool, restartWorkflow, clock }: RestartOptions,
  account: string,
  id: string,
  atEnd: AtEnd<Cancelled>,
): Promise<Cancelled | null> {
  if (!(await noteCancel(pool, account, id))) return null;
  return inTransaction(pool, async (tx) => {
    const campaign = await lockForRestart(tx, account, id);
    if (campaign?.status !== 'interrupted') return null;
    const status = campaign.was ?? 'active';
    const outcome = await restart(restartWorkflow, campaign.terms, id, { status, afterItsEnd: true });
    if (outcome === 'ended') return null;
    const now = clock();
    await noteRestart(tx, id, now);
    if (outcome !== 'started') return null;
    const cancelled = { acknowledged: true, status, cancel_requested_at: new Date(now).toISOString() } as const;
    await atEnd(tx, cancelled);
    return cancelled;
  });
}

/** A permanently refused run leaves the campaign interrupted, because calls of it may still be live. */
async function restart(
  restartWorkflow: RestartCampaign,
  terms: CampaignTerms,
  id: string,
  restartTerms: RestartTerms,
): Promise<Restarted> {
  try {
    return await restartWorkflow(id, engineSpec(terms), restartTerms);
  } catch (error) {
    throw isStartRefused(error) ? restartRefused(id, error) : error;
  }
}

function behind(id: string, why: Parameters<typeof isInterrupted>[1]): RingfenceError {
  const { message, details } = isInterrupted(id, why);
  const reason = 'A restart would call people again whom the ended workflow has called.';
  return new RingfenceError('wrong_state', `${message} ${reason}`, { details });
}
