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

/**
 * Returns one result per call. An invalid result says nothing; null means that the adapter threw. If it throws for
 * several calls, each is asked about alone, so that one of them cannot block the results of the others.
 */
export async function lookUp(provider: CallProvider, calls: readonly CallRef[]): Promise<(LookUpResult | null)[]> {
  if (calls.length === 0) return [];
  let answers: unknown;
  try {
    answers = await provider.lookUp(calls);
  } catch {
    if (calls.length === 1) return [null];
    return (await Promise.all(calls.map((call) => lookUp(provider, [call])))).flat();
  }
  return calls.map((_, index) => {
    const read = LookUpResult.safeParse(Array.isArray(answers) ? answers[index] : undefined);
    return read.success ? read.data : { kind: 'unknown', reason: 'odd_answer' };
  });
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
