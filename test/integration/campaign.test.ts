import { afterEach, describe, expect, it } from 'vitest';
import { Rig } from '../support/rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

describe('a campaign on a real server', () => {
  it('frees the slot of a call that never reports, by looking it up at its deadline', async () => {
    rig = await Rig.start({
      simulator: { timeScale: 1000, webhook: null },
      provider: { maxDurationS: 1, joinTimeoutS: 1 },
    });
    const id = await rig.startCampaign(12, { max_concurrent_calls: 4 });
    const result = await rig.result(id);
    expect(result.status).toBe('completed');
    expect(result.buckets.completed + result.buckets.failed).toBe(12);
    const ledger = rig.simulator.ledger();
    expect(ledger.accepted).toBe(12);
    expect(ledger.duplicate_keys).toBe(0);
    expect(ledger.peak_in_flight).toBeLessThanOrEqual(4);
  });
});
