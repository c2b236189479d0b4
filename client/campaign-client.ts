import { Campaign, RestartResponse } from '../domain/api/campaign-responses.ts';
import type { ChangeCampaignInput } from '../domain/api/campaign-change.ts';
import type { CreateCampaignInput } from '../domain/api/campaign-request.ts';
import type { CancelAcknowledgement, PauseAcknowledgement, ResumeAcknowledgement } from '../domain/engine/answers.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { Uuid } from '../domain/engine/ids.ts';
import type {
  Acknowledged,
  CampaignControl,
  CampaignProgress,
  CampaignResult,
  EditAcknowledgement,
} from './campaign-control.ts';
import { controlOverHttp } from './control-over-http.ts';
import { requestApi } from './http-api.ts';
import type { ApiOptions, CampaignClientOptions, CommandOptions, ConnectOptions, StartOptions } from './options.ts';
import { connectTemporal } from './temporal/connection.ts';
import { controlOverTemporal } from './temporal/control-over-temporal.ts';
import type { TemporalClient } from './temporal-client.ts';

/**
 * Runs call campaigns from any backend.
 *
 * With only `api`, every request goes to the gateway over HTTP. With a Temporal connection, running campaigns are controlled
 * through Temporal, so that a pause does not depend on the gateway. The gateway always creates and restarts campaigns,
 * because their contacts are stored in PostgreSQL and never pass through Temporal.
 *
 * Every method throws a RingfenceError. `ERROR_CODES` lists the meaning of each `code` and whether to repeat the request.
 * `wrong_state`: not possible in the campaign's present status. `temporal_unavailable` and `api_unreachable`: try again.
 *
 * @example
 * const campaigns = new CampaignClient({ api: { baseUrl, key } });
 * const { id } = await campaigns.start({ name: 'Reminders', agent_id, contacts }, { idempotencyKey: 'reminders-2026-03' });
 * await campaigns.pause(id);
 */
export class CampaignClient {
  readonly #api: ApiOptions | undefined;
  readonly #control: CampaignControl;
  #ownConnection: TemporalClient['connection'] | null = null;

  /** @throws RingfenceError `misconfigured` if both `api` and `temporal` are missing. */
  constructor({ api, temporal }: CampaignClientOptions) {
    this.#api = api;
    if (temporal) this.#control = controlOverTemporal(temporal);
    else this.#control = controlOverHttp(this.#apiTo('control'));
  }

  /**
   * Connects to Temporal by its environment configuration: address, namespace, TLS, API key or a profile. Requires the
   * packages `@temporalio/client` and `@temporalio/envconfig`. Call `close` when you no longer need the client.
   * @throws RingfenceError `temporal_unavailable` if the server does not answer within `timeoutMs`.
   */
  static async connect({
    api,
    ...options
  }: ConnectOptions & { readonly api?: ApiOptions | undefined } = {}): Promise<CampaignClient> {
    const temporal = await connectTemporal(options);
    const client = new CampaignClient({ temporal, api });
    client.#ownConnection = temporal.connection;
    return client;
  }

  /**
   * Creates a campaign, which then starts on its own. Requires `api`. The fields and defaults are those of
   * `POST /batch-calls`.
   * @throws RingfenceError `validation_error` with `field`, `idempotency_mismatch` if the key was used with another body,
   * `start_refused` if Temporal permanently refuses to start the campaign.
   */
  async start(campaign: CreateCampaignInput, { idempotencyKey }: StartOptions = {}): Promise<Campaign> {
    const { data } = await requestApi(
      this.#apiTo('start'),
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
   * Pauses a campaign. The acknowledgement means that no placement is under way, and names the calls that are or may be
   * live. These calls continue to their normal end.
   * @throws RingfenceError `wrong_state` if the campaign is already paused, is interrupted, or has ended.
   */
  async pause(campaignId: string, options: CommandOptions = {}): Promise<Acknowledged<PauseAcknowledgement>> {
    return this.#control.pause(readId(campaignId), options);
  }

  /** Resumes a paused campaign. @throws RingfenceError `wrong_state` if the campaign is not paused. */
  async resume(campaignId: string, options: CommandOptions = {}): Promise<Acknowledged<ResumeAcknowledgement>> {
    return this.#control.resume(readId(campaignId), options);
  }

  /**
   * Cancels a campaign: no further call is placed, live calls run to their end, and all other contacts are skipped.
   * @throws RingfenceError `wrong_state` if the campaign is already ending, or has ended.
   */
  async cancel(campaignId: string, options: CommandOptions = {}): Promise<Acknowledged<CancelAcknowledgement>> {
    return this.#control.cancel(readId(campaignId), options);
  }

  /**
   * Restarts an interrupted campaign, whose workflow was ended from outside: a new workflow adopts its records. Requires `api`,
   * because only the gateway can read them.
   * @throws RingfenceError `wrong_state` if the campaign is not interrupted.
   */
  async restart(campaignId: string): Promise<RestartResponse> {
    const path = `/batch-calls/${encodeURIComponent(campaignId)}/restart`;
    return (await requestApi(this.#apiTo('restart'), { method: 'POST', path }, RestartResponse)).data;
  }

  /**
   * Changes the terms of a campaign, between two placements. The fields are those of `PATCH /batch-calls/{id}`. Fields that are
   * left out keep their values, even if another client changes them at the same time. `retry_failed: true` alone restores
   * the number of retries before they were turned off, or sets it to one.
   *
   * If no worker answers, the edit may or may not take effect. Other commands take effect later in this case.
   * @throws RingfenceError `validation_error` with `field`, or `wrong_state` if the campaign is over.
   */
  async edit(
    campaignId: string,
    change: ChangeCampaignInput,
    options: CommandOptions = {},
  ): Promise<EditAcknowledgement> {
    return this.#control.edit(readId(campaignId), change, options);
  }

  /** Returns the present state of a campaign. Through Temporal, each call is a billed action on Temporal Cloud. */
  async progress(campaignId: string): Promise<CampaignProgress> {
    return this.#control.progress(readId(campaignId));
  }

  /**
   * Waits until the campaign has ended, without a time limit.
   * @throws RingfenceError `wrong_state` if its workflow was ended from outside.
   */
  async result(campaignId: string): Promise<CampaignResult> {
    return this.#control.result(readId(campaignId));
  }

  /** Closes the connection to Temporal that `connect` opened. A client from the constructor has none to close. */
  async close(): Promise<void> {
    await this.#ownConnection?.close();
  }

  #apiTo(act: string): ApiOptions {
    if (this.#api) return this.#api;
    throw new RingfenceError('misconfigured', `To ${act} campaigns the client needs api: { baseUrl, key }.`, {
      field: 'api',
    });
  }
}

/** An id in capitals is the same campaign. What cannot be an id names none, as it does to the gateway. */
function readId(campaignId: string): string {
  const id = Uuid.safeParse(campaignId);
  if (id.success) return id.data;
  throw new RingfenceError('not_found', 'There is no such campaign: a campaign id is a UUID with hyphens.', {
    field: 'id',
  });
}
