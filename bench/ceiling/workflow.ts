/**
 * The least that a paced workflow can be: per item one activity under a semaphore and one signal that frees the slot.
 * No gates, no records, no provider.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { BareInput } from './messages.ts';
import type { BareActivities } from './worker.ts';

export const freed = defineSignal('freed');

const { place } = proxyActivities<BareActivities>({ startToCloseTimeout: '30s' });

export async function bare(input: BareInput): Promise<void> {
  let { done, begun, free } = input;
  let placing = 0;
  let failure: Error | null = null;
  setHandler(freed, () => {
    free += 1;
    done += 1;
  });
  const begin = (): void => {
    free -= 1;
    begun += 1;
    placing += 1;
    void place(workflowInfo().workflowId)
      .then(() => {
        placing -= 1;
      })
      .catch((error: Error) => {
        failure = error;
      });
  };
  while (done < input.items) {
    const draining = workflowInfo().continueAsNewSuggested;
    const places = draining ? 0 : Math.min(free, input.items - begun);
    for (let place = 0; place < places; place += 1) begin();
    if (draining && placing === 0) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof bare>({ items: input.items, free, done, begun });
    }
    const seen = { free, placing };
    await condition(() => free !== seen.free || placing !== seen.placing || failure !== null);
    if (failure) throw failure as Error;
  }
}
