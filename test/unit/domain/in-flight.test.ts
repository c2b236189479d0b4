/** What a pause and an edit wait for, by examples. */
import { expect, test } from 'vitest';
import { mayStillSend } from '../../../domain/engine/in-flight.ts';
import type { InFlightCall } from '../../../domain/engine/campaign-state.ts';
import { callInFlight, campaignState } from '../../support/factories/campaign-state.ts';

test.each<[string, InFlightCall, boolean]>([
  ['a placement under way may still send', callInFlight({ phase: 'placing' }), true],
  ['a placement without an answer may still send', callInFlight({ phase: 'unknown', unconfirmed: true }), true],
  ['an unknown call that is on record as sent is not sent again by itself', callInFlight({ phase: 'unknown' }), false],
  ['a live call has been sent', callInFlight(), false],
])('%s', (_, call, expected) => {
  expect(mayStillSend(campaignState({ calls: [call] }))).toBe(expected);
});
