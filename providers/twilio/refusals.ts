/**
 * What Twilio's error codes mean for a placement. A code that is about the number called rejects this call; every other
 * refusal would meet any call, so it throttles or blocks: the circuit breaker opens and no contact loses an attempt. Too many calls
 * pass by themselves; the other refusals need a person.
 */
interface Refusal {
  readonly kind: 'rejected' | 'throttled' | 'blocked';
  readonly reason: string;
}

const number = (reason: string): Refusal => ({ kind: 'rejected', reason });
const tooMany = (reason: string): Refusal => ({ kind: 'throttled', reason });
const account = (reason: string): Refusal => ({ kind: 'blocked', reason });

/** Twilio blocks the number, or all numbers of +1 for this account: see `blocked-numbers.ts`. */
export const NUMBER_BLOCKED = 'number_blocked';

export const REFUSALS: ReadonlyMap<number, Refusal> = new Map([
  [13_223, number('invalid_number')],
  [13_224, number('invalid_number')],
  [13_225, number(NUMBER_BLOCKED)],
  [13_226, number('invalid_number')],
  [13_227, account('country_not_permitted')],
  [21_202, number('number_not_allowed')],
  [21_211, number('invalid_number')],
  [21_214, number('invalid_number')],
  [21_216, number(NUMBER_BLOCKED)],
  [21_217, number('invalid_number')],
  [10_001, account('account_not_active')],
  [10_002, account('trial_account')],
  [10_004, tooMany('concurrency_limit')],
  [10_005, account('voice_disabled')],
  [20_003, account('unauthorized')],
  [20_005, account('account_not_active')],
  [20_404, account('account_not_found')],
  [21_203, account('country_not_permitted')],
  [21_205, account('url_refused')],
  [21_210, account('from_number_refused')],
  [21_212, account('from_number_refused')],
  [21_213, account('from_number_refused')],
  [21_215, account('country_not_permitted')],
  [21_219, account('trial_account')],
  [22_005, tooMany('queue_full')],
]);
