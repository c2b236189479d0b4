/**
 * Twilio refuses a number as blocked (21216) for the number's own sake, such as a high risk of fraud. It refuses every number of +1
 * with the same code where the account has no approved Primary Customer Profile. The answers before tell the two apart: an account
 * whose calls to +1 are accepted has a profile. Without such an acceptance the refusal counts as the account's, so that
 * a missing profile, or one that is withdrawn, costs hardly any contact its call.
 */
import type { PlaceResult } from '../port.ts';
import { NUMBER_BLOCKED } from './refusals.ts';

/** Refusals that an acceptance makes the numbers' own. Numbers that Twilio blocks are rare: several in a row are the account's. */
const MOST_IN_A_ROW = 3;

/** Reads the answers of one account, in their order. */
export function blockedNumbers(): (answer: PlaceResult, phoneNumber: string) => PlaceResult {
  let ofTheNumber = 0;
  return (answer, phoneNumber) => {
    if (!phoneNumber.startsWith('+1')) return answer;
    if (answer.kind === 'accepted') ofTheNumber = MOST_IN_A_ROW;
    if (answer.kind !== 'rejected' || answer.reason !== NUMBER_BLOCKED) return answer;
    if (ofTheNumber === 0) return { kind: 'blocked', reason: NUMBER_BLOCKED };
    ofTheNumber -= 1;
    return answer;
  };
}
