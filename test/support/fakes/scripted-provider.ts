import { storeEvent } from '../../../db/call-events.ts';
import type { Pool } from '../../../db/pool.ts';
import { parseCallId } from '../../../domain/engine/ids.ts';
import type { EndedEvent, Outcome } from '../../../domain/engine/outcome.ts';
import type {
  CallEvent,
  CallProvider,
  CallRef,
  LookUpResult,
  PlaceResult,
  PreviewedRequest,
  ProviderFacts,
  ReceivedWebhook,
} from '../../../providers/port.ts';

/** One request that reached the provider. */
export interface Request {
  readonly callId: string;
  readonly seq: number;
  readonly attempt: number;
  /** How many requests under this key have come, this one included. */
  readonly nth: number;
  /** The provider's clock, epoch milliseconds. */
  readonly at: number;
}

/** What the provider does with a request. `ends`: the call is over before the reply, with its event already stored. */
export type Answer =
  | PlaceResult
  | { readonly kind: 'accept' }
  | { readonly kind: 'ends'; readonly outcome: Outcome; readonly accountFault?: string };
export type Script = (request: Request) => Answer | Promise<Answer>;

interface AcceptedCall extends Request {
  ended: EndedEvent | null;
}

const FACTS: ProviderFacts = {
  keyTtlMs: 600_000,
  finds: 'by key',
  echoes: true,
  requestTimeoutMs: 10_000,
  queueBoundMs: 0,
  callLifetimeMs: 1_800_000,
};

/**
 * A provider inside the test's process: its clock is the test's, so that it can follow a server that skips time. It
 * honours keys, refuses what comes too late, and keeps a ledger of the calls it accepted.
 */
export class ScriptedProvider implements CallProvider {
  readonly name = 'scripted';
  readonly facts: ProviderFacts;
  /** Every request, in order of arrival. */
  readonly requests: Request[] = [];
  /** The accepted calls by key: what the promises are checked against. */
  readonly accepted = new Map<string, AcceptedCall>();
  /** Ids of calls that a look-up has asked about, in order. */
  readonly lookedUp: string[] = [];
  script: Script = () => ({ kind: 'accept' });
  /** Overrides what a look-up at that instant finds in the ledger. */
  lookUpScript: ((callId: string, at: number) => LookUpResult | null) | null = null;
  /** What a look-up of a call that may be anybody's finds, by the provider's id. */
  orphanScript: ((providerCallId: string) => LookUpResult | null) | null = null;
  readonly #pool: Pool;
  readonly #now: () => number;

  /** Ids of calls that were to be cancelled, in order. */
  readonly cancelled: string[] = [];
  /** What a cancelled call is then. Default: it is cancelled. */
  cancelScript: ((callId: string) => LookUpResult) | null = null;
  readonly cancel?: (providerCallId: string) => Promise<LookUpResult>;

  constructor(pool: Pool, now: () => number, facts: Partial<ProviderFacts> = {}, cancels = false) {
    this.#pool = pool;
    this.#now = now;
    this.facts = { ...FACTS, ...facts };
    if (cancels) this.cancel = (providerCallId) => this.#cancel(providerCallId);
  }

  freeze(call: { readonly callId: string }): string {
    return JSON.stringify(call);
  }

  preview(frozen: string, key: string): PreviewedRequest {
    return { method: 'POST', url: 'https://provider.test/calls', headers: { 'x-idempotency-key': key }, body: frozen };
  }

  async place(_frozen: string, key: string, sendBy: number): Promise<PlaceResult> {
    const at = this.#now();
    if (at >= sendBy) return { kind: 'expired' };
    const address = parseCallId(key);
    if (!address) throw new Error(`${key} is no call id`);
    const nth = this.requests.filter(({ callId }) => callId === key).length + 1;
    const request = { callId: key, seq: address.seq, attempt: address.attempt, nth, at };
    this.requests.push(request);
    if (this.accepted.has(key)) return { kind: 'accepted', providerCallId: providerIdOf(key) };
    const answer = await this.script(request);
    if (answer.kind !== 'accept' && answer.kind !== 'ends' && answer.kind !== 'accepted') return answer;
    this.accept(request);
    if (answer.kind === 'ends') await this.#storeEnd(this.end(key, answer.outcome, answer.accountFault));
    return { kind: 'accepted', providerCallId: providerIdOf(key) };
  }

  async lookUp(calls: readonly CallRef[]): Promise<LookUpResult[]> {
    return calls.map(({ callId, providerCallId }) => {
      if (callId === null) return this.orphanScript?.(providerCallId ?? '') ?? { kind: 'unknown', reason: 'not_found' };
      this.lookedUp.push(callId);
      return this.lookUpScript?.(callId, this.#now()) ?? this.#find(callId);
    });
  }

  /** Takes a call into the ledger, also where the reply will not say so. */
  accept(request: Request): void {
    this.accepted.set(request.callId, { ...request, ended: null });
  }

  /** Ends an accepted call and returns the event that tells of it. Ending it again returns the same event. */
  end(callId: string, outcome: Outcome = 'completed', accountFault?: string): EndedEvent {
    const call = this.accepted.get(callId);
    if (!call) throw new Error(`${callId} was not accepted`);
    const event = { event_id: `end:${callId}`, call_id: callId, outcome, ended_at: Math.round(this.#now()) };
    call.ended ??= { ...event, ...(accountFault === undefined ? {} : { account_fault: accountFault }) };
    return call.ended;
  }

  /** Accepted calls that have not ended, in order of acceptance. */
  live(): string[] {
    return [...this.accepted.values()].filter(({ ended }) => ended === null).map(({ callId }) => callId);
  }

  verify(): void {}

  parse(_webhook: ReceivedWebhook): CallEvent[] {
    return [];
  }

  async close(): Promise<void> {}

  async #cancel(providerCallId: string): Promise<LookUpResult> {
    const callId = providerCallId.slice(providerIdOf('').length);
    this.cancelled.push(callId);
    if (this.cancelScript) return this.cancelScript(callId);
    this.end(callId, 'cancelled');
    return this.#find(callId);
  }

  #find(callId: string): LookUpResult {
    const call = this.accepted.get(callId);
    if (!call) return { kind: 'unknown', reason: 'not_found' };
    const providerCallId = providerIdOf(callId);
    if (!call.ended) return { kind: 'live', providerCallId };
    const { outcome, ended_at: endedAt, account_fault } = call.ended;
    const fault = account_fault === undefined ? {} : { accountFault: account_fault };
    return { kind: 'ended', providerCallId, outcome, endedAt, ...fault };
  }

  async #storeEnd(event: EndedEvent): Promise<void> {
    await storeEvent(
      this.#pool,
      this.name,
      {
        eventId: event.event_id,
        kind: 'ended',
        callId: null,
        providerCallId: providerIdOf(event.call_id),
        outcome: event.outcome,
        outcomeAsSent: event.outcome,
        ...(event.account_fault === undefined ? {} : { accountFault: event.account_fault }),
        occurredAt: event.ended_at,
      },
      '{}',
    );
  }
}

function providerIdOf(callId: string): string {
  return `provider-${callId}`;
}
