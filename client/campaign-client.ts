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
import { type ApiOptions, requestApi } from './http-api.ts';
import type { CampaignClientOptions, CommandOptions, ConnectOptions, StartOptions } from './options.ts';
import { connectTemporal } from './temporal/connection.ts';
import { controlOverTemporal } from './temporal/control-over-temporal.ts';
import type { TemporalClient } from './temporal-client.ts';

/**
 * Runs call campaigns from any backend.
 *
 * With `api` alone everything goes through the gateway over HTTP. With a Temporal connection too, a campaign that runs is
 * controlled through Temporal, so that a pause does not depend on the gateway; the gateway creates and restarts campaigns,
 * because it keeps their contacts in PostgreSQL and these never pass through Temporal.
 *
 * Every method throws a RingfenceError. `ERROR_CODES` lists what each `code` means and whether to repeat the request:
 * `wrong_state` is not possible in the campaign's present status, `temporal_unavailable` and `api_unreachable` may be repeated.
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

  /** @throws RingfenceError `misconfigured` without both `api` and `temporal` */
  constructor({ api, temporal }: CampaignClientOptions) {
    this.#api = api;
    if (temporal) this.#control = controlOverTemporal(temporal);
    else this.#control = controlOverHttp(this.#apiTo('control'));
  }

  /**
   * Connects to Temporal by its environment configuration: address, namespace, TLS, API key or a profile. Needs the
   * packages `@temporalio/client` and `@temporalio/envconfig`.
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

  /** Creates a campaign, which starts by itself. Needs `api`. The fields are those of `POST /batch-calls`. */
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
   * Stops placing calls. The acknowledgement means that nothing is being placed any more, and names the calls that are,
   * or may be, live. These go on to their normal end.
   */
  async pause(campaignId: string, options: CommandOptions = {}): Promise<Acknowledged<PauseAcknowledgement>> {
    return this.#control.pause(readId(campaignId), options);
  }

  /** Lets a paused campaign go on. */
  async resume(campaignId: string, options: CommandOptions = {}): Promise<Acknowledged<ResumeAcknowledgement>> {
    return this.#control.resume(readId(campaignId), options);
  }

  /** Ends a campaign: nothing more is placed, live calls are followed to their end, all other contacts are skipped. */
  async cancel(campaignId: string, options: CommandOptions = {}): Promise<Acknowledged<CancelAcknowledgement>> {
    return this.#control.cancel(readId(campaignId), options);
  }

  /**
   * Lets an interrupted campaign go on, whose workflow was ended from outside: another one adopts its records. Needs `api`,
   * because only the gateway can read them. `wrong_state` unless the campaign is interrupted.
   */
  async restart(campaignId: string): Promise<RestartResponse> {
    const path = `/batch-calls/${encodeURIComponent(campaignId)}/restart`;
    return (await requestApi(this.#apiTo('restart'), { method: 'POST', path }, RestartResponse)).data;
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
    return this.#control.edit(readId(campaignId), change, options);
  }

  /** The campaign at this moment. Over Temporal each question is a billed action on Temporal Cloud. */
  async progress(campaignId: string): Promise<CampaignProgress> {
    return this.#control.progress(readId(campaignId));
  }

  /** Waits until the campaign has ended, however long that takes. `wrong_state` when its workflow was ended by hand. */
  async result(campaignId: string): Promise<CampaignResult> {
    return this.#control.result(readId(campaignId));
  }

  /** Closes the connection to Temporal if this client made it. */
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
  throw new RingfenceError('not_found', 'There is no such campaign: the id of one is a UUID with hyphens.', {
    field: 'id',
  });
}
