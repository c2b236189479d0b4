/** The coordinator of a limit of calls in flight; see domain/engine/share-coordinator.ts. */
import type { SignalDefinition } from '@temporalio/common';
import {
  condition,
  continueAsNew,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  coordinatorDetails,
  type CoordinatorState,
  newCoordinator,
  nextCoordinatorStep,
} from '../domain/engine/share-coordinator.ts';
import { type CoordinatorInput, SHARE_REPORTED } from '../domain/engine/share-messages.ts';
import { divideConnection, lookUpLeftCalls } from './proxies.ts';
import { retryForever } from './retry-forever.ts';

const shareReported = { type: 'signal', name: SHARE_REPORTED } as SignalDefinition;

export async function connection(input: CoordinatorInput): Promise<void> {
  const state = newCoordinator();
  setHandler(shareReported, () => void (state.told = true), {
    description: 'Says that a campaign has reported. The limit is divided again.',
  });
  // A signal with an unknown name is a mistake, and must not be kept for ever.
  setDefaultSignalHandler(() => {});
  for (;;) {
    setCurrentDetails(coordinatorDetails(input.limitId, state));
    const now = Date.now();
    const step = nextCoordinatorStep(state, workflowInfo().continueAsNewSuggested, now);
    switch (step.kind) {
      case 'divide':
        await divide(input, state);
        break;
      case 'rest':
        await rest(state, step.until - now);
        break;
      case 'continue_as_new':
        return continueAsNew<typeof connection>(input);
      case 'end':
        return;
    }
  }
}

/** Until a campaign reports, a look-up is over, or the time has passed. */
async function rest(state: CoordinatorState, forMs: number): Promise<void> {
  const { lookingUp } = state;
  await condition(() => state.told || state.lookingUp !== lookingUp, forMs, {
    summary: 'Divide again, although nobody reports',
  });
}

/** A report during the division may have come too late for it. */
async function divide(input: CoordinatorInput, state: CoordinatorState): Promise<void> {
  state.told = false;
  state.standing = await retryForever(() =>
    divideConnection.executeWithOptions({ summary: 'Divide the limit among the campaigns' }, [input]),
  );
  state.dividedAt = Date.now();
  if (state.standing.lookUpDue && !state.lookingUp) startLookUp(input, state);
}

/** The division does not wait for the provider. What a failed look-up would have found is asked again. */
function startLookUp(input: CoordinatorInput, state: CoordinatorState): void {
  state.lookingUp = true;
  const summary = 'Look up calls of campaigns without a workflow';
  void lookUpLeftCalls
    .executeWithOptions({ summary }, [input])
    .catch(() => 0)
    .then((ended) => {
      state.lookingUp = false;
      if (ended > 0) state.told = true;
    });
}
