import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectionsFromEnv } from '../../providers/connections/connections.ts';
import { StartHarness } from '../support/harness/start-harness.ts';
import { VERDICT } from '../support/probes/verdict.ts';

let starts: StartHarness;
beforeEach(async () => {
  starts = await StartHarness.open();
});
afterEach(() => starts.close());

describe.each(['twilio', 'retell'])('npm start -- --provider %s', (provider) => {
  test('shows the campaign to its end, and the records agree with the ledger of that carrier', async () => {
    const start = starts.npmStart('--exit', '--provider', provider);
    expect(await start.ended(), start.output).toBe(0);
    await starts.expectNothingLeft(start);
    const verdict = JSON.parse(start.output.trimEnd().split('\n').at(-1)!) as Record<string, number>;
    expect(verdict).toEqual(VERDICT);
    expect(Object.keys(verdict)).toEqual(Object.keys(VERDICT));
    expect(verdict.accepted).toBeGreaterThan(verdict.contacts!);
    expect(verdict.peak_in_flight).toBeLessThanOrEqual(verdict.max_concurrent_calls!);
    // What it leaves is a file that the command line can use.
    const left = connectionsFromEnv({ RINGFENCE_CONNECTIONS: join(starts.home, 'connections.yaml') });
    expect(left).toMatchObject([{ name: provider, missingSecrets: [] }]);
  });
});
