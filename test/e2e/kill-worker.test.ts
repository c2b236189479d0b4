import { describe, test } from 'vitest';
import { closeAfterEach, expectOneCallEach, startCampaign } from '../support/harness/kill-scenario.ts';

closeAfterEach();

describe('a worker that is killed in the middle of a campaign and started again', () => {
  test('while placements wait for their answer', async () => {
    // The call is accepted, and the worker that would have heard of it is gone by then.
    const { system, id } = await startCampaign({
      timeScale: 100,
      faults: { rules: [{ match: { nth: [9, 10, 11, 12, 13, 14] }, fault: { kind: 'delay_reply', ms: 3_000 } }] },
    });
    await system.untilCalls(id, (calls) => calls.length >= 12);
    await system.killWorker();
    await system.startWorker();
    await expectOneCallEach(system, id);
  });
});
