import { type Client, WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { Campaign, RestartResponse } from '../domain/api/campaign-responses.ts';
import { campaignEdit, type ChangeCampaignInput, readChange } from '../domain/api/campaign-change.ts';
import { type CreateCampaignInput, refuseExpired } from '../domain/api/campaign-request.ts';
import type { CampaignEdit } from '../domain/engine/editing.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { canonicalId, Uuid, workflowId } from '../domain/engine/ids.ts';
import {
  type CampaignProgress,
  type CampaignResult,
  type CancelAcknowledgement,
  cancelUpdate,
  type EditAcknowledgement,
  editUpdate,
  type PauseAcknowledgement,
  pauseAndWait,
  pauseSignal,
  progressQuery,
  type ResumeAcknowledgement,
  resumeSignal,
  resumeUpdate,
} from '../workflows/messages.ts';
import { type Acknowledged, campaignNotFound, command, type CommandOptions } from './command.ts';
import { connectTemporal, type ConnectOptions } from './connection.ts';
import { type ApiOptions, requestApi } from './http-api.ts';
import { isWorkflowNotFound, temporalUnavailable } from './temporal-errors.ts';

export interface StartOptions {
  /**
   * Names this campaign among all of the account's: a repeat with the same key and the same campaign starts nothing and
   * gets the first answer. Without one, a repeat after a lost answer calls everybody twice.
   */
  readonly idempotencyKey?: string;
}

const PROGRESS_TIMEOUT_MS = 10_000;

/**
 * Runs call campaigns from any backend.
 *
 * A campaign is created through the gateway, which keeps its people in PostgreSQL; they never pass through Temporal. From
 * then on it is spoken to through Temporal directly, so that a pause does not depend on the gateway.
 *
 * Every method throws a RingfenceError, whose `code` says what to do: `not_found`, `wrong_state` (not possible in the
 * campaign's present status), `temporal_unavailable` and `api_unreachable` (try again), or a code of the gateway's.
 *
 * @example
 * const campaigns = await CampaignClient.connect({ api: { baseUrl, key } });
 * const { id } = await campaigns.start({ name: 'Reminders', agent_id, contacts }, { idempotencyKey: 'reminders-2026-03' });
 * await campaigns.pause(id);
 */
export class CampaignClient {
  readonly #temporal: Client;
  readonly #api: ApiOptions | undefined;
  #ownsConnection = false;

  /** Uses a client that exists; its connection stays the caller's to close. */
  constructor({ temporal, api }: { readonly temporal: Client; readonly api?: ApiOptions | undefined }) {
    this.#temporal = temporal;
    this.#api = api;
  }

  /** Connects by Temporal's environment configuration: address, namespace, TLS, API key or a profile. */
  static async connect({
    api,
    ...options
  }: ConnectOptions & { readonly api?: ApiOptions | undefined } = {}): Promise<CampaignClient> {
    const client = new CampaignClient({ temporal: await connectTemporal(options), api });
    client.#ownsConnection = true;
    return client;
  }

  /** Creates a campaign, which starts by itself. Needs `api`. The fields are those of `POST /batch-calls`. */
  async start(campaign: CreateCampaignInput, { idempotencyKey }: StartOptions = {}): Promise<Campaign> {
    const { data } = await requestApi(
      this.#apiOf('start'),
      {
        method: 'POST',
        path: '/batch-calls',
        body: campaign,
        headers: idempotencyKey === undefined ? {} : { 'x-idempotency-key': idempotencyKey },
      },
      Campaign,
    );
    return data;
  }

  /**
   * Stops placing calls. The acknowledgement means that nothing is being placed any more, and names the calls that are,
   * or may be, live. These go on to their normal end.
   */
  async pause(campaignId: string, options: CommandOptions = {}): Promise<Acknowledged<PauseAcknowledgement>> {
    const handle = this.#handle(campaignId);
    return command(
      this.#temporal,
      handle,
      { update: pauseAndWait, args: [] },
      (id) => handle.signal(pauseSignal, id),
      options,
    );
  }

  /** Lets a paused campaign go on. */
  async resume(campaignId: string, options: CommandOptions = {}): Promise<Acknowledged<ResumeAcknowledgement>> {
    const handle = this.#handle(campaignId);
    return command(
      this.#temporal,
      handle,
      { update: resumeUpdate, args: [] },
      (id) => handle.signal(resumeSignal, id),
      options,
    );
  }

  /** Ends a campaign: nothing more is placed, live calls are followed to their end, all other contacts are skipped. */
  async cancel(campaignId: string, options: CommandOptions = {}): Promise<Acknowledged<CancelAcknowledgement>> {
    const handle = this.#handle(campaignId);
    return command(this.#temporal, handle, { update: cancelUpdate, args: [] }, () => handle.cancel(), options);
  }

  /**
   * Lets an interrupted campaign go on, whose workflow was ended from outside: another one adopts its records. Needs `api`,
   * because only the gateway can read them. `wrong_state` unless the campaign is interrupted.
   */
  async restart(campaignId: string): Promise<RestartResponse> {
    const path = `/batch-calls/${encodeURIComponent(campaignId)}/restart`;
    return (await requestApi(this.#apiOf('restart'), { method: 'POST', path }, RestartResponse)).data;
  }

  /**
   * Changes the terms of a campaign between two of its placements. The fields are those of `PATCH /batch-calls/{id}`; what
   * is left out stays as it is, also when somebody else changes it at the same time. `retry_failed: true` alone brings back
   * as many retries as there were before they were turned off, or one.
   *
   * Unlike other commands it is not left to be obeyed later when nobody answers: then it may or may not be taken.
   */
  async edit(
    campaignId: string,
    change: ChangeCampaignInput,
    options: CommandOptions = {},
  ): Promise<EditAcknowledgement> {
    const stated = readChange(change);
    if (stated.ends_at !== undefined) refuseExpired({ ends_at: stated.ends_at }, Date.now());
    const edit = campaignEdit(stated);
    const handle = this.#handle(campaignId);
    const outcome = await command<EditAcknowledgement, [CampaignEdit]>(
      this.#temporal,
      handle,
      { update: editUpdate, args: [edit] },
      () => Promise.reject(new Error('no worker answered')),
      options,
    );
    if (!outcome.acknowledged) {
      const message = 'No worker answered in time: whether the change will be taken is not known. Look, and try again.';
      throw new RingfenceError('temporal_unavailable', message);
    }
    return outcome;
  }

  /** The campaign as its workflow sees it at this moment. Each question is a billed action on Temporal Cloud. */
  async progress(campaignId: string): Promise<CampaignProgress> {
    const handle = this.#handle(campaignId);
    try {
      return await this.#temporal.withDeadline(Date.now() + PROGRESS_TIMEOUT_MS, () => handle.query(progressQuery));
    } catch (error) {
      throw isWorkflowNotFound(error) ? campaignNotFound(error) : temporalUnavailable(error);
    }
  }

  /** Waits until the campaign has ended, however long that takes. `wrong_state` when its workflow was ended by hand. */
  async result(campaignId: string): Promise<CampaignResult> {
    const handle = this.#handle(campaignId);
    try {
      return (await handle.result()) as CampaignResult;
    } catch (error) {
      if (isWorkflowNotFound(error)) throw campaignNotFound(error);
      if (error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure) {
        return this.#resultOfCancelled(campaignId);
      }
      if (error instanceof WorkflowFailedError) throw endedWithoutResult(error);
      throw temporalUnavailable(error);
    }
  }

  /** A workflow that was cancelled through Temporal ends without a result of its own, but can still be asked. */
  async #resultOfCancelled(campaignId: string): Promise<CampaignResult> {
    const { buckets, late_events } = await this.progress(campaignId);
    return { campaign_id: canonicalId(campaignId), status: 'cancelled', buckets, late_events };
  }

  /** Closes the connection if this client made it. */
  async close(): Promise<void> {
    if (this.#ownsConnection) await this.#temporal.connection.close();
  }

  #apiOf(command: string): ApiOptions {
    if (this.#api) return this.#api;
    throw new RingfenceError('misconfigured', `To ${command} campaigns the client needs api: { baseUrl, key }.`, {
      field: 'api',
    });
  }

  /** An id in capitals is the same campaign. What cannot be an id names none, as it does to the gateway. */
  #handle(campaignId: string) {
    if (!Uuid.safeParse(campaignId).success) throw noSuchId();
    return this.#temporal.workflow.getHandle(workflowId(campaignId));
  }
}

function noSuchId(): RingfenceError {
  return new RingfenceError('not_found', 'There is no such campaign: the id of one is a UUID with hyphens.', {
    field: 'id',
  });
}

function endedWithoutResult(error: WorkflowFailedError): RingfenceError {
  const byHand = error.cause instanceof CancelledFailure || error.cause instanceof TerminatedFailure;
  return byHand
    ? new RingfenceError('wrong_state', 'The workflow was ended by hand and has no result: read the record instead.', {
        cause: error,
      })
    : new RingfenceError('internal', 'The workflow failed: see its history.', { cause: error });
}
