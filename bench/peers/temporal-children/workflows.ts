/** The sliding window and the call; the reasoning stands in `../temporal-children.ts`. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { PeerActivities } from './activities.ts';
import { type CallInput, callWorkflowId, type WindowInput } from './messages.ts';

export const callEnded = defineSignal<[string]>('callEnded');
const callOver = defineSignal<[string]>('callOver');

/** A placement takes at most five seconds; a worker that died is noticed after twice that. */
const { placeCall, loadCallIds } = proxyActivities<PeerActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

const PAGE = 500;

export async function slidingWindow({ slots, next, inFlight }: WindowInput): Promise<void> {
  const running = new Set(inFlight);
  setHandler(callOver, (callId) => {
    running.delete(callId);
  });
  const parentId = workflowInfo().workflowId;
  const starting = new Set<Promise<unknown>>();
  let at = next;
  for (let page = await loadCallIds(at, PAGE); page.length > 0; page = await loadCallIds(at, PAGE)) {
    for (const callId of page) {
      await condition(() => running.size < slots);
      if (workflowInfo().continueAsNewSuggested) {
        // A child whose start is not on record when this run closes would never start.
        await Promise.all(starting);
        await condition(allHandlersFinished);
        return continueAsNew<typeof slidingWindow>({ slots, next: at, inFlight: [...running] });
      }
      running.add(callId);
      at += 1;
      const args: [CallInput] = [{ callId, parentId }];
      const started = startChild(call, {
        workflowId: callWorkflowId(callId),
        parentClosePolicy: ParentClosePolicy.ABANDON,
        args,
      }).finally(() => starting.delete(started));
      starting.add(started);
    }
  }
  await condition(() => running.size === 0);
}

export async function call({ callId, parentId }: CallInput): Promise<string> {
  let outcome: string | null = null;
  setHandler(callEnded, (how) => {
    outcome ??= how;
  });
  // The end of a call frees its slot also while the answer to the placement is missing, as when a worker died over it.
  const placedAndEnded = placeCall(callId).then((placed) => (placed ? condition(() => outcome !== null) : undefined));
  await Promise.race([placedAndEnded, condition(() => outcome !== null)]);
  await getExternalWorkflowHandle(parentId).signal(callOver, callId);
  return outcome ?? 'refused';
}
