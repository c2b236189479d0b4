import { callingWindow } from './calling-window.ts';
import { divideConnection, reportShare } from './connection-shares.ts';
import { withErrorBoundary, type ActivityDeps } from './context.ts';
import { lookUpLeftCalls } from './left-calls.ts';
import { lookUpCalls } from './look-up-calls.ts';
import { recountDays } from './recount-days.ts';
import { placeCall } from './place-call.ts';
import { closeRoster, exchangeWithRoster, openRoster, recordStatus } from './roster.ts';

export type { ActivityDeps };

/** The activities of a campaign with these dependencies. The names here are the activity types in histories. */
export function createActivities(deps: ActivityDeps) {
  return {
    callingWindow: withErrorBoundary(callingWindow.bind(null, deps)),
    openRoster: withErrorBoundary(openRoster.bind(null, deps)),
    exchange: withErrorBoundary(exchangeWithRoster.bind(null, deps)),
    recountDays: withErrorBoundary(recountDays.bind(null, deps)),
    lookUpCalls: withErrorBoundary(lookUpCalls.bind(null, deps)),
    closeRoster: withErrorBoundary(closeRoster.bind(null, deps)),
    recordStatus: withErrorBoundary(recordStatus.bind(null, deps)),
    reportShare: withErrorBoundary(reportShare.bind(null, deps)),
    divideConnection: withErrorBoundary(divideConnection.bind(null, deps)),
    lookUpLeftCalls: withErrorBoundary(lookUpLeftCalls.bind(null, deps)),
    placeCall: withErrorBoundary(placeCall.bind(null, deps)),
  };
}

export type Activities = ReturnType<typeof createActivities>;
