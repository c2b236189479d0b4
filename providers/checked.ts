/** Calls an adapter and validates its results by the engine's schemas, whatever the adapter is. */
import type { z } from 'zod';
import { RingfenceError } from '../domain/engine/errors.ts';
import {
  CallEvent,
  type CallRef,
  type CallToPlace,
  LookUpResult,
  PlaceResult,
} from '../domain/dialling/provider-messages.ts';
import type { CallProvider, ReceivedWebhook } from './port.ts';

/** No request can be made for this contact: the adapter threw, or returned bytes that cannot be stored. */
export class CannotFreeze extends Error {
  override readonly name = 'CannotFreeze';

  /** Whether the adapter is not configured, so that every contact would fail. */
  get isMisconfigured(): boolean {
    return this.cause instanceof RingfenceError && this.cause.code === 'misconfigured';
  }
}

/** @throws CannotFreeze */
export function freeze(provider: CallProvider, call: CallToPlace): string {
  let frozen: unknown;
  try {
    frozen = provider.freeze(call);
  } catch (cause) {
    throw new CannotFreeze('the adapter made no request for this contact', { cause });
  }
  if (typeof frozen === 'string' && !frozen.includes('\0')) return frozen;
  throw new CannotFreeze('the adapter made a request that cannot be stored');
}

/** An invalid answer proves nothing, so the call may have been placed. */
export async function place(provider: CallProvider, frozen: string, key: string, sendBy: number): Promise<PlaceResult> {
  const read = PlaceResult.safeParse(await provider.place(frozen, key, sendBy));
  return read.success ? read.data : { kind: 'unknown', reason: 'odd_answer' };
}

/** The most requests that a question about these calls takes. */
export function lookUpRequests(provider: CallProvider, calls: readonly CallRef[]): number {
  const stated = provider.lookUpRequests?.(calls) ?? calls.length;
  return Number.isFinite(stated) ? Math.max(1, Math.ceil(stated)) : calls.length;
}

/** Returns one result per call. An invalid result says nothing; null means that the adapter threw. */
export async function lookUp(provider: CallProvider, calls: readonly CallRef[]): Promise<(LookUpResult | null)[]> {
  if (calls.length === 0) return [];
  let answers: unknown;
  try {
    answers = await provider.lookUp(calls);
  } catch {
    return calls.map(() => null);
  }
  return calls.map((_, index) => readLookUp(Array.isArray(answers) ? answers[index] : undefined));
}

/** What the provider says of a call that it was told to cancel. Null: it cannot cancel, or the adapter threw. */
export async function cancel(provider: CallProvider, providerCallId: string): Promise<LookUpResult | null> {
  try {
    return provider.cancel ? readLookUp(await provider.cancel(providerCallId)) : null;
  } catch {
    return null;
  }
}

/** What the provider says of a call that it was told to end. Null: it cannot end calls, or the adapter threw. */
export async function hangUp(provider: CallProvider, providerCallId: string): Promise<LookUpResult | null> {
  try {
    return provider.hangUp ? readLookUp(await provider.hangUp(providerCallId)) : null;
  } catch {
    return null;
  }
}

function readLookUp(answer: unknown): LookUpResult {
  const read = LookUpResult.safeParse(answer);
  return read.success ? read.data : { kind: 'unknown', reason: 'odd_answer' };
}

export interface ReadEvents {
  readonly events: CallEvent[];
  /** The faults of invalid events: fields and rules, without values. */
  readonly problems: string[];
}

/** The events of a webhook that concern calls. @throws any error of `parse` */
export function readEvents(provider: CallProvider, webhook: ReceivedWebhook): ReadEvents {
  const read = provider
    .parse(webhook)
    .filter(({ kind }) => kind !== 'ignored')
    .map((event) => CallEvent.safeParse(event));
  return {
    events: read.flatMap((result) => (result.success ? [result.data] : [])),
    problems: read.flatMap((result) => (result.success ? [] : result.error.issues.map(inWords))),
  };
}

function inWords({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.')}: ${message}`;
}
