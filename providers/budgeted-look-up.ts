/**
 * Looks calls up at a provider within the connection's budget of requests. What the budget does not cover is deferred.
 *
 * Calls with a provider id are asked about together as far as one request tells of several, otherwise each by itself, so that a
 * slow answer delays no other. A call that a list does not contain is asked about by itself afterwards. Calls without a
 * provider id are asked about together. Urgent calls come first.
 */
import { reserveLookUps } from '../db/look-up-budget.ts';
import type { DatabaseClock } from '../db/clock.ts';
import type { Pool } from '../db/pool.ts';
import { NOT_LISTED } from '../domain/dialling/provider-messages.ts';
import type { Requests, Reservation } from '../domain/dialling/look-up-budget.ts';
import { lookUp, lookUpRequests } from './checked.ts';
import type { CallProvider, CallRef, LookUpResult } from './port.ts';
import type { OpenConnection } from './connections/open-connections.ts';

/** Reserves requests for look-ups. */
export type Reserve = (wanted: Requests) => Promise<Pick<Reservation, 'granted' | 'retryAfterMs'>>;

/** A call to ask about. */
export type Asked = CallRef & { readonly urgent: boolean };

/** `failed`: the adapter threw. */
export type Answered =
  | LookUpResult
  | { readonly kind: 'failed' }
  | { readonly kind: 'deferred'; readonly retryAfterMs: number };

/** Calls that one call of the adapter asks about, and the most requests that it takes. */
interface Question<Call> {
  readonly calls: readonly Call[];
  readonly requests: number;
  readonly urgent: boolean;
}

export function budgetOf(
  pool: Pool,
  { connection }: Pick<OpenConnection, 'connection'>,
  clock?: DatabaseClock,
): Reserve {
  const budget = { connection: connection.name, perMinute: connection.lookUpsPerMinute };
  return (wanted) => reserveLookUps(pool, budget, wanted, clock);
}

/** @param take receives each answer as soon as it is there. It must not throw. */
export async function lookUpWithinBudget<Call extends Asked>(
  provider: CallProvider,
  reserve: Reserve,
  calls: readonly Call[],
  take: (call: Call, answer: Answered) => Promise<void>,
): Promise<void> {
  const unlisted: Call[] = [];
  const inOrder = calls.toSorted((a, b) => Number(b.urgent) - Number(a.urgent));
  await ask(provider, reserve, questionsAbout(provider, inOrder), async (call, answer, alone) => {
    const mayBeFoundAlone = answer.kind === 'failed' || (answer.kind === 'unknown' && answer.reason === NOT_LISTED);
    if (!alone && mayBeFoundAlone) unlisted.push(call);
    else await take(call, answer);
  });
  await ask(
    provider,
    reserve,
    unlisted.map((call) => about(provider, [call])),
    take,
  );
}

function questionsAbout<Call extends Asked>(provider: CallProvider, calls: readonly Call[]): Question<Call>[] {
  const named = calls.filter(({ providerCallId }) => providerCallId !== null);
  const unnamed = calls.filter(({ providerCallId }) => providerCallId === null);
  const questions = unnamed.length === 0 ? [] : [about(provider, unnamed)];
  const together = Math.max(1, provider.facts.callsPerLookUp ?? 1);
  for (let from = 0; from < named.length; from += together) {
    const question = about(provider, named.slice(from, from + together));
    const isShared = question.requests < question.calls.length;
    questions.push(...(isShared ? [question] : question.calls.map((call) => about(provider, [call]))));
  }
  return questions;
}

function about<Call extends Asked>(provider: CallProvider, calls: readonly Call[]): Question<Call> {
  return { calls, requests: lookUpRequests(provider, calls), urgent: calls.some(({ urgent }) => urgent) };
}

async function ask<Call extends Asked>(
  provider: CallProvider,
  reserve: Reserve,
  questions: readonly Question<Call>[],
  take: (call: Call, answer: Answered, alone: boolean) => Promise<void>,
): Promise<void> {
  if (questions.length === 0) return;
  const total = (urgent: boolean) =>
    questions.reduce((sum, question) => (question.urgent === urgent ? sum + question.requests : sum), 0);
  const { granted, retryAfterMs } = await reserve({ urgent: total(true), routine: total(false) });
  const left = { urgent: granted.urgent, routine: granted.routine };
  await Promise.all(
    questions.map(async (question) => {
      const { calls, requests } = covered(provider, question, left[question.urgent ? 'urgent' : 'routine']);
      left[question.urgent ? 'urgent' : 'routine'] -= requests;
      const alone = question.calls.length === 1;
      const deferred = question.calls
        .slice(calls.length)
        .map((call) => take(call, { kind: 'deferred', retryAfterMs }, alone));
      const results = await lookUp(provider, calls);
      await Promise.all([
        ...deferred,
        ...calls.map((call, index) => take(call, results[index] ?? { kind: 'failed' }, alone)),
      ]);
    }),
  );
}

/** The part of a question that so many requests cover. */
function covered<Call extends Asked>(
  provider: CallProvider,
  question: Question<Call>,
  granted: number,
): Question<Call> {
  let part = question;
  while (part.requests > granted) {
    const { length } = part.calls;
    if (length === 0) return part;
    part =
      length === 1 ? { ...part, calls: [], requests: 0 } : about(provider, part.calls.slice(0, Math.ceil(length / 2)));
  }
  return part;
}
