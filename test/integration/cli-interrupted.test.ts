/** Interrupted campaigns at the command line. */
import { describe, expect, it, vi } from 'vitest';
import { startReconciling } from '../../gateway/background/reconciler.ts';
import { captureCli, closing, err, out, runCli } from '../support/harness/cli.ts';
import { gatewayOf, LATER, openHarness, terminate, whenScheduled } from '../support/harness/ended-workflows.ts';

captureCli();

describe('the tool', () => {
  it('watches until the campaign is interrupted, finds it as doctor, and restarts or cancels it', async () => {
    const harness = await openHarness(60);
    const reconciling = startReconciling(gatewayOf(harness).options);
    closing.push(() => reconciling.stop());
    const id = await harness.startCampaign(3, LATER);
    const watching = runCli('campaigns', 'watch', id, '--every', '0.1');
    await vi.waitFor(() => expect(out).toContain('scheduled'));
    await whenScheduled(harness, id);
    await harness.handle(id).terminate('by hand');
    expect(await watching).toBe(8);
    expect(out).toMatch(/interrupted \(its workflow was terminated\)/);
    expect(err).toContain(`campaigns restart ${id}`);
    await reconciling.stop();

    expect(await runCli('campaigns', 'show', id)).toBe(0);
    expect(out).toMatch(/^status +interrupted \(its workflow was terminated\)$/m);
    expect(await runCli('campaigns', 'list', '--status', 'interrupted')).toBe(0);
    expect(out).toContain(id);
    for (const url of ['', harness.db.url]) {
      vi.stubEnv('DATABASE_URL', url);
      expect(await runCli('doctor')).toBe(7);
      expect(out).toMatch(
        new RegExp(`^TROUBLE +campaigns +interrupted: ${id} \\(its workflow was terminated\\)\n.*restart`, 'm'),
      );
    }
    expect(await runCli('campaigns', 'pause', id)).toBe(4);
    expect(err).toContain(`campaigns restart ${id}`);

    expect(await runCli('campaigns', 'restart', id)).toBe(0);
    expect(out).toMatch(/^Restarted at .*; the campaign is scheduled/);
    expect(await runCli('campaigns', 'restart', id)).toBe(4);
    await whenScheduled(harness, id);
    await terminate(harness, id);
    expect(await runCli('campaigns', 'cancel', id, '--yes')).toBe(0);
    expect(await harness.result(id)).toMatchObject({ status: 'cancelled', buckets: { skipped: 3 } });
  });
});
