/** P12 against the provider's ledger: campaigns and workers that share the limit of a connection. */
import pg from 'pg';
import { afterEach, expect, it, vi } from 'vitest';
import { findCommanded } from '../../db/campaigns.ts';
import { engineSpec } from '../../domain/api/campaign-request.ts';
import { connectionWorkflowId, workflowId } from '../../domain/engine/ids.ts';
import { CAMPAIGN_WORKFLOW } from '../../workflows/messages.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';

const LIMIT = 4;
const TIME_SCALE = 250;
/** The first calls last until all of them are there, also on a busy machine. */
const FIRST_CALLS = Array.from({ length: LIMIT }, (_, index) => index + 1);
const LASTS = { kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 0, talk_ms: 6_000 * TIME_SCALE } as const;

let harness: SystemHarness;
afterEach(async () => {
  vi.restoreAllMocks();
  await harness.close();
});

const coordinator = () => harness.client.workflow.getHandle(connectionWorkflowId('truedy', harness.taskQueue));

it('a small campaign beside a large one has its share, and the limit holds while the coordinator is ended and runs change', async () => {
  harness = await SystemHarness.start({
    simulator: { timeScale: TIME_SCALE, faults: { rules: [{ match: { nth: FIRST_CALLS }, fault: LASTS }] } },
    limits: { maxConcurrentCalls: LIMIT },
  });
  await harness.startSecondWorker();
  const large = await harness.startCampaign(60, { max_concurrent_calls: 10 });
  await vi.waitFor(() => expect(harness.simulator.ledger().peak_in_flight).toBe(LIMIT));
  const small = await harness.startCampaign(10, { max_concurrent_calls: 10 });
  await harness.result(small);
  // The large one had its own half meanwhile.
  expect(harness.callsOf(large).length).toBeLessThan(60);

  await coordinator().terminate('by hand');
  await harness.handle(large).terminate('by hand');
  const recorded = await findCommanded(harness.db.pool, 'default', large);
  await harness.client.workflow.start(CAMPAIGN_WORKFLOW, {
    workflowId: workflowId(large),
    taskQueue: harness.taskQueue,
    args: [{ campaignId: large, spec: engineSpec(recorded!.terms) }],
  });
  await harness.result(large);

  const { calls, peak_in_flight: peak } = harness.simulator.ledger();
  expect(new Set(calls.map(({ key }) => key)).size).toBe(70);
  expect(peak).toBe(LIMIT);
  await vi.waitFor(async () => expect((await coordinator().describe()).status.name).toBe('COMPLETED'));
  expect((await harness.db.pool.query('select from connection_shares')).rowCount).toBe(0);
});

it('without a limit nothing is added: no workflow, no signal, no statement', async () => {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  harness = await SystemHarness.start({ simulator: { timeScale: 1_000 } });
  const id = await harness.startCampaign(5);
  await harness.result(id);
  const statements = query.mock.calls.map(([first]) => textOf(first));
  expect(statements.length).toBeGreaterThan(10);
  // A read of a campaign reads what it waits for in the same statement.
  const others = statements.filter((text) => !text.startsWith('select id, spec'));
  expect(others.length).toBeLessThan(statements.length);
  expect(others.filter((text) => text.includes('connection_shares'))).toEqual([]);
  await expect(coordinator().describe()).rejects.toThrow(/not found/i);
  const { events } = await harness.handle(id).fetchHistory();
  const signals = events!.flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName ?? []);
  expect(new Set(signals)).toEqual(new Set(['callEvents']));
  const activities = events!.map(({ activityTaskScheduledEventAttributes: activity }) => activity?.activityType?.name);
  expect(activities).not.toContain('reportShare');
});

function textOf(query: unknown): string {
  return typeof query === 'string' ? query : ((query as { text?: string } | undefined)?.text ?? '');
}
