import { createHash } from 'node:crypto';
import type { AddContactsInput, AddedContacts, MovedCall, RemovedContact } from '../../domain/api/added-contacts.ts';
import type { ChangeCampaignInput } from '../../domain/api/campaign-change.ts';
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';
import type { Campaign, CampaignContactResponse, RestartResponse } from '../../domain/api/campaign-responses.ts';
import type { CallEventResponse, ContactExplanation } from '../../domain/api/contact-explanation.ts';
import type { RecordedStatus } from '../../domain/api/interruption.ts';
import type {
  CancelAcknowledgement,
  PauseAcknowledgement,
  ResumeAcknowledgement,
} from '../../domain/engine/answers.ts';
import type { Bucket } from '../../domain/engine/tally.ts';
import type { ForecastInput, ForecastQuery } from '../../domain/forecast/request.ts';
import type { ForecastResponse } from '../../domain/forecast/response.ts';
import type { Acknowledged, CampaignControl, CampaignProgress } from '../campaign-control.ts';
import { progressOf, untilOver } from '../campaign-progress.ts';
import { RingfenceError } from '../errors.ts';
import type { ApiClient } from '../http/api-client.ts';
import { readIdempotencyKey } from '../http/idempotency-key.ts';
import { withSignals } from '../http/signals.ts';
import type { RequestOptions, WriteOptions } from '../options.ts';
import { listPages, type PageQuery, type Pages } from '../pages.ts';
import { readId } from '../campaign-id.ts';

export interface CampaignFilter extends PageQuery {
  readonly status?: RecordedStatus | undefined;
  readonly agent_id?: string | undefined;
}

export interface CampaignContactFilter extends PageQuery {
  /** The bucket of the contacts. */
  readonly status?: Bucket | undefined;
}

/**
 * Campaigns. Every method throws RingfenceError. `not_found`: the account has no such campaign. `wrong_state`: not possible in the
 * present status of the campaign.
 */
export class Campaigns {
  readonly #api: ApiClient;
  readonly #control: CampaignControl | null;

  /** @param control controls running campaigns through Temporal */
  constructor(api: ApiClient, control: CampaignControl | null) {
    this.#api = api;
    this.#control = control;
  }

  /**
   * Creates a campaign, which then starts on its own. The fields and defaults are those of `POST /batch-calls`.
   * @throws RingfenceError `validation_error` with `field`, `idempotency_mismatch` if the key was used for another request,
   * `start_refused` if Temporal permanently refuses to start the campaign.
   */
  create(campaign: CreateCampaignInput, options: WriteOptions = {}): Promise<Campaign> {
    return this.#api.write('POST', '/batch-calls', campaign, options);
  }

  async get(id: string, options: RequestOptions = {}): Promise<Campaign> {
    return this.#api.get(pathOf(id), options);
  }

  /** Lists campaigns, newest first. */
  list(filter: CampaignFilter = {}, options: RequestOptions = {}): Pages<Campaign> {
    return listPages(this.#api, () => '/batch-calls', { ...filter }, options);
  }

  /**
   * Changes the terms of a campaign, between two placements. The fields are those of `PATCH /batch-calls/{id}`. Fields that are
   * left out keep their values, even if another program changes them at the same time.
   * @throws RingfenceError `validation_error` with `field`. `temporal_unavailable`: no worker has answered, and the change may or may
   * not take effect.
   */
  async edit(id: string, change: ChangeCampaignInput, options: WriteOptions = {}): Promise<Campaign> {
    return this.#api.write('PATCH', pathOf(id), change, options);
  }

  /**
   * Pauses a campaign. The acknowledgement means that no placement is under way, and names the calls that are or may be
   * live. These calls continue to their normal end.
   */
  async pause(id: string, options: WriteOptions = {}): Promise<Acknowledged<PauseAcknowledgement>> {
    return this.#command('pause', id, options);
  }

  /** Resumes a paused campaign. */
  async resume(id: string, options: WriteOptions = {}): Promise<Acknowledged<ResumeAcknowledgement>> {
    return this.#command('resume', id, options);
  }

  /** Cancels a campaign: no further call is placed, live calls run to their end, and all other contacts are skipped. */
  async cancel(id: string, options: WriteOptions = {}): Promise<Acknowledged<CancelAcknowledgement>> {
    return this.#command('cancel', id, options);
  }

  /** Restarts an interrupted campaign, whose workflow was ended from outside: a new workflow adopts its records. */
  async restart(id: string, options: WriteOptions = {}): Promise<RestartResponse> {
    return this.#api.write('POST', `${pathOf(id)}/restart`, undefined, options);
  }

  /** Deletes a campaign that has ended, with its records. */
  async delete(id: string, options: WriteOptions = {}): Promise<{ readonly id: string; readonly deleted: true }> {
    return this.#api.write('DELETE', pathOf(id), undefined, options);
  }

  /**
   * Forecasts when a campaign finishes, and what limits it.
   * @param campaign the id of a campaign, or the terms of one that does not exist yet. Nothing is recorded.
   * @param assumed the length of a call and the share of calls to retry. Default: as measured
   */
  async forecast(
    campaign: string | ForecastInput,
    assumed: ForecastQuery = {},
    options: RequestOptions = {},
  ): Promise<ForecastResponse> {
    if (typeof campaign === 'string') return this.#api.get(`${pathOf(campaign)}/forecast`, options, { ...assumed });
    return this.#api.ask('/batch-calls/forecast', { ...campaign, ...assumed }, options);
  }

  /** Explains why a contact is not called now, and lists its calls. */
  async explain(id: string, contactId: string, options: RequestOptions = {}): Promise<ContactExplanation> {
    return this.#api.get(`${pathOf(id)}/contacts/${readId(contactId, 'contact', 'contact_id')}`, options);
  }

  /**
   * Adds contacts to a campaign that has not ended. A number with its extension is added once.
   * @throws RingfenceError `campaign_over` if it has ended or is ending, `validation_error` with `field`.
   */
  async addContacts(id: string, people: AddContactsInput, options: WriteOptions = {}): Promise<AddedContacts> {
    return this.#api.write('POST', `${pathOf(id)}/contacts`, people, options);
  }

  /**
   * Takes a contact out of a campaign. It must wait for a call, and is skipped with the reason `removed`.
   * @throws RingfenceError `contact_in_call` while it is called, `contact_over` once it is not called any more, `campaign_over`.
   */
  async removeContact(id: string, contactId: string, options: WriteOptions = {}): Promise<RemovedContact> {
    return this.#api.write(
      'DELETE',
      `${pathOf(id)}/contacts/${readId(contactId, 'contact', 'contact_id')}`,
      undefined,
      options,
    );
  }

  /**
   * Moves the next call of a contact to an instant. A past instant means at once.
   * @param at a date, or a text with Z or an offset
   * @throws RingfenceError `contact_in_call` while it is called, `contact_over` once it is not called any more, `campaign_over`.
   */
  async callAt(id: string, contactId: string, at: Date | string, options: WriteOptions = {}): Promise<MovedCall> {
    const path = `${pathOf(id)}/contacts/${readId(contactId, 'contact', 'contact_id')}/call-at`;
    // As JSON, a date that is none is null, which the gateway refuses by its field.
    return this.#api.write('POST', path, { at }, options);
  }

  /** Lists the contacts of a campaign. */
  contacts(
    id: string,
    filter: CampaignContactFilter = {},
    options: RequestOptions = {},
  ): Pages<CampaignContactResponse> {
    return listPages(this.#api, () => `${pathOf(id)}/contacts`, { ...filter }, options);
  }

  /** Lists the webhooks of a call, as they arrived and as they were understood. */
  callEvents(id: string, callId: string, page: PageQuery = {}, options: RequestOptions = {}): Pages<CallEventResponse> {
    return listPages(this.#api, () => `${pathOf(id)}/calls/${encodeURIComponent(callId)}/events`, { ...page }, options);
  }

  /** Returns the present state of a campaign. Through Temporal, each call is a billed action on Temporal Cloud. */
  async progress(id: string, options: RequestOptions = {}): Promise<CampaignProgress> {
    return this.#throughTemporal(
      options,
      (control) => control.progress(id),
      async () => progressOf(await this.get(id, options)),
    );
  }

  /**
   * Waits until a campaign has ended, and returns it. There is no time limit: pass `signal` to stop waiting. A gateway may be away
   * for five minutes.
   * @throws RingfenceError `wrong_state` if the campaign is interrupted.
   */
  async untilOver(id: string, options: RequestOptions = {}): Promise<Campaign> {
    return withSignals(this.#api.signals(options), (signal) => untilOver(() => this.get(id, options), signal));
  }

  async #command<T extends object>(
    name: 'pause' | 'resume' | 'cancel',
    id: string,
    options: WriteOptions,
  ): Promise<Acknowledged<T>> {
    // One key for both ways.
    const idempotencyKey = readIdempotencyKey(options);
    // The id stands in the workflow's history, where nothing of a caller's key may. A workflow answers an id with what it answered
    // before: with the same id, the acknowledgement of a resume would look like that of a pause.
    const updateId = createHash('sha256').update(`${name} ${idempotencyKey}`).digest('hex');
    const command = { updateId, timeoutMs: this.#api.statedTimeoutMs(options) };
    return this.#throughTemporal(
      options,
      (control) => control[name](id, command) as Promise<unknown> as Promise<Acknowledged<T>>,
      async () => {
        const path = `${pathOf(id)}/${name}`;
        const answer = await this.#api.write<{ readonly id: string } & Acknowledged<T>>('POST', path, undefined, {
          ...options,
          idempotencyKey,
        });
        if (!answer.acknowledged) return { acknowledged: false };
        const { id: _known, ...acknowledgement } = answer;
        return acknowledgement;
      },
    );
  }

  /**
   * Asks the workflow where there is a connection to Temporal. The gateway answers where there is none, and for a campaign without a
   * running workflow: one that is over, interrupted, or about to start. It may also know the first answer to a command that the
   * workflow refuses now.
   */
  async #throughTemporal<T>(
    options: WriteOptions,
    ask: (control: CampaignControl) => Promise<T>,
    askGateway: () => Promise<T>,
  ): Promise<T> {
    const control = this.#control;
    if (control === null) return askGateway();
    try {
      return await withSignals(this.#api.signals(options), (signal) => unlessAborted(signal, ask(control)));
    } catch (error) {
      if (!(error instanceof RingfenceError)) throw error;
      if (!hasNoWorkflow(error)) {
        if (!mayBeRepeat(error, options)) throw error;
        return askGateway().catch((other: unknown) => {
          throw other instanceof RingfenceError ? error : other;
        });
      }
    }
    return askGateway();
  }
}

function pathOf(id: string): string {
  return `/batch-calls/${readId(id, 'campaign')}`;
}

function hasNoWorkflow({ code, details }: RingfenceError): boolean {
  return code === 'not_found' || 'workflow_status' in details;
}

/** The gateway may have answered the first request with this key, before the campaign had the workflow that refuses the second. */
function mayBeRepeat({ code }: RingfenceError, { idempotencyKey }: WriteOptions): boolean {
  return code === 'wrong_state' && idempotencyKey !== undefined;
}

/** Temporal's client takes no signal for these calls. What is under way when it aborts may still take effect. */
async function unlessAborted<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([answer, aborted]);
}
