/** Carries a command to a campaign's workflow: acknowledged where a worker answers, durable in any case. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure, UpdateDefinition } from '@temporalio/common';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { wayOut } from '../../domain/api/interruption.ts';
import type { Acknowledged, CommandOptions } from '../campaign-control.ts';
import { retryTransient } from './retry-transient.ts';
import { isNamed, isTimeout, isTransient, isWorkflowNotFound, temporalUnavailable } from './temporal-errors.ts';

/** An update with what it takes. */
export interface Sent<T, A extends unknown[]> {
  readonly update: UpdateDefinition<T, A>;
  readonly args: A;
}

/** A pause waits for placements that are talking to the provider; these are bounded by the provider's own time-out. */
const ANSWER_TIMEOUT_MS = 15_000;
const FALLBACK_TIMEOUT_MS = 5_000;
const AFTER_RUN_ENDED_MS = 50;
/** The server's word for an update that a run had accepted and not finished when it ended. */
const RUN_ENDED = 'AcceptedUpdateCompletedWorkflow';

/**
 * Sends `update`, and `otherwise` (which must be durable) when nobody has answered in time. The server may still hold the
 * update then and hand it to a worker later, after other commands: `otherwise` is given its id to send along, so that
 * the workflow takes up only one of the two.
 * @throws RingfenceError `not_found`, `wrong_state` or `temporal_unavailable`
 */
export async function command<T extends object, A extends unknown[] = []>(
  client: Client,
  handle: WorkflowHandle,
  update: Sent<T, A>,
  otherwise: (updateId: string) => Promise<unknown>,
  { updateId = randomUUID(), timeoutMs = ANSWER_TIMEOUT_MS }: CommandOptions = {},
): Promise<Acknowledged<T>> {
  const answer = await answerInTime(client, handle, update, updateId, Date.now() + timeoutMs);
  if (answer !== null) return { acknowledged: true, ...answer };
  const deadline = Date.now() + FALLBACK_TIMEOUT_MS;
  try {
    await retryTransient(deadline, () => client.withDeadline(deadline, () => otherwise(updateId)));
  } catch (error) {
    if (isWorkflowNotFound(error)) await refuseUnlessRunning(client, handle);
    throw temporalUnavailable(error);
  }
  return { acknowledged: false };
}

/** Null when there was no answer by `deadline`. */
async function answerInTime<T, A extends unknown[]>(
  client: Client,
  handle: WorkflowHandle,
  { update, args }: Sent<T, A>,
  updateId: string,
  deadline: number,
): Promise<T | null> {
  // The SDK types updates with and without arguments apart; what is sent is the same.
  const anyArgs = update as unknown as UpdateDefinition<T, [unknown]>;
  for (;;) {
    try {
      return await retryTransient(deadline, () =>
        client.withDeadline(deadline, () =>
          handle.executeUpdate(anyArgs, { updateId, args: args as unknown as [unknown] }),
        ),
      );
    } catch (error) {
      if (isTimeout(error) || isTransient(error)) return null;
      if (isWorkflowNotFound(error)) await refuseUnlessRunning(client, handle);
      else if (isNamed(error, 'WorkflowUpdateFailedError')) throwUnlessRunEnded(error);
      else throw temporalUnavailable(error);
      // One run has given way to the next in the meantime: the next is asked, under the same id.
      if (Date.now() + AFTER_RUN_ENDED_MS >= deadline) return null;
      await wait(AFTER_RUN_ENDED_MS);
    }
  }
}

/** Throws the refusal in a failed update. Returns if the update has failed only because its run has ended. */
export function throwUnlessRunEnded(error: Error): void {
  const { cause } = error;
  if (!isApplicationFailure(cause)) throw temporalUnavailable(error);
  if (cause.type === RUN_ENDED) return;
  if (cause.type === 'wrong_state' || cause.type === 'validation_error') {
    throw new RingfenceError(cause.type, cause.message, { cause: error, ...fieldOf(cause) });
  }
  throw new RingfenceError('internal', 'The campaign could not execute the command.', { cause: error });
}

function isApplicationFailure(cause: unknown): cause is ApplicationFailure {
  return isNamed(cause, 'ApplicationFailure');
}

/** The field at fault, where the workflow names it. */
function fieldOf({ details }: ApplicationFailure): { readonly field?: string } {
  const about: unknown = details?.[0];
  if (typeof about !== 'object' || about === null || !('field' in about)) return {};
  return typeof about.field === 'string' ? { field: about.field } : {};
}

/** Tells a campaign that is over from one that never was. */
async function refuseUnlessRunning(client: Client, handle: WorkflowHandle): Promise<void> {
  let status;
  try {
    ({ status } = await client.withDeadline(Date.now() + FALLBACK_TIMEOUT_MS, () => handle.describe()));
  } catch (error) {
    throw isWorkflowNotFound(error) ? campaignNotFound(error) : temporalUnavailable(error);
  }
  if (status.name !== 'RUNNING') throw notRunning(handle, status.name.toLowerCase());
}

/** A workflow that somebody or something ended from outside has not ended its campaign. */
const FROM_OUTSIDE = new Set(['terminated', 'failed', 'timed_out']);

/** @throws RingfenceError `wrong_state` if the workflow was ended from outside */
export function refuseInterrupted(handle: WorkflowHandle, { name }: { readonly name: string }): void {
  const status = name.toLowerCase();
  if (FROM_OUTSIDE.has(status)) throw notRunning(handle, status);
}

function notRunning({ workflowId }: WorkflowHandle, status: string): RingfenceError {
  const id = workflowId.replace('campaign-', '');
  const message = FROM_OUTSIDE.has(status)
    ? `The campaign is interrupted: its workflow has ended (${status.replace('_', ' ')}). ${wayOut(id, null)}`
    : 'The campaign has ended; it accepts no more commands.';
  return new RingfenceError('wrong_state', message, { details: { workflow_status: status } });
}

export function campaignNotFound(cause: unknown): RingfenceError {
  return new RingfenceError('not_found', 'Temporal knows no campaign with this id: check the id and the namespace.', {
    cause,
  });
}
