/**
 * How the world around a virtual campaign behaves: how long each step takes, what becomes of a call, and what goes
 * wrong. The campaign only asks; so a forecast and a scenario by fault differ in nothing but the world they are given.
 */
import type { Outcome } from '../../domain/engine/outcome.ts';

/**
 * What takes time: the server's waking of the campaign, a worker's taking up of a dial, the request's way to the
 * provider, the answer's way back, a transaction of the roster, a look-up, the question for a window.
 */
export type Step = 'task' | 'dial' | 'record' | 'request' | 'reply' | 'roster' | 'look_up' | 'window';

/**
 * What the provider does with a new request.
 * - `accepts`, `accepts_unheard`: it has the call; in the second case its answer is lost or is an error.
 * - `unheard`: it does not have the call, and that is not heard of either.
 */
export type Answer =
  | { readonly kind: 'accepts' | 'accepts_unheard' | 'unheard' }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | null }
  | { readonly kind: 'unavailable' | 'blocked'; readonly reason: string };

/** What becomes of an accepted call. */
export interface CallLife {
  /** From acceptance to the dial. */
  readonly queueMs: number;
  /** From the dial to the end. */
  readonly lengthMs: number;
  readonly outcome: Outcome;
  /** The fault of the account for which it does not take place. */
  readonly accountFault?: string;
}

/** One arrival of a call's terminal event. */
export interface Delivery {
  readonly afterMs: number;
  /** Arrivals with the same number are of the same event. */
  readonly event: number;
  /** Null: the outcome the call had. */
  readonly outcome: Outcome | null;
  /** Whether the event, once stored, is also signalled to the campaign. */
  readonly signalled: boolean;
}

/**
 * Where in a try its worker stops, and for how long: for ever when it dies. A worker that froze goes on afterwards, whatever
 * became of its try meanwhile.
 */
export interface WorkerFate {
  readonly at: 'before_record' | 'before_sending' | 'after_sending' | 'nowhere';
  readonly forMs: number;
}

export const LIVES: WorkerFate = { at: 'nowhere', forMs: 0 };

export interface WorldModel {
  delay(step: Step): number;
  /** What happens to the worker that takes up a try. */
  worker(): WorkerFate;
  answer(now: number): Answer;
  life(seq: number, attempt: number, now: number): CallLife;
  deliveries(now: number): readonly Delivery[];
  /** Whether a look-up learns anything now. */
  answersLookUps(now: number): boolean;
  /** Whether the budget of look-ups does not cover a question. */
  defersLookUp(): boolean;
  /** Whether a command comes once more, as a signal with the update's id. */
  repeatsCommand(): boolean;
  /** Whether the campaign is not told that its roster has changed. */
  losesSignal(): boolean;
  /** Whether the answer of an exchange is lost, so that it runs once more. */
  repeatsExchange(): boolean;
  isSuppressed(seq: number): boolean;
  /** The draw for the spread of waiting times in provider trouble, in [0, 1). */
  spread(): number;
}

/** From the end of a call to the arrival of its event. */
const EVENT_MS = 200;
const ONCE: readonly Delivery[] = [{ afterMs: EVENT_MS, event: 1, outcome: null, signalled: true }];

/** A world without trouble, in which calls have the given lives and every step takes its usual time. */
export function faultFree(life: (seq: number, attempt: number) => CallLife): WorldModel {
  return {
    delay: (step) => USUAL_MS[step],
    worker: () => LIVES,
    answer: () => ({ kind: 'accepts' }),
    life,
    deliveries: () => ONCE,
    answersLookUps: () => true,
    defersLookUp: () => false,
    repeatsCommand: () => false,
    losesSignal: () => false,
    repeatsExchange: () => false,
    isSuppressed: () => false,
    spread: () => 0.5,
  };
}

export const USUAL_MS: Readonly<Record<Step, number>> = {
  task: 15,
  dial: 20,
  record: 5,
  request: 60,
  reply: 60,
  roster: 25,
  look_up: 150,
  window: 5,
};

/** From the decision to place a call to the decision about the next one in its slot, less the call itself. */
export const FAULT_FREE_TURN_MS = USUAL_MS.dial + USUAL_MS.request + EVENT_MS + 2 * USUAL_MS.task;
