import { callingWindow } from './calling-window.ts';
import { guarded, type ActivityDeps } from './context.ts';
import { lookUpCalls } from './look-up-calls.ts';
import { recountDays } from './recount-days.ts';
import { placeCall } from './place-call.ts';
import { closeRoster, exchangeWithRoster, openRoster, recordStatus } from './roster.ts';

export type { ActivityDeps };

/** The activities of a campaign over the given means. The names here are the activity types in histories. */
export function createActivities(deps: ActivityDeps) {
  return {
    callingWindow: guarded(callingWindow.bind(null, deps)),
    openRoster: guarded(openRoster.bind(null, deps)),
    exchange: guarded(exchangeWithRoster.bind(null, deps)),
    recountDays: guarded(recountDays.bind(null, deps)),
    lookUpCalls: guarded(lookUpCalls.bind(null, deps)),
    closeRoster: guarded(closeRoster.bind(null, deps)),
    recordStatus: guarded(recordStatus.bind(null, deps)),
    placeCall: guarded(placeCall.bind(null, deps)),
  };
}

export type Activities = ReturnType<typeof createActivities>;
