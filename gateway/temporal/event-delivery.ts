/**
 * Delivers the terminal events of calls to their campaigns' workflows by group commit. One signal per campaign is under
 * way, and the events that arrive meanwhile go together in the next. A workflow handles few signals a second, but any
 * number of events in each.
 *
 * A campaign has a queue only while there is something to send. Its first event opens the queue and is sent. When the
 * signal is answered and the spacing has passed, all events that have gathered are sent in the order of arrival. If
 * there are none, the queue closes.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import type { EndedEvent } from '../../domain/engine/outcome.ts';
import { callEventsSignal } from '../../workflows/messages.ts';
import { retryTransient } from '../../client/temporal/retry-transient.ts';
import { isWorkflowNotFound, temporalUnavailable } from '../../client/temporal/temporal-errors.ts';

/** `accepted`: durable in Temporal. `closed`: the campaign's workflow has ended or was never started. */
export type Delivered = 'accepted' | 'closed';

/** Sends one signal. Rejects if Temporal did not accept it. */
export type SignalEvents = (campaignId: string, events: readonly EndedEvent[]) => Promise<Delivered>;

/** Keeps a signal well below the maximum size in Temporal. */
const MOST_EVENTS_PER_SIGNAL = 200;
/**
 * Time from the answer to one signal to the next. It is short compared with a call, and long compared with a workflow
 * task. Frequent events share signals and workflow tasks, and a run that ends right after a signal ends before the next
 * (continue-as-new.ts). It begins with the answer, because a server that is slow with workflow tasks is also slow to
 * answer.
 */
const SPACING_MS = 50;
/** Bounds memory during an outage. Beyond it webhooks are refused, and the providers keep their events for later. */
const MOST_EVENTS_WAITING = 20_000;

interface Waiting {
  readonly event: EndedEvent;
  readonly resolve: (delivered: Delivered) => void;
  readonly reject: (error: unknown) => void;
}

export class EventDelivery {
  readonly #signal: SignalEvents;
  readonly #limits: { readonly perSignal: number; readonly waiting: number };
  readonly #spacing: () => Promise<unknown>;
  readonly #lines = new Map<string, Waiting[]>();
  #waiting = 0;

  constructor(
    signal: SignalEvents,
    {
      perSignal = MOST_EVENTS_PER_SIGNAL,
      waiting = MOST_EVENTS_WAITING,
      spacing = () => pause(SPACING_MS),
    }: { perSignal?: number; waiting?: number; spacing?: () => Promise<unknown> } = {},
  ) {
    this.#signal = signal;
    this.#limits = { perSignal, waiting };
    this.#spacing = spacing;
  }

  /**
   * Resolves once the event is durable in Temporal, or the workflow does not need it any more.
   *
   * @throws RingfenceError `temporal_unavailable`; the event is then not known to be delivered, and it is forgotten
   *   here
   */
  deliver(campaignId: string, event: EndedEvent): Promise<Delivered> {
    if (this.#waiting >= this.#limits.waiting) {
      const message = 'Too many events are waiting for Temporal: send this one again later.';
      return Promise.reject(new RingfenceError('temporal_unavailable', message));
    }
    this.#waiting += 1;
    return new Promise((resolve, reject) => {
      const line = this.#lines.get(campaignId);
      if (line) {
        line.push({ event, resolve, reject });
      } else {
        const opened = [{ event, resolve, reject }];
        this.#lines.set(campaignId, opened);
        void this.#send(campaignId, opened);
      }
    });
  }

  async #send(campaignId: string, line: Waiting[]): Promise<void> {
    while (line.length > 0) {
      const batch = line.splice(0, this.#limits.perSignal);
      try {
        const delivered = await this.#signal(
          campaignId,
          batch.map(({ event }) => event),
        );
        for (const { resolve } of batch) resolve(delivered);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      } finally {
        this.#waiting -= batch.length;
      }
      await this.#spacing();
    }
    this.#lines.delete(campaignId);
  }
}

/** Sends events to a campaign's workflow, and gives up if the server does not answer within `timeoutMs`. */
export function eventSignaller(client: Client, { timeoutMs = 5_000 }: { timeoutMs?: number } = {}): SignalEvents {
  return async (campaignId, events) => {
    const deadline = Date.now() + timeoutMs;
    const handle = client.workflow.getHandle(workflowId(campaignId));
    try {
      await retryTransient(deadline, () =>
        client.withDeadline(deadline, () => handle.signal(callEventsSignal, [...events])),
      );
      return 'accepted';
    } catch (error) {
      if (isWorkflowNotFound(error)) return 'closed';
      throw temporalUnavailable(error);
    }
  };
}
